"""How assets are cut: releases by dataset version, languages by code.

The versions that Dagster knows are a copy of those in the ledger; whoever meets the instance brings it up to date.
"""

import warnings
from typing import Final

import dagster as dg

from assets.dataset.publishing import published_versions
from substrate.store.home import Home

# One run for all languages instead of a process for each; Dagster calls that beta at every import.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)

#: Hexadecimal digits of a version's id that name its partition and its folder.
DIGITS: Final = 16
#: The tag of every run that made or used a version: its value is the partition's key.
VERSION_TAG: Final = "lecs/version"
#: Languages with recognizers of their own have a partition each; all others share one.
OTHER: Final = "other"
NAMED: Final = ("de", "en", "es", "fr", "it", "pt")

VERSIONS: Final = dg.DynamicPartitionsDefinition(name="dataset_version")
LANGUAGES: Final = dg.StaticPartitionsDefinition([*NAMED, OTHER])


def version_key(version: str) -> str:
    """The partition of a dataset version."""
    return version[:DIGITS]


def language_key(language: str) -> str:
    """The partition of a language tag: `es-MX` belongs to `es`."""
    plain = language.partition("-")[0].lower()
    return plain if plain in NAMED else OTHER


def know_versions(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Tell Dagster of every version in the ledger; returns the keys that were new to it."""
    keys = dict.fromkeys(version_key(version.body["version"]) for version in published_versions(home))
    fresh = [key for key in keys if not instance.has_dynamic_partition(str(VERSIONS.name), key)]
    if fresh:
        instance.add_dynamic_partitions(str(VERSIONS.name), fresh)
    return fresh
