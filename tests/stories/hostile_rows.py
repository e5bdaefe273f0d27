"""Rows that somebody might bring, by mistake or on purpose, and what must become of each.

`MARKER` stands for what a text says: it must be found nowhere after a refusal.
"""

import json
from dataclasses import dataclass
from typing import Any

MARKER = "Zqxmarkerqzx"
TEXT = f"Il y avait {MARKER} au bord de la rivière, et personne n'en parlait plus depuis longtemps déjà."

PLAIN: dict[str, Any] = {
    "text": TEXT,
    "language": "fr",
    "domain": "kitchen-table",
    "tier": "public",
    "purposes": ["train", "evaluate"],
    "licence": "CC0-1.0",
    "contributor": {"kind": "heteronym", "name": "Hostile Hortense"},
    "rights": {"basis": "author"},
    "people": {"conversation": False},
    "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
    "notice": "2026-11",
    "redacted": {"by": "Berthe Relue", "spans": []},
}


@dataclass(frozen=True)
class Case:
    """One line, the reason of its refusal (or ``accepted`` or ``held``), and the exit code of `contribute`."""

    name: str
    line: bytes
    outcome: str
    code: int = 3


def row(name: str, outcome: str, **changed: Any) -> Case:
    """A row with some keys changed; None takes one away."""
    body = {key: value for key, value in {**PLAIN, **changed}.items() if value is not None}
    return Case(name, json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"), outcome, _code(outcome))


def raw(name: str, outcome: str, old: str, new: str) -> Case:
    """A row whose JSON text is changed in one place."""
    text = json.dumps(PLAIN, ensure_ascii=False)
    assert old in text
    return Case(name, text.replace(old, new, 1).encode("utf-8", "surrogatepass"), outcome, _code(outcome))


def _code(outcome: str) -> int:
    return 0 if outcome in ("accepted", "held") else 3


def people(**changed: Any) -> dict[str, Any]:
    """A conversation of two."""
    return {"conversation": True, "parties": 2, "method": "all-party-consent", "consents": ["Octave"], **changed}


def orcid(name: str) -> dict[str, Any]:
    """Somebody with an ORCID iD."""
    return {"kind": "orcid", "name": name}


def declared(**changed: Any) -> dict[str, Any]:
    """The declarations of an adult about nothing special."""
    return {**PLAIN["declared"], **changed}


def marked(start: int, end: int, label: str = "PERSON", *more: tuple[int, int, str]) -> dict[str, Any]:
    """What a person marked."""
    spans = [{"start": s, "end": e, "label": name} for s, e, name in ((start, end, label), *more)]
    return {"by": "B", "spans": spans}


_LINE = json.dumps(PLAIN, ensure_ascii=False).encode()

ROWS: list[Case] = [
    # What is not JSON of the profile.
    Case("truncated", _LINE[:-30], "malformed"),
    Case("only a brace", b"{", "malformed"),
    Case("a list", json.dumps([PLAIN]).encode(), "malformed"),
    Case("a string", json.dumps(TEXT).encode(), "malformed"),
    Case("a number", b"42", "malformed"),
    Case("not JSON at all", TEXT.encode(), "malformed"),
    Case("two objects", _LINE + _LINE, "malformed"),
    Case("invalid UTF-8", _LINE.replace(b"rivi", b"\xff\xfe\xfd"), "malformed"),
    Case("UTF-16", json.dumps(PLAIN).encode("utf-16-le"), "malformed"),
    Case("overlong UTF-8", _LINE.replace(b"rivi", b"\xc0\xaf"), "malformed"),
    Case("NUL byte", _LINE.replace(b"rivi", b"\x00"), "malformed"),
    Case("raw control character", _LINE.replace(b"rivi", b"\x01\x02"), "malformed"),
    Case("deep lists", b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}", "malformed"),
    Case("deep objects", b'{"text": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, "malformed"),
    Case("deep and unclosed", b'{"a":' * 100_000, "malformed"),
    raw("a key twice", "malformed", '"language": "fr"', '"language": "fr", "language": "de"'),
    raw("a key twice inside", "malformed", '"adult": true', '"adult": false, "adult": true'),
    raw("NaN", "malformed", '"adult": true', '"adult": NaN'),
    raw("Infinity", "malformed", '"adult": true', '"adult": -Infinity'),
    raw("a float", "malformed", '"adult": true', '"adult": 1.5'),
    raw("an exponent", "malformed", '"adult": true', '"adult": 1e999999'),
    raw("a huge integer", "malformed", '"adult": true', '"adult": ' + "9" * 400_000),
    raw("an integer beyond 2^53", "malformed", '"adult": true', '"adult": 9007199254740993'),
    raw("a lone surrogate", "malformed", "rivière", "\\ud800"),
    raw("a lone surrogate in a name", "malformed", "Hostile Hortense", "\\udfff"),
    raw("a key that is not ASCII", "malformed", '"licence"', '"licencé"'),
    raw("single quotes", "malformed", '"fr"', "'fr'"),
    raw("a comment", "malformed", '"language"', '/* x */ "language"'),
    raw("a trailing comma", "malformed", '"spans": []}}', '"spans": []}},}'),
    Case("ten megabytes of text", json.dumps({**PLAIN, "text": TEXT * 100_000}).encode(), "text-profile"),
    Case("a line beyond every bound", b'{"text": "' + MARKER.encode() + b"x" * (16 * 1024 * 1024) + b'"}', "malformed"),
    # Wrong types, unknown words and keys.
    row("text is a number", "unknown-value", text=7),
    row("text is a list", "unknown-value", text=[TEXT]),
    row("text is missing", "missing-answer", text=None),
    row("text is empty", "text-profile", text=""),
    row("text is white space", "text-profile", text=" \n\t\r\n "),
    row("NUL escape", "text-profile", text=TEXT + "\x00"),
    row("an unknown key", "unknown-key", trust="high"),
    row("the text as a key", "unknown-key", **{f"Il y avait {MARKER} au bord": 1}),
    row("an unknown key inside", "unknown-key", declared=declared(verified=True)),
    row("unknown tier", "unknown-value", tier="secret"),
    row("tier is a list", "unknown-value", tier=["public"]),
    row("the text as the tier", "unknown-value", tier=TEXT),
    row("unknown purpose", "unknown-value", purposes=["train", "sell"]),
    row("no purpose", "unknown-value", purposes=[]),
    row("a purpose twice", "unknown-value", purposes=["train", "train"]),
    row("purposes as text", "unknown-value", purposes="train"),
    row("unknown kind of contributor", "unknown-value", contributor={"kind": "king", "name": "X"}),
    row("no name", "missing-answer", contributor={"kind": "heteronym"}),
    row("anonymous with a name", "missing-answer", contributor={"kind": "anonymous", "name": "X"}),
    row("a very long name", "unknown-value", contributor={"kind": "heteronym", "name": MARKER * 1000}),
    row("control characters in the name", "unknown-value", contributor={"kind": "heteronym", "name": "a\x1b[2Jb"}),
    row("a line end in the name", "unknown-value", contributor={"kind": "heteronym", "name": "a\nb"}),
    row("an ORCID whose checksum is wrong", "unknown-value", contributor=orcid("0000-0002-1825-0098")),
    row("an ORCID that is none", "unknown-value", contributor=orcid(MARKER)),
    row("adult as text", "unknown-value", declared=declared(adult="true")),
    row("adult as a number", "unknown-value", declared=declared(adult=1)),
    row("not adult", "not-adult", declared=declared(adult=False)),
    row("a minor", "minor", declared=declared(minors="present")),
    row("a student", "student", declared=declared(students=True)),
    row("unknown sensitive matter", "unknown-value", declared=declared(sensitive=["love"])),
    row("sensitive and public", "sensitive-needs-federated", declared=declared(sensitive=["health"])),
    row("declarations missing", "missing-answer", declared=None),
    row("a null for an answer", "missing-answer", declared={**declared(), "adult": None}),
    row("reader's copy", "reader-copy", rights={"basis": "reader"}),
    row("unknown rights", "unknown-value", rights={"basis": "finder"}),
    row("a path as the language", "unknown-value", language="../../etc/passwd"),
    row("a language with an underscore", "unknown-value", language="fr_FR"),
    row("the text as the language", "unknown-value", language=MARKER),
    row("a path as the domain", "unknown-value", domain="../../../etc"),
    row("an absolute path as the domain", "unknown-value", domain="/etc/passwd"),
    row("SQL as the domain", "unknown-value", domain="x'; DROP TABLE documents; --"),
    row("a path as the notice", "unknown-value", notice="../notice"),
    row("an unknown notice", "notice-unknown", notice="1999-01"),
    row("a script as the licence", "unknown-value", licence="<script>alert(1)</script>"),
    row("an impossible date", "unknown-value", expires="2031-02-30"),
    row("a date in words", "unknown-value", expires="tomorrow"),
    row("a time with a zone", "unknown-value", expires="2031-01-01T00:00:00+01:00"),
    row("the text as a date", "unknown-value", expires=TEXT),
    row("expired", "expired", expires="2001-01-01"),
    # People who contradict each other.
    row("several people, no conversation", "unknown-value", people={"conversation": False, "parties": 3}),
    row("consents without a conversation", "unknown-value", people={"conversation": False, "consents": ["Octave"]}),
    row("a conversation of one", "unknown-value", people=people(parties=1, consents=[])),
    row("a conversation without a number", "missing-answer", people={"conversation": True, "method": "redacted"}),
    row("a conversation without a method", "missing-answer", people={"conversation": True, "parties": 2}),
    row("minus two people", "unknown-value", people=people(parties=-2)),
    row("a million people", "unknown-value", people=people(parties=1_000_000)),
    row("more consents than people", "unknown-value", people=people(consents=["A", "B", "C"])),
    row("a party missing", "parties-missing", people=people(parties=3)),
    row("the same party twice", "parties-missing", people=people(parties=3, consents=["Octave", "Octave"])),
    row("redacted, but by nobody", "parties-missing", people=people(method="redacted", consents=[]), redacted=None),
    row("training-only for publishing", "tier-does-not-admit-purpose", tier="training-only", purposes=["publish-text"]),
    row("federated for retrieval", "tier-does-not-admit-purpose", tier="federated", purposes=["train", "retrieve"]),
    # Marked spans.
    row("a span past the end", "unknown-value", redacted=marked(0, 10_000)),
    row("a negative span", "unknown-value", redacted=marked(-5, 3)),
    row("a span that ends before it starts", "unknown-value", redacted=marked(9, 3)),
    row("an empty span", "unknown-value", redacted=marked(3, 3)),
    row("an unknown label", "unknown-value", redacted=marked(0, 3, "FRIEND")),
    row("a label in lower case", "unknown-value", redacted=marked(0, 3, "person")),
    row("spans that overlap with other labels", "accepted", redacted=marked(0, 9, "PERSON", (4, 12, "LOCATION"))),
    row("a span as text", "unknown-value", redacted={"by": "B", "spans": ["0-3"]}),
    # Strange, and right: they are texts.
    row("a script", "accepted", text=TEXT + "<script>alert(document.cookie)</script>"),
    row("format strings", "accepted", text=TEXT + " %s%s%n {0.__class__} ${HOME} $(id) `id`"),
    row("markup of the terminal", "accepted", text=TEXT + " [bold red]not[/] \x1b[31mred\x1b[0m"),
    row("right to left", "accepted", text="\u202e" + TEXT + "\u202c"),
    row("a title with markup", "accepted", title="[red]Titre[/red] %s"),
    row("a title that outgrows its bound", "accepted", text=TEXT + " Titre.", title=("Jean a@b.org " * 15)[:200]),
    row("white space that is no space", "accepted", text=TEXT.replace(" ", "\u00a0")),
    row("an end in the year 9999", "accepted", text=TEXT + " Fin.", expires="9999-12-31"),
    row("not reviewed, in another language", "held", redacted=None),
]  # fmt: skip
