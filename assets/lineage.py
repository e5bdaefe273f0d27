"""Where the columns of an asset come from, for the lineage in the Dagster UI: from a release back to the gate."""

from collections.abc import Iterable, Mapping

import dagster as dg


def column_lineage(
    columns: Iterable[str], source: str, known: Iterable[str], made: Mapping[str, tuple[str, ...]] | None = None
) -> dg.TableColumnLineage:
    """Columns that stand in ``known`` are copied from ``source``; ``made`` names what others are computed from.

    A column that is in neither begins here.
    """
    there, from_these = set(known), made or {}
    sources = {name: from_these.get(name, (name,) if name in there else ()) for name in columns}
    key = dg.AssetKey(source)
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(key, column) for column in found] for name, found in sources.items() if found}
    )
