"""What was true once, offered again or elsewhere, and statements whose clock stood in 1970 or in 2100.

All of it is rightly signed. Nothing of it may be stored a second time, undo what was said since, or count for
more or less because of the time that it states: statements count from their presence.
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hostile_more import Attempt, Stage, flat, line, sealed, table
from hostile_rows import PLAIN, TEXT
from hostile_runner import Command, Ran, run_all

CLOCKS = {"1970": "1970-01-01T00:00:00Z", "2100": "2100-01-01T00:00:00Z"}
#: Times that no document has, each under a signature that holds.
NO_TIMES = {
    "a day of 1970": "1970-01-01",
    "another zone": "1970-01-01T00:00:00+01:00",
    "the 13th month": "2100-13-01T00:00:00Z",
    "29 February 2100": "2100-02-29T00:00:00Z",
    "the year 10000": "10000-01-01T00:00:00Z",
    "a leap second": "2016-12-31T23:59:60Z",
    "fractions": "1970-01-01T00:00:00.000Z",
    "nothing": "",
}


@dataclass(frozen=True)
class Given:
    """A home in which a text was given, withdrawn, and given again; and what it handed out meanwhile."""

    home: Path
    folder: Path
    withdrawn: str
    again: str
    code: str
    states: dict[str, str]

    @property
    def archive(self) -> Path:
        """What was given first."""
        return self.folder / "first.jsonl"

    def export(self, name: str) -> Path:
        """``before`` and ``after`` the withdrawal, ``texts`` before it with the vault, ``now``."""
        return self.folder / f"{name}.jsonl"

    def receipt(self) -> bytes:
        """Of the text that was given again."""
        return (self.home / "receipts" / f"{self.again.removeprefix('urn:uuid:')}.json").read_bytes()


def build_given(folder: Path) -> Given:
    """Give two texts, carry the ledger out, withdraw one, give it again."""
    folder.mkdir()
    home = folder / "home"
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    first.write_text(line(text=TEXT + " Cinq.") + line(text=TEXT + " Six."), "utf-8")
    second.write_text(line(text=TEXT + " Cinq.", title="Encore"), "utf-8")
    taken = _run(home, ["init"], ["contribute", first, "--json"], ["ledger", "export", folder / "before.jsonl"],
                 ["ledger", "export", folder / "texts.jsonl", "--with-vault"])[1]  # fmt: skip
    shutil.copytree(home, folder / "untouched")
    one = json.loads(taken.out)["contributions"][0]
    code = folder / "code.txt"
    code.write_text(one["withdrawal_code"] + "\n")
    again = _run(home, ["consent", "withdraw", "--code", code], ["ledger", "export", folder / "after.jsonl"],
                 ["contribute", second, "--json"], ["ledger", "export", folder / "now.jsonl"])[2]  # fmt: skip
    new = json.loads(again.out)["contributions"][0]["id"]
    return Given(home, folder, one["id"], new, str(code), states_of(home))


def states_of(home: Path) -> dict[str, str]:
    """Contribution -> its state, as the program tells it."""
    (listed,) = _run(home, ["consent", "list", "--json"])
    return {one["id"]: one["state"] for one in json.loads(listed.out)["contributions"]}


def _run(home: Path, *commands: list[Any]) -> list[Ran]:
    ran = run_all([Command([str(a) for a in arguments], str(home)) for arguments in commands])
    for one in ran:
        assert one.code == 0, one.err[-2000:]
    return ran


def all_of_them(given: Given) -> Iterator[Attempt]:
    """Replays, then clocks."""
    yield from _again(given)
    yield from _elsewhere(given)
    yield from _mixed_up(given)
    yield from _clocks(given)
    yield from _clocks_of_archives()


def _again(given: Given) -> Iterator[Attempt]:
    """The same once more, in its own home: known, and nothing new."""
    for name in ("before", "texts", "after", "now"):
        for time in ("once", "twice"):
            yield Attempt(
                f"replay: the export «{name}» {time} more",
                lambda s, n=name: ["ledger", "import", given.export(n), "--json"],
                code=0, where="given", check=_adds_nothing,
            )  # fmt: skip
    yield Attempt("replay: the archive again", lambda s: ["contribute", given.archive, "--json"], code=0, where="given")
    yield Attempt(
        "replay: the code of the withdrawn text, after it was given again",
        lambda s: ["consent", "withdraw", "--code", given.code, "--json"], code=0, where="given",
    )  # fmt: skip
    yield Attempt(
        "replay: the receipt, checked again",
        lambda s: ["consent", "verify", s.file("r.json", given.receipt()), "--json"], code=0, where="given",
    )  # fmt: skip


def _adds_nothing(home: Path, ran: Ran) -> list[str]:
    told = json.loads(ran.out)
    return [f"{told[key]} {key} were new" for key in ("documents", "items", "forks") if told[key]]


def _elsewhere(given: Given) -> Iterator[Attempt]:
    """To a home of another commons."""
    for name in ("before", "texts", "after", "now"):
        yield Attempt(
            f"elsewhere: the export «{name}»",
            lambda s, n=name: ["ledger", "import", given.export(n), "--json"],
            code=10,
        )
        yield Attempt(
            f"elsewhere: the export «{name}», accepted",
            lambda s, n=name: ["ledger", "import", given.export(n), "--accept-lost-erasures", "--json"], code=10,
        )  # fmt: skip
    yield Attempt(
        "elsewhere: the receipt", lambda s: ["consent", "verify", s.file("r.json", given.receipt()), "--json"], code=10
    )
    for word, more in {"withdraw": [], "erase": [], "narrow": ["--tier", "training-only"]}.items():
        yield Attempt(
            f"elsewhere: {word} by code",
            lambda s, w=word, m=more: ["consent", w, "--code", given.code, *m, "--json"], code=5,
        )  # fmt: skip
    yield Attempt(
        "elsewhere: texts without a word, into no home",
        lambda s: ["ledger", "import", given.export("texts"), "--json"], code=17, where="none",
    )  # fmt: skip


def _mixed_up(given: Given) -> Iterator[Attempt]:
    """One thing offered as another."""
    for name in ("before", "texts"):
        yield Attempt(
            f"mixed up: the export «{name}» as an archive",
            lambda s, n=name: ["contribute", given.export(n), "--json"],
            code=3, reason=("unknown-key", "malformed", "missing-answer"), where="given",
        )  # fmt: skip
        yield Attempt(
            f"mixed up: the export «{name}» as a receipt",
            lambda s, n=name: ["consent", "verify", given.export(n), "--json"], code=7, where="given",
        )  # fmt: skip
        yield Attempt(
            f"mixed up: the export «{name}» as a form",
            lambda s, n=name: ["contribute", s.file("r.jsonl", line()), "--consent", given.export(n), "--json"],
            where="given",
        )  # fmt: skip
    yield Attempt(
        "mixed up: the receipt as an archive",
        lambda s: ["contribute", s.file("r.jsonl", given.receipt()), "--json"],
        code=3, reason=("unknown-key", "missing-answer"), where="given",
    )  # fmt: skip
    yield Attempt(
        "mixed up: the receipt as an export",
        lambda s: ["ledger", "import", s.file("r.json", given.receipt()), "--json"], where="given",
    )  # fmt: skip
    yield Attempt(
        "mixed up: the receipt as a form",
        lambda s: ["contribute", s.file("r.jsonl", line()), "--consent", s.file("f.yaml", given.receipt()), "--json"],
        where="given",
    )  # fmt: skip

    def moved(stage: Stage) -> list[Any]:
        """The withdrawal, made to speak of the text that was given again."""
        *lines, _end = given.export("after").read_bytes().splitlines(keepends=True)
        changed = [
            raw.replace(given.withdrawn.encode(), given.again.encode()) if b"ConsentWithdrawal" in raw else raw
            for raw in lines
        ]
        assert changed != lines
        return ["ledger", "import", stage.file("moved.jsonl", sealed(changed)), "--json"]

    yield Attempt("mixed up: the withdrawal for the text that was given again", moved, code=8, where="given")


def _clocks(given: Given) -> Iterator[Attempt]:
    """Statements by those who may make them, at times that cannot be: presence counts, the time decides nothing."""
    effects = {"ConsentWithdrawal": "withdrawn", "ConsentNarrowing": "given", "ModerationDecision": "moderated"}
    for year, time in CLOCKS.items():
        for kind, state in effects.items():
            yield Attempt(
                f"clock: a {kind} of {year}",
                lambda s, k=kind, t=time: ["ledger", "import", _export_with(given, s, k, t), "--json"],
                code=0, where="none", check=_state_is(given.withdrawn, state),
            )  # fmt: skip
        yield Attempt(
            f"clock: a receipt of {year}",
            lambda s, t=time: ["consent", "verify", _receipt_of(given, s, t), "--json"], code=0, where="given",
        )  # fmt: skip
    for name, time in NO_TIMES.items():
        yield Attempt(
            f"clock: signed at {name}",
            lambda s, t=time: ["ledger", "import", _signed_at(given, s, t), "--json"], code=(7, 8), where="given",
        )  # fmt: skip


def _state_is(contribution: str, state: str) -> Callable[[Path, Ran], list[str]]:
    def check(home: Path, ran: Ran) -> list[str]:
        found = states_of(home)[contribution]
        return [] if found == state else [f"the text is {found}, not {state}"]

    return check


def _export_with(given: Given, stage: Stage, kind: str, time: str) -> Path:
    """The ledger before the withdrawal, with one statement of such a time more."""
    from consent.lookup import open_by_code
    from substrate.record.documents import write_document
    from substrate.store.exchange import write_export
    from substrate.store.home import open_home

    home, file = stage.folder / "clock", stage.folder / "clock.jsonl"
    shutil.copytree(given.folder / "untouched", home)
    with open_home(home) as opened:
        signer = open_by_code(opened, Path(given.code).read_text()).signer
        steward = opened.keyring.signer("steward")
        spoken = {"nonce": "0" * 32, "contribution": given.withdrawn, "authority": "withdrawal-key", "time": time}
        fields, key = {
            "ConsentWithdrawal": ({**spoken, "state": "dpv:ConsentWithdrawn", "eraseText": False}, signer),
            "ConsentNarrowing": ({**spoken, "tier": "training-only"}, signer),
            "ModerationDecision": (
                {"contribution": given.withdrawn, "decision": "exclude", "grounds": ["spam"], "statement": "Spam.",
                 "automated": False, "time": time}, steward,
            ),
        }[kind]  # fmt: skip
        document = write_document(kind, f"urn:uuid:{uuid.uuid4()}", opened.commons, fields, key, time)
        with opened.ledger.write() as writer:
            writer.add(document)
        write_export(opened, file, with_vault=False)
    return file


def _receipt_of(given: Given, stage: Stage, time: str) -> Path:
    from consent.bundle import issue_bundle
    from substrate.store.home import open_home

    with open_home(given.home) as opened:
        (fact,) = opened.ledger.documents(kinds=["ConsentFact"], subject=given.again)
        return stage.file("receipt.json", issue_bundle(opened, fact, time))


def _signed_at(given: Given, stage: Stage, time: str) -> Path:
    """A document whose signature holds and whose proof states a time that is none."""
    from substrate.record.canonical import canonical_bytes
    from substrate.record.proof import secure
    from substrate.store.home import open_home

    with open_home(given.home) as opened:
        (policy,) = opened.ledger.documents(kinds=["Policy"])
        body = {key: value for key, value in policy.body.items() if key != "proof"}
        raw = canonical_bytes(secure(body, opened.keyring.signer("steward"), time)).decode()
    *lines, _end = given.export("before").read_bytes().splitlines(keepends=True)
    forged = json.dumps({"document": raw}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return stage.file("signed.jsonl", sealed([lines[0], forged, *lines[1:]]))


def _clocks_of_archives() -> Iterator[Attempt]:
    """Rows, tables and forms that state when they were made, and files that were."""
    for year, time in CLOCKS.items():
        proof = {"type": "DataIntegrityProof", "created": time}
        for key, value in {"proof": proof, "created": time, "time": time}.items():
            yield Attempt(
                f"clock: a row with {key} of {year}",
                lambda s, k=key, v=value: ["contribute", s.file("r.jsonl", line(**{k: v})), "--json"],
                code=3, reason="unknown-key",
            )  # fmt: skip
            yield Attempt(
                f"clock: a form with {key} of {year}",
                lambda s, k=key, v=value: [
                    "contribute", s.file("r.jsonl", line()),
                    "--consent", s.file("f.yaml", json.dumps({k: v})), "--json",
                ],
            )  # fmt: skip
        yield Attempt(
            f"clock: a column «created» of {year}",
            lambda s, t=time: ["contribute", s.file("r.csv", table({**flat(), "created": t})), "--json"],
        )
        yield Attempt(f"clock: an archive made in {year}", lambda s, y=year: _dated(s, y), code=0, new=1)
    for name, end, code in (("an end in 1970", "1970-01-01", 3), ("an end in 2100", "2100-01-01", 0)):
        yield Attempt(
            f"clock: a form with {name}",
            lambda s, e=end: [
                "contribute", s.file("r.jsonl", line(text=f"{TEXT} Jusqu'à {e}.")),
                "--consent", s.file("f.yaml", f'expires: "{e}"\n'), "--json",
            ],
            code=code, reason="expired", new=int(code == 0),
        )  # fmt: skip


def _dated(stage: Stage, year: str) -> list[Any]:
    file = stage.file("r.jsonl", json.dumps({**PLAIN, "text": f"{TEXT} Daté {year}."}, ensure_ascii=False) + "\n")
    seconds = {"1970": 0, "2100": 4_102_444_800}[year]
    os.utime(file, (seconds, seconds))
    return ["contribute", file, "--json"]
