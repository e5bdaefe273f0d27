"""A row of an archive: a text and the consent that comes with it. Nothing is ever assumed.

A row is completed by a consent form (the same keys), then checked. What is missing or unknown makes it
`Refusal`: a value with a reason, kept for people to read, which never quotes the text.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import langcodes
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from consent.text import TextRefused, profile_offset, profile_text
from substrate.record import vocabulary as words
from substrate.record.canonical import JsonObject, parse_strict
from substrate.record.errors import MalformedDocument
from substrate.record.kinds import Token, explain
from substrate.record.times import check_time

MAX_ROW_BYTES: Final = 16 * 1024 * 1024

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Licence = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.+()\- ]{2,100}$")]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not taken: ``reason`` is a short code, ``detail`` says what to do about it."""

    reason: str
    detail: str


def _presence(value: Any) -> Any:
    """``true``/``false`` are how a form without a list says present/none."""
    return {True: "present", False: "none"}.get(value, value) if isinstance(value, bool) else value


def _sensitive(value: Any) -> Any:
    return [] if value in ("none", False) else value


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RowContributor(_Part):
    """Who gives."""

    kind: words.ContributorKind
    name: Name | None = None


class RowRights(_Part):
    """On what ground."""

    basis: words.RightsBasis


class RowParty(_Part):
    """Another party's yes, possibly to less."""

    label: Name
    tier: words.Tier | None = None


class RowPeople(_Part):
    """Whether others speak in it, and how they agreed."""

    conversation: bool
    parties: int | None = Field(default=None, ge=0, le=1000)
    method: Literal["all-party-consent", "redacted", "not-applicable", "none"] | None = None
    consents: list[Name | RowParty] = Field(default_factory=list, max_length=1000, fail_fast=True)


class RowDeclared(_Part):
    """What the person declares."""

    adult: bool
    minors: Annotated[words.Presence, BeforeValidator(_presence)]
    students: Annotated[words.Presence, BeforeValidator(_presence)]
    sensitive: Annotated[list[words.SensitiveCategory], Field(max_length=100), BeforeValidator(_sensitive)]


class RowSpan(_Part):
    """A stretch that a person marked, in code points of the text."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    label: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{1,31}$")]


class RowRedacted(_Part):
    """Who marked the text, who read it a second time, and what they marked."""

    by: Name
    second: Name | None = None
    spans: list[RowSpan] = Field(max_length=100_000, fail_fast=True)


class Row(_Part):
    """A complete row."""

    text: str
    language: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    domain: Token
    tier: words.Tier
    purposes: list[words.Purpose] = Field(min_length=1, max_length=100, fail_fast=True)
    licence: Licence
    contributor: RowContributor
    rights: RowRights
    people: RowPeople
    declared: RowDeclared
    notice: Token
    register_: Token | None = Field(default=None, alias="register")
    title: Name | None = None
    quality: Token | None = None
    expires: str | None = None
    redacted: RowRedacted | None = None

    @property
    def method(self) -> words.PartyMethod:
        """How the parties agreed, in the words of the record."""
        if not self.people.conversation or self.people.method in (None, "none"):
            return "not-applicable"
        return self.people.method  # type: ignore[return-value]

    @property
    def parties(self) -> int:
        """All people in it, the contributor included."""
        return max(1, self.people.parties or 1)

    @property
    def co_parties(self) -> list[RowParty]:
        """The other parties who said yes, each once."""
        named = [RowParty(label=p) if isinstance(p, str) else p for p in self.people.consents]
        return list({party.label: party for party in named}.values())

    @property
    def coarse_language(self) -> str:
        """The primary subtag, ``und`` for private-use tags."""
        return coarse_language(self.language)


def coarse_language(tag: str) -> str:
    """The primary subtag of a BCP 47 tag, canonical (``iw`` is ``he``); ``und`` when it names none."""
    try:
        primary = langcodes.standardize_tag(tag).split("-")[0].lower()
    except (ValueError, LookupError):
        return "und"
    return primary if 2 <= len(primary) <= 8 and primary.isalpha() else "und"


def read_row(raw: bytes) -> JsonObject | Refusal:
    """One line of JSON as an object of the profile; nulls count as absent."""
    try:
        return parse_strict(raw, max_bytes=MAX_ROW_BYTES, nulls=True)
    except MalformedDocument as error:
        return Refusal("malformed", f"the line is {error}" if str(error).startswith("not") else str(error))


def complete(row: JsonObject, form: JsonObject) -> JsonObject:
    """The row with the form's answers where it has none of its own; parts are merged key by key."""
    merged = dict(form)
    for key, value in row.items():
        base = merged.get(key)
        merged[key] = {**base, **value} if isinstance(value, dict) and isinstance(base, dict) else value
    return merged


def check_row(row: JsonObject) -> Row | Refusal:
    """A complete row as a value, or why it is refused."""
    try:
        parsed = Row.model_validate(row)
        parsed = parsed.model_copy(
            update={
                "text": profile_text(parsed.text),
                "expires": _expiry(parsed.expires),
                "redacted": _in_profile(parsed.redacted, parsed.text),
            }
        )
    except ValidationError as error:
        return _refusal(error)
    except TextRefused as error:
        return Refusal("text-profile", str(error))
    except ValueError as error:
        return Refusal("unknown-value", f"expires: {error}")
    return _cross_checks(parsed) or parsed


def missing_answers(row: JsonObject) -> list[str]:
    """The keys, dotted, that a row still lacks (``declared.adult``)."""
    try:
        Row.model_validate({"text": "", **row})
    except ValidationError as error:
        return [
            ".".join(str(part) for part in problem["loc"])
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
            if problem["type"] == "missing"
        ]
    return []


def _refusal(error: ValidationError) -> Refusal:
    kinds = [p["type"] for p in error.errors(include_url=False, include_context=False, include_input=False)]
    if "missing" in kinds:
        keys = sorted(
            {
                ".".join(str(part) for part in p["loc"])
                for p in error.errors(include_url=False, include_context=False, include_input=False)
                if p["type"] == "missing"
            }
        )
        return Refusal("missing-answer", f"{', '.join(keys)}: not answered, in the row or in the form")
    reason = "unknown-key" if kinds[0] == "extra_forbidden" else "unknown-value"
    return Refusal(reason, explain(error).replace("of this kind", "of a row"))


def _cross_checks(row: Row) -> Refusal | None:
    """Answers that contradict each other or name what does not exist."""
    people, who = row.people, row.contributor
    if (who.kind == "anonymous") != (who.name is None):
        return Refusal("missing-answer", "contributor.name: needed, except for anonymous, which has none")
    if who.kind == "orcid" and not is_orcid(who.name or ""):
        return Refusal("unknown-value", "contributor.name: not an ORCID iD (its checksum does not fit)")
    if not is_language(row.language):
        return Refusal("unknown-value", "language: not a BCP 47 tag; use `mis` when yours is not listed")
    if len(set(row.purposes)) != len(row.purposes):
        return Refusal("unknown-value", "purposes: one is given twice")
    if people.conversation and people.parties is None:
        return Refusal("missing-answer", "people.parties: not answered for a conversation")
    if people.conversation and people.method is None:
        return Refusal("missing-answer", "people.method: not answered for a conversation")
    if people.conversation and row.parties < 2:
        return Refusal("unknown-value", "people.parties: a conversation has at least two")
    if not people.conversation and (row.parties > 1 or row.people.consents):
        return Refusal("unknown-value", "people: several parties, but no conversation")
    if len(row.co_parties) >= max(2, row.parties + 1) or (
        people.conversation and len(row.co_parties) > row.parties - 1
    ):
        return Refusal("unknown-value", "people.consents: more consents than other parties")
    if row.redacted is not None and any(not span.start < span.end <= len(row.text) for span in row.redacted.spans):
        return Refusal("unknown-value", "redacted.spans: a span that does not lie in the text")
    return None


def _in_profile(redacted: RowRedacted | None, text: str) -> RowRedacted | None:
    """Spans that were marked in the text as it came, at their places in the text that is kept."""
    if redacted is None:
        return None
    place = profile_offset(text)
    spans = [span.model_copy(update={"start": place(span.start), "end": place(span.end)}) for span in redacted.spans]
    return redacted.model_copy(update={"spans": spans})


def _expiry(expires: str | None) -> str | None:
    """A date means the end of that day, UTC."""
    if expires is None:
        return None
    return check_time(f"{expires}T23:59:59Z" if len(expires) == 10 else expires)


def is_orcid(name: str) -> bool:
    """Whether the check digit of an ORCID iD fits (ISO 7064 MOD 11-2); not whose it is."""
    from stdnum.iso7064 import mod_11_2

    compact = name.removeprefix("https://orcid.org/").replace("-", "")
    digits = compact[:15].isascii() and compact[:15].isdigit()
    return len(compact) == 16 and digits and bool(mod_11_2.is_valid(compact))


def is_language(tag: str) -> bool:
    """Whether this is a BCP 47 tag of registered parts."""
    try:
        return bool(langcodes.tag_is_valid(tag))
    except (ValueError, LookupError):
        return False
