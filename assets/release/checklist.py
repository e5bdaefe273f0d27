"""The release checklist: the fewest things that must hold before a curator shows a release to anybody.

Every entry is asked of the files as they lie there, and of the ledger as it is now. An entry that fails says what to
do; none quotes a text.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assets.release.reading import figures_of, read_documents, read_rows, read_withdrawn, root_of_release
from assets.release.signature import MANIFEST, signature_problems, sum_problems
from consent.lookup import all_states
from consent.survey import survey_one
from corpus.agreement import README, disagreements, stated
from corpus.errors import CorpusError
from corpus.release import FIGURE, NOT_MEASURED
from substrate.store.erasures import ErasureJournal
from substrate.store.home import Home
from substrate.store.tombstones import texts_to_destroy


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that must hold: its name, whether it does, and in words what was found."""

    name: str
    ok: bool
    detail: str


Question = Callable[[Home, Path, str], Iterator[str]]


def checklist(home: Home, folder: Path, time: str) -> list[Entry]:
    """Every entry, in order; ``time`` is now, and decides expiry and hold.

    A file that cannot be read fails the entries that need it, and says so; nothing is raised for a bad release.
    """
    return [_entry(name, good, question, home, folder, time) for name, (good, question) in _QUESTIONS.items()]


def _entry(name: str, good: str, question: Question, home: Home, folder: Path, time: str) -> Entry:
    try:
        problems = list(question(home, folder, time))
    except CorpusError as error:
        problems = [str(error)]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Entry(name, not problems, f"{problems[0]}{more}" if problems else good)


def _redaction(home: Home, folder: Path, time: str) -> Iterator[str]:
    recall = stated(read_documents(folder))[README].get((FIGURE, "Recall of redaction"), NOT_MEASURED)
    if recall == NOT_MEASURED:
        yield "recall of redaction was not measured: measure it on a labelled set, then export again"


def _gate(home: Home, folder: Path, time: str) -> Iterator[str]:
    """Nobody listed has gone since, and the gate says yes now to every text that is shown."""
    roles = home.roles()
    states = {row: state for state in all_states(home, roles) for row in (state.row, *state.superseded)}
    for row, shown in read_rows(folder).select("row", "shown").iter_rows():
        state = states.get(row)
        if state is None:
            yield f"row {row[:16]}… stands for no contribution any more: export again"
        elif state.word in ("withdrawn", "erased", "moderated"):
            yield f"{state.contribution} is {state.word} now: export again"
        elif shown:
            verdict = survey_one(home, roles, state.contribution, time)
            if verdict is None or verdict.state.row != row or "publish-text" not in verdict.purposes:
                yield f"the gate does not admit the text of {state.contribution} now: export again"


def _erasures(home: Home, folder: Path, time: str) -> Iterator[str]:
    waiting = set(texts_to_destroy(home.database, home.ledger, home.roles(), home.node.did))
    waiting |= ErasureJournal(home.path).contributions() & home.vault.contributions().keys()
    if waiting:
        yield f"{len(waiting)} erasures are not finished: run `lecs dataset build`, which finishes them"


def _documents(home: Home, folder: Path, time: str) -> Iterator[str]:
    yield from disagreements(read_documents(folder))


def _figures(home: Home, folder: Path, time: str) -> Iterator[str]:
    """What the documents state is what the rows of the shards add up to."""
    counted = figures_of(read_rows(folder), len(read_withdrawn(folder)))
    found = stated(read_documents(folder))[README]
    groups = {group for group, _ in counted} - {FIGURE}
    said = {key: value for key, value in found.items() if key in counted or key[0] in groups}
    for group, name in sorted(key for key in counted.keys() | said.keys() if counted.get(key) != said.get(key)):
        words = name if group == FIGURE else f"{group.lower()} {name}"
        have, say = counted.get((group, name), "nothing"), said.get((group, name), "nothing")
        yield f"{words}: the shards have {have}, the documents say {say}"


def _root(home: Home, folder: Path, time: str) -> Iterator[str]:
    root = root_of_release(read_rows(folder), read_withdrawn(folder))
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        signed = home.ledger.documents(kinds=["DatasetVersion"])
        known = {(version.body["version"], version.body["root"]) for version in signed}
        pair = (manifest["version"], manifest["root"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{MANIFEST} is missing or damaged"
        return
    if pair not in known or root != pair[1]:
        yield "the rows do not give the root that was signed for this version"


def _sums(home: Home, folder: Path, time: str) -> Iterator[str]:
    yield from sum_problems(folder)


def _signature(home: Home, folder: Path, time: str) -> Iterator[str]:
    yield from signature_problems(home, folder)


#: Name to what is said when all is well, and the question.
_QUESTIONS: Final[dict[str, tuple[str, Question]]] = {
    "redaction": ("recall of redaction is stated with the set it was measured on", _redaction),
    "gate": ("the gate says yes now to every text that is shown", _gate),
    "erasures": ("no erasure is waiting", _erasures),
    "documents": ("the four documents state the same figures", _documents),
    "figures": ("the shards add up to what the documents state", _figures),
    "root": ("the rows give the root that was signed", _root),
    "sums": ("every file is the one in SHA256SUMS", _sums),
    "signature": ("a node of this commons signed SHA256SUMS for a version in the ledger", _signature),
}
