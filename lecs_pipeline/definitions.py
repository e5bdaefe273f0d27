"""What builds a version and a release: assets, checks, jobs, sensors, a schedule. No I/O at import.

The UI loads `lecs_pipeline.whole`, which adds the warehouse; builds from the command line do without dbt.
"""

import dagster as dg

from assets.cards import asset as card_assets
from assets.corpus import asset as corpus_assets
from assets.dataset import asset as dataset_assets
from assets.embedding import asset as embedding_assets
from assets.evaluation import asset as evaluation_assets
from assets.intake import asset as intake_assets
from assets.intake import held as held_assets
from assets.intake import ledger as ledger_assets
from assets.intake import pending as pending_assets
from assets.intake import refused as refused_assets
from assets.mesh import asset as mesh_assets
from assets.mixture import asset as mixture_assets
from assets.mixture import languages as language_assets
from assets.provenance import asset as provenance_assets
from assets.release import asset as release_assets
from assets.training import asset as training_assets
from assets.workspace import Workspace
from lecs_pipeline.automation import automation, every_night
from lecs_pipeline.exporting import export_version
from lecs_pipeline.inbox_sensor import inbox
from lecs_pipeline.mesh_inference import mesh_inference
from lecs_pipeline.pending import consume_inbox
from lecs_pipeline.sensors import wanted_version
from lecs_pipeline.settings import home_path

_STAGES = [
    pending_assets,
    intake_assets,
    refused_assets,
    held_assets,
    corpus_assets,
    mixture_assets,
    language_assets,
    dataset_assets,
    provenance_assets,
    release_assets,
    embedding_assets,
    training_assets,
    evaluation_assets,
    card_assets,
    mesh_assets,
]
_RELEASE = dg.AssetSelection.groups("release")
_TRAINING = dg.AssetSelection.groups("training")
_EMBEDDINGS = dg.AssetSelection.groups("embeddings")
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

embed = dg.define_asset_job(
    "embed",
    selection=_EMBEDDINGS,
    description="Vectors of the texts for search, the map of the corpus, and texts that are alike.",
    executor_def=dg.in_process_executor,
)

train = dg.define_asset_job(
    "train",
    selection=_TRAINING,
    description="An adapter of a version, cohort by cohort, its evaluation and its card; of one partition.",
    executor_def=dg.in_process_executor,
)

take_inbox = dg.define_asset_job(
    "take_inbox",
    selection=dg.AssetSelection.assets(pending_assets.pending),
    description="Archives in the inbox become sealed batches that wait for a steward; nothing is signed.",
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(
    assets=[ledger_assets.ledger, *dg.load_assets_from_modules(_STAGES)],
    asset_checks=dg.load_asset_checks_from_modules(_STAGES),
    jobs=[build, make_release, embed, train, take_inbox, mesh_inference],
    sensors=[wanted_version, automation, inbox],
    schedules=[every_night],
    resources={
        "workspace": Workspace(home=str(home_path())),
        "consume_inbox": dg.ResourceDefinition.hardcoded_resource(consume_inbox),
        "export_version": dg.ResourceDefinition.hardcoded_resource(export_version),
    },
    executor=dg.in_process_executor,
)
