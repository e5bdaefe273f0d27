"""The assets ``embeddings``, ``corpus_map`` and ``similar_texts``, and the check that vectors follow the gate.

They are no part of a build: a build needs no vectors, and torch takes seconds to load. It is imported only by the
processes that embed.
"""

import hashlib

import dagster as dg

from assets.columns import column_schema
from assets.corpus.asset import unique
from assets.embedding.cache import vectors_of
from assets.embedding.columns import VECTOR_COLUMNS
from assets.embedding.index import Index, Pair, alike_pairs, load_index
from assets.embedding.mesh import EmbeddedOnMesh
from assets.embedding.picturing import map_of
from assets.embedding.renewing import renew
from assets.mesh.pipes import jobs_told
from assets.mesh.where import Where
from assets.workspace import Workspace, now
from compute_mesh.workloads.model import NAME, model_of
from consent.searchable import RETRIEVE, still_used
from substrate.store.home import Home

#: The least cosine of a pair that is listed, and how many pairs a curator is shown.
ALIKE, SHOWN = 0.9, 200


@dg.asset(
    deps=[unique], group_name="embeddings", kinds={"sentencetransformers", "arrow"}, code_version="1",
    owners=["team:curators"],
)  # fmt: skip
def embeddings(context: dg.AssetExecutionContext, config: Where, workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One vector per text that the gate admits, sealed on disk; computed once, and gone with its text."""
    with workspace.open() as home:
        model = model_of(home, now())
        asking = config.asking(context, home.path)
        mesh = EmbeddedOnMesh(asking, config.privacy.value) if asking else None
        done = mesh.renew(home, model, now()) if mesh else renew(home, model, now())
        searchable = load_index(vectors_of(home, model), RETRIEVE).lines.num_rows
        rows = sorted(load_index(vectors_of(home, model)).lines["row"].to_pylist())
    return dg.MaterializeResult(
        data_version=_content(model.digest, *rows),
        metadata={
            "dagster/row_count": done.items,
            "computed": done.computed,
            "searchable": searchable,
            "model": NAME,
            "model_digest": model.digest,
            "dagster/column_schema": column_schema(VECTOR_COLUMNS),
            **({**jobs_told(mesh.done), "engines": dg.MetadataValue.json(dict(mesh.engines))} if mesh else {}),
        },
    )


@dg.asset_check(asset=embeddings)
def vectors_follow_the_gate(workspace: Workspace) -> dg.AssetCheckResult:
    """Every text that has a vector may still be used for something; one that may not loses it with the next run."""
    with workspace.open() as home:
        names = load_index(vectors_of(home, model_of(home, now()))).lines["contribution"].to_pylist()
        over = sorted(set(names) - still_used(home, names, now()))
    return dg.AssetCheckResult(
        passed=not over,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"checked": len(names), "over": dg.MetadataValue.json(over[:50])},
        description=f"{len(over)} vectors of texts that may not be used: materialise again" if over else "all may",
    )


@dg.asset(
    deps=[embeddings], group_name="embeddings", kinds={"numpy", "svg"}, code_version="2", owners=["team:curators"],
    automation_condition=dg.AutomationCondition.eager(),
)  # fmt: skip
def corpus_map(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """What lies near what: all vectors in two dimensions, marked by domain and by language."""
    with workspace.open() as home:
        index = _index_now(home)
    drawn = map_of(index)
    return dg.MaterializeResult(
        data_version=_content(drawn),
        metadata={"dagster/row_count": index.lines.num_rows, "map": dg.MetadataValue.md(drawn)},
    )


@dg.asset(
    deps=[embeddings], group_name="embeddings", kinds={"numpy"}, code_version="1", owners=["team:curators"],
    automation_condition=dg.AutomationCondition.eager(),
)  # fmt: skip
def similar_texts(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Pairs of texts that say about the same, for a curator to look at: ids and cosines. Nothing is dropped."""
    with workspace.open() as home:
        pairs = alike_pairs(home, _index_now(home), ALIKE, SHOWN, now())
    listed = _table(pairs)
    return dg.MaterializeResult(
        data_version=_content(listed),
        metadata={"dagster/row_count": len(pairs), "threshold": ALIKE, "pairs": dg.MetadataValue.md(listed)},
    )


def _index_now(home: Home) -> Index:
    """What the gate admits now: vectors may be older than the newest change of mind."""
    model = model_of(home, now())
    renew(home, model, now())
    return load_index(vectors_of(home, model))


def _content(*parts: str) -> dg.DataVersion:
    """SHA-256 of what an asset holds; of vectors, of the model and the rows that they follow from."""
    return dg.DataVersion(hashlib.sha256("\n".join(parts).encode()).hexdigest())


def _table(pairs: list[Pair]) -> str:
    lines = ["| text | alike to | cosine |", "|---|---|---:|"]
    return "\n".join(lines + [f"| {p.contribution} | {p.other} | {p.cosine:.3f} |" for p in pairs])
