"""What a version changed against the one before it, for the page of the asset: numbers, and a bar per kind."""

from assets.dataset.manifests import read_manifest
from assets.dataset.publishing import published_versions
from assets.plots import bars_of
from corpus.difference import count_changes
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: What of a manifest can differ for one row.
_COMPARED = ["row", "cohort", "tier", "purposes", "weight"]


def change_table(home: Home, version: Document) -> str:
    """Markdown: how many items came, went and changed since the version before; a sentence where that is not known."""
    before = _before(home, version)
    if before is None:
        return "This is the first version."
    try:
        counts = count_changes(*(read_manifest(home, one).select(_COMPARED) for one in (before, version)))
    except NotFound:
        return "The manifest of the version before is not in this home."
    return f"Since version `{before.body['version'][:16]}`:\n\n{bars_of(counts)}"


def version_table(home: Home) -> str:
    """Markdown: every version with its size, the newest first."""
    lines = ["| version | items | refused | published |", "|---|---:|---:|---|"]
    for version in reversed(published_versions(home)[-20:]):
        body = version.body
        lines.append(f"| `{body['version'][:16]}` | {body['items']} | {body['refused']} | {body['time']} |")
    return "\n".join(lines)


def _before(home: Home, version: Document) -> Document | None:
    """The newest version that came before this one and has another id."""
    found: Document | None = None
    for one in published_versions(home):
        if one.digest == version.digest:
            break
        if one.body["version"] != version.body["version"]:
            found = one
    return found
