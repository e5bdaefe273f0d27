"""All that Dagster shows: what builds versions and releases, and the warehouse beside it.

Loading it imports dagster-dbt (seconds) and reads dbt's manifest.
"""

import dagster as dg

from assets.warehouse import asset as warehouse_assets
from assets.warehouse.offline import offline_dbt
from lecs_pipeline import definitions
from lecs_pipeline.sensors import stale_warehouse

warehouse = dg.define_asset_job(
    "warehouse",
    selection=dg.AssetSelection.key_prefixes("warehouse"),
    description="Public documents as tables for SQL, tested, held against the folds, published by rename.",
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions.merge(
    definitions.defs,
    dg.Definitions(
        assets=[warehouse_assets.lake, warehouse_assets.models],
        jobs=[warehouse],
        sensors=[stale_warehouse],
        resources={"dbt": offline_dbt()},
    ),
)
