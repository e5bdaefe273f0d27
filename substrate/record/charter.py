"""The chain of the charter: from the pinned founding charter, change by change, to the state in force.

A change names its predecessor and is in force when as many stewards of the state before it as the threshold asks
signed or approved it. Two successors are a fork: the fold stays at the parent until a change names both; that
change is judged by the parent's stewards, and only what it states itself takes effect.

A statement of a removed key counts only inside the cut that the removing change names. So a late rival, signed by
a key that the other branch removed, is no rival. (When each branch removed the other's signers, nobody outside can
tell which came first: that is a fork.)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from substrate.record.canonical import JsonObject
from substrate.record.checkpoint import Head
from substrate.record.cut import Cut, make_cut
from substrate.record.documents import Document

#: Whether a cut holds the document with this digest. The store knows, from the leaves of the logs.
Inside = Callable[[str, Cut], bool]
#: For each act: who signed or approved it, and the digest of the document in which they did.
Voices = dict[str, list[tuple[str, str]]]

_LISTS: Final = {"steward": "stewards", "moderator": "moderators", "node": "nodes", "member": "members"}
_NEEDED: Final = {"steward": "threshold", "moderator": "panel"}


def nowhere(digest: str, cut: Cut) -> bool:
    """The answer where no log is known: nothing that a removed key stated counts."""
    return False


@dataclass(frozen=True, slots=True)
class CharterState:
    """The charter between two changes.

    Attributes:
        body: the founding body with the changed fields and lists of keys.
        removed: (role, key) and the cut up to which its statements count.
        successors: a node's key and the one that goes on in its place.
    """

    body: JsonObject
    removed: dict[tuple[str, str], Cut] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)

    def holders(self, role: str) -> frozenset[str]:
        """The keys that have this role."""
        return frozenset(self.body[_LISTS[role]])

    def needed(self, role: str) -> int:
        """How many voices of this role carry an act or decision."""
        return int(self.body[_NEEDED[role]])

    def counted(self, role: str, voices: Iterable[tuple[str, str]], inside: Inside) -> set[str]:
        """Those of ``voices`` that count here: of keys with this role, and of removed ones up to their cut."""
        holders = self.holders(role)
        found = set()
        for key, digest in voices:
            cut = self.removed.get((role, key))
            if key in holders or (cut is not None and inside(digest, cut)):
                found.add(key)
        return found

    def after(self, change: JsonObject) -> "CharterState | None":
        """The state that a change leads to; None when it does not fit this one."""
        added = [(entry["role"], entry["key"]) for entry in change["added"]]
        gone = [(entry["role"], entry["key"]) for entry in change["removed"]]
        present = {(role, key) for role in _LISTS for key in self.body[_LISTS[role]]}
        if not set(gone) <= present or set(added) & (present | self.removed.keys()):
            return None
        keys = {
            name: sorted({key for of, key in (present - set(gone)) | set(added) if of == role})
            for role, name in _LISTS.items()
        }
        stated = {name: value for name, value in change["fields"].items() if value is not None}
        body = {**self.body, **stated, **keys}
        follows = [entry for entry in change["removed"] if entry.get("successor") is not None]
        if any(entry["successor"] not in keys[_LISTS[entry["role"]]] for entry in follows):
            return None
        if len(body["stewards"]) < body["threshold"] or not body["nodes"] or not self._keeps_what_is_entrenched(body):
            return None
        cut = cut_of(change["upTo"])
        nodes = {entry["key"]: entry["successor"] for entry in follows if entry["role"] == "node"}
        return CharterState(body, {**self.removed, **dict.fromkeys(gone, cut)}, {**self.successors, **nodes})

    def _keeps_what_is_entrenched(self, body: JsonObject) -> bool:
        """No change takes from the floor that everyone has, nor back from the chambers what they decide."""
        before, after = self.body["floor"], body["floor"]
        if after["tokensPerDay"] < before["tokensPerDay"] or after["queueHours"] > before["queueHours"]:
            return False
        return bool(self.body["enactment"] == "stewards" or body["enactment"] == "chambers")


@dataclass(frozen=True, slots=True)
class Chain:
    """What the changes amount to.

    Attributes:
        state: in force now.
        epochs: the states before, each with the cut up to which it judges, oldest first.
        changes: digests of the changes in force, oldest first.
        heads: what the next change has to name: the last link, or the rivals of a fork.
        forked: whether ``heads`` are rivals.
    """

    state: CharterState
    epochs: tuple[tuple[CharterState, Cut], ...]
    changes: tuple[str, ...]
    heads: tuple[str, ...]
    forked: bool


@dataclass(frozen=True, slots=True)
class _Link:
    body: JsonObject
    base: str
    state: CharterState

    @property
    def previous(self) -> list[str]:
        return list(self.body["previous"])


def cut_of(entries: list[JsonObject]) -> Cut:
    """The cut that a document states."""
    return make_cut(Head(entry["log"], entry["size"], bytes.fromhex(entry["root"])) for entry in entries)


def follow(charter: Document, changes: Iterable[Document], voices: Voices, inside: Inside = nowhere) -> Chain:
    """Fold the charter and all its changes, in whatever order they came."""
    founding = CharterState({name: charter.body[name] for name in charter.body})
    links = _links(charter.digest, founding, {change.digest: change for change in changes}, voices)
    tips = _tips(charter.digest, founding, links, voices, inside)
    digest, state = charter.digest, founding
    epochs, in_force = [], []
    while len(tips[digest]) == 1:
        (digest,) = tips[digest]
        link = links[digest]
        epochs.append((state, cut_of(link.body["upTo"])))
        in_force.append(digest)
        state = link.state
    rivals = tuple(sorted(tips[digest]))
    return Chain(state, tuple(epochs), tuple(in_force), rivals or (digest,), bool(rivals))


def _links(founding: str, state: CharterState, changes: dict[str, Document], voices: Voices) -> dict[str, _Link]:
    """Every change that the stewards of the state before it carried, parents before children."""
    following: dict[str, list[str]] = {}
    for digest, change in sorted(changes.items()):
        for previous in change.body["previous"]:
            following.setdefault(previous, []).append(digest)
    links: dict[str, _Link] = {}
    waiting = [founding]
    while waiting:
        for digest in following.get(waiting.pop(), ()):
            base = _base(changes[digest].body["previous"], founding, links)
            if digest in links or base is None:
                continue
            before = state if base == founding else links[base].state
            speakers = {key for key, _ in voices.get(digest, ())}
            after = before.after(changes[digest].body)
            if after is not None and len(speakers & before.holders("steward")) >= before.needed("steward"):
                links[digest] = _Link(changes[digest].body, base, after)
                waiting.append(digest)
    return links


def _base(previous: list[str], founding: str, links: dict[str, _Link]) -> str | None:
    """The state that a change builds on: its one predecessor, or the common parent of the rivals that it names."""
    if len(previous) == 1:
        return previous[0] if previous[0] == founding or previous[0] in links else None
    bases = {links[digest].base if digest in links else None for digest in previous}
    return bases.pop() if len(bases) == 1 else None


def _tips(
    founding: str, state: CharterState, links: dict[str, _Link], voices: Voices, inside: Inside
) -> dict[str, list[str]]:
    """For each state what may follow it: nothing, one change, or the rivals of a fork. Children come first."""
    children: dict[str, list[str]] = {}
    for digest, link in links.items():
        children.setdefault(link.base, []).append(digest)
    tips: dict[str, list[str]] = {}
    removals: dict[str, dict[str, Cut]] = {}
    for digest in (*reversed(links), founding):
        here = state if digest == founding else links[digest].state
        tips[digest] = _rivals(children.get(digest, []), links, here, voices, removals, inside)
        removals[digest] = {} if digest == founding else _stewards_removed(links[digest].body)
        if len(tips[digest]) == 1:
            removals[digest] = {**removals[tips[digest][0]], **removals[digest]}
    return tips


def _rivals(
    candidates: list[str], links: dict[str, _Link], parent: CharterState, voices: Voices,
    removals: dict[str, dict[str, Cut]], inside: Inside,
) -> list[str]:  # fmt: skip
    """Candidates that no other one supersedes: late ones by removed keys fall, joins take what they name."""

    def discredits(branch: str, rival: str) -> bool:
        """Whether ``branch`` removed so many who carried ``rival`` that it is not carried any more."""
        gone = removals[branch]
        left = {key for key, digest in voices[rival] if key not in gone or inside(digest, gone[key])}
        return len(left & parent.holders("steward")) < parent.needed("steward")

    direct = [digest for digest in candidates if len(links[digest].previous) == 1]
    standing = [
        one
        for one in direct
        if not any(other != one and discredits(other, one) and not discredits(one, other) for other in direct)
    ]
    for join in _in_order(set(candidates) - set(direct), links):
        if set(links[join].previous) <= set(standing):
            standing.append(join)
    named = {digest for one in standing if one not in direct for digest in links[one].previous}
    return [digest for digest in standing if digest not in named]


def _in_order(joins: set[str], links: dict[str, _Link]) -> Iterator[str]:
    return (digest for digest in links if digest in joins)


def _stewards_removed(change: JsonObject) -> dict[str, Cut]:
    cut = cut_of(change["upTo"])
    return {entry["key"]: cut for entry in change["removed"] if entry["role"] == "steward"}
