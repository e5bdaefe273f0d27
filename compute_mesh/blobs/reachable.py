"""Which blobs of a home something still needs: what is pinned, approved models, and the manifests of versions.

And which small ones an admitted peer may have.
"""

import json
from collections.abc import Iterator

from governance.chambers.scopes import MOST_WORDS
from substrate.store.errors import HomeError
from substrate.store.home import Home


def manifests(home: Home) -> Iterator[str]:
    """The names of the manifests of all published versions, past ones too, and of the files that they list."""
    yield from manifest_names(home, "")


def named(home: Home) -> set[str]:
    """Every small blob that a document names: manifests, what training runs read, the words of proposals."""
    return {*manifests(home), *_members(home), *_words(home)}


def words_missing(home: Home) -> list[str]:
    """Words of proposals that are not in this home, those of the newest proposal first."""
    inside = _members(home)
    return [name for name in _words(home) if name not in inside and not home.blobs.path(name).exists()]


def words_given(home: Home) -> set[str]:
    """Words of proposals that are here and may be passed on to admitted nodes.

    Whoever signs a proposal chooses what it names: nothing that this home keeps to itself becomes public by that.
    """
    kept = [name for name in _words(home) if home.blobs.path(name).exists()]
    return {name for name in kept if home.blobs.path(name).stat().st_size <= MOST_WORDS} - _members(home)


def _words(home: Home) -> list[str]:
    proposals = sorted(home.ledger.documents(kinds=["Proposal"]), key=lambda one: str(one.body["time"]), reverse=True)
    return list(dict.fromkeys(str(one.body["text"]) for one in proposals))


def _members(home: Home) -> set[str]:
    """Lists of what training runs read: they stay in this home."""
    return {str(one.body["members"]["blake3"]) for one in home.ledger.documents(kinds=["TrainingRun"])}


def manifest_names(home: Home, version: str) -> Iterator[str]:
    """Those of versions whose id begins with ``version``; of a manifest that is not here, its own name alone."""
    for document in home.ledger.documents(kinds=["DatasetVersion"]):
        if not str(document.body["version"]).startswith(version):
            continue
        name = str(document.body["builtFrom"]["manifest"]["blake3"])
        yield name
        try:
            data = home.blobs.get(name)
            if data.startswith(b"{"):
                yield from (str(shard["blake3"]) for shard in json.loads(data)["shards"])
        except (HomeError, ValueError, KeyError, TypeError):
            continue  # Not here, or damaged: `lecs dataset verify` says so.


def approved_files(home: Home) -> set[str]:
    """BLAKE3 of every file of every approved model: whoever holds such a blob keeps it."""
    approvals = home.roles().in_force("ModelApproval")
    return {str(file["blake3"]) for approval in approvals for file in approval.body["files"]}


def needed(home: Home) -> dict[str, str]:
    """Roots of large blobs that stay, and why: ``pinned`` or ``model``."""
    files = approved_files(home)
    found = {}
    for root in home.pieced.roots():
        stat = home.pieced.stat(root)
        if stat.pinned or stat.blake3 in files:
            found[root] = "pinned" if stat.pinned else "model"
    return found
