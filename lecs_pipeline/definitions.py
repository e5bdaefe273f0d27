"""What Dagster loads: assets, checks, jobs, sensors, a schedule. No I/O at import."""

import dagster as dg

from assets.corpus import asset as corpus_assets
from assets.dataset import asset as dataset_assets
from assets.intake import asset as intake_assets
from assets.intake import held as held_assets
from assets.intake import refused as refused_assets
from assets.mixture import asset as mixture_assets
from assets.mixture import languages as language_assets
from assets.provenance import asset as provenance_assets
from assets.release import asset as release_assets
from assets.workspace import Workspace
from lecs_pipeline.automation import automation, every_night
from lecs_pipeline.exporting import export_version
from lecs_pipeline.sensors import wanted_version
from lecs_pipeline.settings import home_path

_STAGES = [
    intake_assets,
    refused_assets,
    held_assets,
    corpus_assets,
    mixture_assets,
    language_assets,
    dataset_assets,
    provenance_assets,
    release_assets,
]
_RELEASE = dg.AssetSelection.groups("release")
#: What a version needs, and what is told of it at once. Slower assets follow by their automation conditions.
_BUILD = dg.AssetSelection.assets("eligible", "refused", "held", "unique", "mixture", "dataset_version", "views")

build = dg.define_asset_job(
    "build",
    selection=_BUILD,
    description="From what the gate admits now to a signed dataset version.",
    executor_def=dg.in_process_executor,
)

make_release = dg.define_asset_job(
    "make_release",
    selection=_RELEASE,
    description="A version as a folder that others open, held against the release checklist; without a partition, "
    "the newest.",
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(_STAGES),
    asset_checks=dg.load_asset_checks_from_modules(_STAGES),
    jobs=[build, make_release],
    sensors=[wanted_version, automation],
    schedules=[every_night],
    resources={
        "workspace": Workspace(home=str(home_path())),
        "export_version": dg.ResourceDefinition.hardcoded_resource(export_version),
    },
    executor=dg.in_process_executor,
)
