"""What Dagster loads: assets, checks, three jobs, two sensors. No I/O at import."""

import dagster as dg

from assets.corpus import asset as corpus_assets
from assets.dataset import asset as dataset_assets
from assets.intake import asset as intake_assets
from assets.intake import pending as pending_assets
from assets.mixture import asset as mixture_assets
from assets.provenance import asset as provenance_assets
from assets.release import asset as release_assets
from assets.workspace import Workspace
from lecs_pipeline.exporting import export_version
from lecs_pipeline.inbox_sensor import inbox
from lecs_pipeline.pending import consume_inbox
from lecs_pipeline.sensors import wanted_version
from lecs_pipeline.settings import home_path

_STAGES = [intake_assets, corpus_assets, mixture_assets, dataset_assets, provenance_assets, release_assets]
_RELEASE = dg.AssetSelection.groups("release")
_PENDING = dg.AssetSelection.assets(pending_assets.pending)

build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - _RELEASE - _PENDING,
    description="From what the gate admits now to a signed dataset version.",
    executor_def=dg.in_process_executor,
)

make_release = dg.define_asset_job(
    "make_release",
    selection=_RELEASE,
    description="The newest version as a folder that others open, held against the release checklist.",
    executor_def=dg.in_process_executor,
)

take_inbox = dg.define_asset_job(
    "take_inbox",
    selection=_PENDING,
    description="Archives in the inbox become sealed batches that wait for a steward; nothing is signed.",
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([pending_assets, *_STAGES]),
    asset_checks=dg.load_asset_checks_from_modules(_STAGES),
    jobs=[build, make_release, take_inbox],
    sensors=[wanted_version, inbox],
    resources={
        "workspace": Workspace(home=str(home_path())),
        "consume_inbox": dg.ResourceDefinition.hardcoded_resource(consume_inbox),
        "export_version": dg.ResourceDefinition.hardcoded_resource(export_version),
    },
    executor=dg.in_process_executor,
)
