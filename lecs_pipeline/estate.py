"""The workspace's assets for the command line: listed, and made through Dagster, in the history that the UI shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lecs_pipeline.building import BuildStopped, why_stopped
from lecs_pipeline.runs import open_instance
from substrate.record.plain_yaml import NotPlainYaml, load_plain
from substrate.store.errors import HomeError, NotFound
from substrate.store.files import read_plain
from substrate.store.home import open_home

if TYPE_CHECKING:
    import dagster as dg

#: Dagster's own tags for what a run makes: one partition, or a range of them in one run.
PARTITION: Final = "dagster/partition"
RANGE_START: Final = "dagster/asset_partition_range_start"
RANGE_END: Final = "dagster/asset_partition_range_end"


class MixedPartitions(HomeError):
    """Assets that are cut in different ways were asked for in one run."""


class InvalidRunConfig(HomeError):
    """A configuration that the assets of a run do not have; the message names the key."""


@dataclass(frozen=True, slots=True)
class Made:
    """A run: its id, the assets that it made, and what their checks found."""

    run: str
    names: list[str]
    checks: list[dict[str, Any]]


def listed_assets() -> list[dict[str, Any]]:
    """One entry per asset, those first that others are made from."""
    from lecs_pipeline.whole import defs

    graph = defs.resolve_asset_graph()
    checks = [key.asset_key for key in graph.asset_check_keys]
    return [
        {
            "name": key.to_user_string(),
            "group": graph.get(key).group_name,
            "from": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "checks": checks.count(key),
            "made": graph.get(key).is_materializable,
            "description": (graph.get(key).description or "").split("\n")[0],
        }
        for key in graph.toposorted_asset_keys
    ]


def run_config_from(file: Path | None) -> dict[str, Any]:
    """The configuration of a run, as the launchpad of the workspace takes it; none without a file.

    Raises:
        InvalidRunConfig: it is no mapping in YAML.
    """
    if file is None:
        return {}
    try:
        found = load_plain(read_plain(file, 1 << 20).decode("utf-8"))
    except NotPlainYaml as error:
        raise InvalidRunConfig(
            f"{file.name} must be one YAML document without tricks; it is or holds: {error}"
        ) from None
    if not isinstance(found, dict):
        raise InvalidRunConfig(f"{file.name} must be a mapping, such as ops: {{lora_run: {{config: {{place: mesh}}}}}}")
    return found


def make_assets(
    path: Path, names: Sequence[str], partition: str | None, run_config: Mapping[str, Any] | None = None
) -> Made:
    """Materialise assets in this process. What one step makes as a whole, as dbt does the warehouse, is made whole.

    Args:
        run_config: as Dagster takes it.

    Raises:
        InvalidRunConfig: an asset has no such configuration.
        NotFound: there is no such asset, or no such partition. MixedPartitions: one run cannot make all of them.
        BuildStopped: a rule was broken or a blocking check failed; the message says which.
    """
    import dagster as dg

    from assets.workspace import Workspace
    from lecs_pipeline.whole import defs

    graph = defs.resolve_asset_graph()
    keys = [dg.AssetKey(name.split("/")) for name in names]
    if unknown := [key.to_user_string() for key in keys if not graph.has(key)]:
        raise NotFound(f"there is no asset {', '.join(map(repr, unknown))}: see `lecs asset list`")
    if given := [key.to_user_string() for key in keys if not graph.get(key).is_materializable]:
        raise NotFound(f"no run makes {', '.join(given)}: people write it, statement by statement")
    keys = sorted({made for key in keys for made in graph.assets_def_for_key(key).keys})
    _check_cuts({key.to_user_string(): graph.get(key).partitions_def for key in keys})
    with open_instance(path) as instance:
        tags = _tags(instance, path, [graph.get(key).partitions_def for key in keys], partition)
        try:
            result = dg.materialize(
                [*(defs.assets or ()), *(defs.asset_checks or ())],  # type: ignore[list-item]
                instance=instance,
                resources={**(defs.resources or {}), "workspace": Workspace(home=str(path))},
                selection=dg.AssetSelection.assets(*keys),
                tags=tags,
                run_config=dict(run_config or {}),
                raise_on_error=False,
            )
        except dg.DagsterInvalidConfigError as error:
            raise InvalidRunConfig("; ".join(one.message for one in error.errors)) from None
    if not result.success:
        raise BuildStopped(why_stopped(result)[1])
    names = [key.to_user_string() for key in keys]
    return Made(result.run_id, names, [_check(one) for one in result.get_asset_check_evaluations()])


def _check_cuts(cuts: "Mapping[str, dg.PartitionsDefinition[Any] | None]") -> None:
    """One run makes partitions of one kind: Dagster would end it with an error of its own."""
    if len({cut for cut in cuts.values() if cut is not None}) > 1:
        cut = sorted(name for name, one in cuts.items() if one is not None)
        raise MixedPartitions(f"the partitions of {', '.join(cut)} differ: make each with a command of its own")


def _tags(
    instance: "dg.DagsterInstance",
    path: Path,
    cuts: Sequence["dg.PartitionsDefinition[Any] | None"],
    wanted: str | None,
) -> dict[str, str]:
    """Which partitions a run makes, in Dagster's words."""
    from assets.dataset.publishing import published_versions
    from assets.partitions import LANGUAGES, VERSIONS, know_versions, version_key

    with open_home(path) as home:
        know_versions(instance, home)
        versions = published_versions(home)
    cut = next((one for one in cuts if one is not None), None)
    if cut is None:
        if wanted is not None:
            raise NotFound("none of these assets has partitions")
        return {}
    keys = list(cut.get_partition_keys(dynamic_partitions_store=instance))
    if wanted is not None and wanted not in keys:
        there = f"there are {', '.join(keys)}" if keys else "there is none yet"
        raise NotFound(f"there is no partition {wanted}: {there}")
    if wanted is None and cut == LANGUAGES:
        return {RANGE_START: keys[0], RANGE_END: keys[-1]}
    if wanted is None and cut == VERSIONS and not keys:
        raise NotFound("no version has been published yet: run `lecs dataset build`")
    newest = version_key(versions[-1].body["version"]) if cut == VERSIONS else keys[-1]
    return {PARTITION: wanted or newest}


def _check(one: Any) -> dict[str, Any]:
    return {
        "asset": one.asset_key.to_user_string(),
        "name": one.check_name,
        "ok": bool(one.passed),
        "detail": one.description or "",
    }
