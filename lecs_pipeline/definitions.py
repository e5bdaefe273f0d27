"""What Dagster loads: assets, checks, three jobs, one sensor. No I/O at import."""

import dagster as dg

from assets.corpus import asset as corpus_assets
from assets.dataset import asset as dataset_assets
from assets.embedding import asset as embedding_assets
from assets.intake import asset as intake_assets
from assets.mixture import asset as mixture_assets
from assets.provenance import asset as provenance_assets
from assets.release import asset as release_assets
from assets.workspace import Workspace
from lecs_pipeline.exporting import export_version
from lecs_pipeline.sensors import wanted_version
from lecs_pipeline.settings import home_path

_STAGES = [
    intake_assets,
    corpus_assets,
    mixture_assets,
    dataset_assets,
    provenance_assets,
    release_assets,
    embedding_assets,
]
_RELEASE = dg.AssetSelection.groups("release")
_EMBEDDINGS = dg.AssetSelection.groups("embeddings")

build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - _RELEASE - _EMBEDDINGS,
    description="From what the gate admits now to a signed dataset version.",
    executor_def=dg.in_process_executor,
)

make_release = dg.define_asset_job(
    "make_release",
    selection=_RELEASE,
    description="The newest version as a folder that others open, held against the release checklist.",
    executor_def=dg.in_process_executor,
)

embed = dg.define_asset_job(
    "embed",
    selection=_EMBEDDINGS,
    description="Vectors of the texts for search, the map of the corpus, and texts that are alike.",
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(_STAGES),
    asset_checks=dg.load_asset_checks_from_modules(_STAGES),
    jobs=[build, make_release, embed],
    sensors=[wanted_version],
    resources={
        "workspace": Workspace(home=str(home_path())),
        "export_version": dg.ResourceDefinition.hardcoded_resource(export_version),
    },
    executor=dg.in_process_executor,
)
