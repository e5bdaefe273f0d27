"""Taking an archive in: check, redact, show, sign, store; a reason for everything that is not taken.

Per chunk of rows there is one transaction: documents, kept bytes and the note of what became of each line
appear together. A run that broke goes on where it was: a line is known by the HMAC of its completed row, and
its withdrawal code follows from the batch's secret and the line, which is kept until the run has ended well.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from consent.admission import refused_at_intake
from consent.bundle import issue_bundle
from consent.gate import law_of
from consent.issue import Assistance, Identifiers, Offer, notice_in_force, write_acceptance
from consent.keeping import Noted, keep, note
from consent.redaction.types import InvalidSpan, Passage, Redaction, Span
from consent.rows import Refusal, Row, check_row, complete
from consent.sources import Source, SourceLine, in_chunks
from substrate.record.authority import Roles, policy_in_force
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.record.codes import CODE_BYTES, line_secret, withdrawal_signer, write_code
from substrate.record.documents import Document
from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer
from substrate.store.appending import Writer
from substrate.store.errors import Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import write_atomic
from substrate.store.home import Home
from substrate.store.vault import SALT_BYTES, commitment

CHUNK: Final = 64
_NOT_REDACTED: Final = "the redactor could not read it (too long, or a recognizer failed): split it, or try again"
#: As in the schema of the record.
MAX_TITLE: Final = 200


class TextRedactor(Protocol):
    """What intake needs of a redactor."""

    @property
    def version(self) -> str:
        """Names what removed personal data; it stands in every record and fact."""
        ...

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """One redaction per passage, in order."""
        ...


#: Shows the redacted text of a row and says who saw it; None means that the person said no.
Reviewer = Callable[[Row, Redaction], str | None]


@dataclass(frozen=True)
class Terms:
    """How an archive is taken in.

    Attributes:
        form: answers for rows that lack them.
        assistance: who signs for people without a key here.
        preview: who saw each redacted text, when no ``reviewer`` asks (``none`` unless somebody vouches).
    """

    form: JsonObject = field(default_factory=dict)
    assistance: Assistance = field(default_factory=lambda: Assistance("operator"))
    preview: str = "none"
    reviewer: Reviewer | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line. ``status`` is accepted, held, refused or already."""

    line: int
    status: str
    reason: str = ""
    detail: str = ""
    contribution: str = ""
    row: str = ""
    receipt: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A checked row that is not known yet. ``content`` names the row as it came, under the home's key."""

    line: int
    row: Row
    content: str
    own_key: bool


class Intake:
    """One run over one source."""

    def __init__(
        self, home: Home, source: Source, redactor: TextRedactor, terms: Terms, clock: Callable[[], str]
    ) -> None:
        """``clock`` gives the current time in the profile's form."""
        self.home = home
        self.source = source
        self.redactor = redactor
        self.terms = terms
        self.clock = clock
        self.roles: Roles = home.roles()
        self.law = law_of(policy_in_force(self.roles), self.roles.charter.body)
        self.batch = _batch(source.fingerprint, terms.form)
        self._content_key = home.keyring.secret("intake-content")
        self._seal = Aead(home.keyring.secret("batch-secrets"))
        self._secret = self._batch_secret()
        failpoint("contribute.batch-secret")
        self._seen: dict[str, int] = {}

    def run(self) -> Iterator[Outcome]:
        """Outcomes in the order of the lines, each after it is durable."""
        for chunk in in_chunks(self.source.lines(), CHUNK):
            yield from self._chunk(chunk)

    def finish(self) -> None:
        """Forget the batch's secret: every code has been handed over."""
        failpoint("contribute.told")
        with self.home.database.transaction() as connection:
            connection.execute("UPDATE batches SET secret = NULL WHERE batch = ?", (self.batch,))
        failpoint("contribute.finished")
        self.home.database.forget()

    def _chunk(self, chunk: list[SourceLine]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        candidates: list[Candidate] = []
        for entry in chunk:
            found = self._check(entry)
            if isinstance(found, Candidate):
                candidates.append(found)
            else:
                outcomes[entry.line] = found
        offers, refused = self._offers(candidates)
        outcomes.update({outcome.line: outcome for outcome in refused})
        for outcome in self._store(offers, [o for o in outcomes.values() if o.status == "refused"]):
            outcomes[outcome.line] = outcome
        return [outcomes[line] for line in sorted(outcomes)]

    def _check(self, entry: SourceLine) -> Candidate | Outcome:
        row = entry.row if isinstance(entry.row, Refusal) else complete(entry.row, self.terms.form)
        checked = row if isinstance(row, Refusal) else check_row(row)
        if isinstance(checked, Refusal) or isinstance(row, Refusal):
            assert isinstance(checked, Refusal)  # noqa: S101 (narrows the type: a refused row stays refused)
            return _refused(entry.line, checked)
        return self._admit(entry.line, checked, self._content(row))

    def _admit(self, line: int, row: Row, content: str) -> Candidate | Outcome:
        """A row that is known already, one that the law refuses now, or a candidate."""
        if known := self._known(content, line):
            return known
        own_key = self._signer(row) is not None
        preview = "contributor" if self.terms.reviewer else self.terms.preview
        refusal = self._notice_problem(row) or refused_at_intake(
            row, self.law, self.clock(), preview=preview, own_key=own_key, assistance=self.terms.assistance
        )
        return _refused(line, refusal) if refusal else Candidate(line, row, content, own_key)

    def _content(self, row: JsonObject) -> str:
        """Names the row and how many like it came before in this run, under the home's key."""
        mac = hmac.digest(self._content_key, canonical_bytes(row), hashlib.sha256).hex()
        self._seen[mac] = self._seen.get(mac, 0) + 1
        return f"{mac}.{self._seen[mac]}"

    def _known(self, content: str, line: int) -> Outcome | None:
        """A line that was taken before: with its code again when this batch never ended well."""
        found = self._noted(content)
        if found is None:
            return None
        batch, known_line, status, reason, contribution = found
        fact = self._fact(contribution)
        row = str(fact.body["row"]) if fact else ""
        secret = line_secret(self._secret, line)
        # Taken by this batch under this very secret: by a run that broke, or by one that runs beside this one.
        if batch == self.batch and known_line == line and fact and _opens(secret, fact):
            receipt = self._issue_if_here(fact)
            return Outcome(line, status, reason, "", contribution, row, receipt, write_code(secret))
        return Outcome(line, "already", "given-before", "", contribution, row)

    def _noted(self, content: str) -> tuple[str, int, str, str, str] | None:
        found: tuple[str, int, str, str, str] | None = self.home.database.connection.execute(
            "SELECT batch, line, status, reason, contribution FROM intake WHERE content = ?", (content,)
        ).fetchone()
        return found

    def _fact(self, contribution: str) -> Document | None:
        facts = self.home.ledger.documents(kinds=["ConsentFact"], subject=contribution)
        return next(facts, None)

    def _notice_problem(self, row: Row) -> Refusal | None:
        try:
            notice_in_force(self.roles, row.notice)
        except LookupError as error:
            return Refusal("notice-unknown", str(error))
        return None

    def _offers(self, candidates: list[Candidate]) -> tuple[list[tuple[Candidate, Offer, str, bytes]], list[Outcome]]:
        """Redact, show, and commit to what will be kept."""
        offers, refused = [], []
        for candidate, redaction in zip(candidates, self._redact(candidates), strict=True):
            if isinstance(redaction, Refusal):
                refused.append(_refused(candidate.line, redaction))
                continue
            preview = self.terms.preview
            if self.terms.reviewer is not None:
                seen = self.terms.reviewer(candidate.row, redaction)
                if seen is None:
                    refused.append(_refused(candidate.line, Refusal("not-confirmed", "the person said no")))
                    continue
                preview = seen
            salt = secrets.token_bytes(SALT_BYTES)
            reason = self._held_reason(candidate.row, redaction)
            least = redaction.text or self._least(candidate.row)
            if least is None:
                refused.append(_refused(candidate.line, Refusal("not-redacted", _NOT_REDACTED)))
                continue
            kept = least.encode("utf-8")
            offer = Offer(
                self._without_names_in_title(candidate.row),
                kept,
                commitment(salt, kept),
                preview,
                bool(reason),
                self.redactor.version,
            )
            offers.append((candidate, offer, reason, salt))
        return offers, refused

    def _redact(self, candidates: list[Candidate]) -> list[Redaction | Refusal]:
        passages = [_passage(candidate.row) for candidate in candidates]
        try:
            return list(self.redactor.redact(passages))
        except InvalidSpan:
            return [self._redact_one(passage) for passage in passages]

    def _redact_one(self, passage: Passage) -> Redaction | Refusal:
        try:
            return self.redactor.redact([passage])[0]
        except InvalidSpan as error:
            return Refusal("unknown-value", f"redacted.spans: {error}")

    def _least(self, row: Row) -> str | None:
        """What is kept of a held text: what shapes alone give away (numbers, addresses) is out already.

        None when not even that could be found: an unread text is never stored.
        """
        passage = _passage(row)
        shapes = self._redact_one(Passage(passage.text, passage.language, passage.marked, reviewed=True))
        return shapes.text if isinstance(shapes, Redaction) else None

    def _without_names_in_title(self, row: Row) -> Row:
        """The row with its title redacted as well; a title that would be held is left out."""
        if row.title is None:
            return row
        redaction = self._redact_one(Passage(row.title, row.language))
        title = redaction.text if isinstance(redaction, Redaction) else None
        # Placeholders can be longer than what they stand for: a title that outgrows its bound is left out too.
        return row.model_copy(update={"title": title if title and len(title) <= MAX_TITLE else None})

    def _held_reason(self, row: Row, redaction: Redaction) -> str:
        marked = row.redacted
        if redaction.action == "held":
            return redaction.held_reason or "held"
        if marked and self.roles.charter.body["secondReader"] and marked.second in (None, marked.by):
            return "second-reader-missing"
        return ""

    def _store(self, offers: list[tuple[Candidate, Offer, str, bytes]], refused: list[Outcome]) -> list[Outcome]:
        stored: list[tuple[Outcome, Document]] = []
        late: list[Candidate] = []
        unfit: list[Outcome] = []
        time = self.clock()
        if not offers and not refused:
            return []
        with self.home.ledger.write() as writer:
            for outcome in refused:
                self._note(writer, outcome, "")
            for candidate, offer, reason, salt in offers:
                if self._noted(candidate.content) is not None:
                    late.append(candidate)
                    continue
                try:
                    stored.append(self._accept(writer, candidate, offer, reason, salt, time))
                except MalformedDocument as error:
                    unfit.append(_refused(candidate.line, Refusal("unknown-value", str(error))))
                    self._note(writer, unfit[-1], "")
            failpoint("contribute.inside-transaction")
        failpoint("contribute.after-commit")
        told = [_with_receipt(outcome, self._issue(fact)) for outcome, fact in stored]
        # Another process took these in between our look and our write.
        return told + unfit + [known for c in late if (known := self._known(c.content, c.line)) is not None]

    def _accept(
        self, writer: Writer, candidate: Candidate, offer: Offer, reason: str, salt: bytes, time: str
    ) -> tuple[Outcome, Document]:
        secret = line_secret(self._secret, candidate.line)
        signed = write_acceptance(
            offer,
            _identifiers(secret, 1 + len(offer.row.co_parties)),
            self._signer(offer.row),
            self.terms.assistance,
            self.roles,
            self.home.node,
            time,
        )
        keep(self.home, writer, signed, offer.kept, salt)
        outcome = Outcome(
            candidate.line,
            "held" if offer.held else "accepted",
            reason,
            "",
            signed.contribution,
            offer.commitment,
            "",
            write_code(secret),
        )
        self._note(writer, outcome, candidate.content)
        return outcome, signed.fact

    def _note(self, writer: Writer, outcome: Outcome, content: str) -> None:
        what = Noted(outcome.status, outcome.reason, outcome.detail, outcome.contribution, content)
        note(writer, self.batch, outcome.line, what)

    def _issue(self, fact: Document) -> str:
        path = self.home.receipts / f"{fact.body['contribution'].removeprefix('urn:uuid:')}.json"
        # Not synced one by one: a receipt lost to a power cut is issued again on request.
        write_atomic(path, issue_bundle(self.home, fact, self.clock()), mode=0o600, durable=False)
        failpoint("contribute.receipt")
        return str(path)

    def _issue_if_here(self, fact: Document) -> str:
        """A receipt issued again; none for a text that was erased after the run broke."""
        return self._issue(fact) if fact.body["contribution"] in self.home.vault.contributions() else ""

    def _signer(self, row: Row) -> Signer | None:
        who = row.contributor
        return self.home.keyring.contributor(who.kind, who.name) if who.name is not None else None

    def _batch_secret(self) -> bytes:
        """The secret of this batch: a stored one when a run broke, else a new one, stored first."""
        aad = self.batch.encode("ascii")
        with self.home.database.transaction() as connection:
            row = connection.execute("SELECT secret FROM batches WHERE batch = ?", (self.batch,)).fetchone()
            if row is not None and row[0] is not None:
                return self._unsealed(row[0], aad)
            secret = secrets.token_bytes(CODE_BYTES)
            connection.execute(
                "INSERT OR REPLACE INTO batches (batch, secret) VALUES (?, ?)",
                (self.batch, bytes(self._seal.encrypt(secret, aad))),
            )
            return secret

    def _unsealed(self, sealed: bytes, aad: bytes) -> bytes:
        try:
            return self._seal.decrypt(sealed, aad)
        except CryptoError:
            raise Tampered("the secret of an interrupted run was changed: its codes cannot be shown again") from None


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many lines had which status."""
    counts = {"accepted": 0, "refused": 0, "held": 0, "already": 0}
    for outcome in outcomes:
        counts[outcome.status] += 1
    return counts


def _batch(fingerprint: str, form: JsonObject) -> str:
    """Names the source and the form together: one line of one batch is one row, so that it has one code."""
    return hashlib.sha256(fingerprint.encode("ascii") + canonical_bytes(form)).hexdigest()


def _opens(secret: bytes, fact: Document) -> bool:
    """Whether the code of ``secret`` is the one that withdraws this contribution."""
    return bool(fact.body["withdrawalKey"] == withdrawal_signer(secret).did)


def _passage(row: Row) -> Passage:
    marked = row.redacted.spans if row.redacted else []
    spans = tuple(Span(s.start, s.end, s.label, 1.0, "person") for s in marked)
    return Passage(row.text, row.language, spans, row.redacted is not None)


def _identifiers(secret: bytes, documents: int) -> Identifiers:
    return Identifiers(
        contribution=f"urn:uuid:{uuid.uuid4()}",
        uuids=tuple(f"urn:uuid:{uuid.uuid4()}" for _ in range(documents + 1)),
        nonces=tuple(secrets.token_hex(16) for _ in range(documents)),
        secret=secret,
    )


def _refused(line: int, refusal: Refusal) -> Outcome:
    return Outcome(line, "refused", refusal.reason, refusal.detail)


def _with_receipt(outcome: Outcome, receipt: str) -> Outcome:
    return Outcome(
        outcome.line,
        outcome.status,
        outcome.reason,
        outcome.detail,
        outcome.contribution,
        outcome.row,
        receipt,
        outcome.code,
    )
