"""Issue 5: the estate that curators look at: what every asset has, what refusals and releases tell, and what leaves."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.partitions import LANGUAGES, VERSIONS, language_key
from assets.release.expectations import expect_rows
from assets.workspace import Workspace
from lecs_pipeline.definitions import defs
from lecs_pipeline.runs import open_instance

pytestmark = pytest.mark.dagster


def test_every_asset_says_what_it_is() -> None:
    """Description, owner, kind, group; those made here a code version too. No name needs more than three words."""
    graph = defs.resolve_asset_graph()
    assert len(graph.materializable_asset_keys) <= 25
    for node in graph.asset_nodes:
        name = node.key.to_user_string()
        assert node.description, name
        assert node.owners, name
        assert node.kinds, name
        assert node.group_name != "default", name
        assert name.count("_") <= 2, name


def test_most_assets_have_a_check_and_the_way_to_a_release_is_blocked() -> None:
    """Every asset between the gate and a release has a check that stops what comes after it."""
    graph = defs.resolve_asset_graph()
    blocking = {
        spec.asset_key.to_user_string()
        for checked in defs.asset_checks or ()
        for spec in checked.check_specs  # type: ignore[union-attr]
        if spec.blocking
    }
    assert {"eligible", "unique", "mixture", "dataset_version", "release"} <= blocking
    checked = {key.asset_key for key in graph.asset_check_keys}
    assert len(checked) * 2 > len(list(graph.asset_nodes))


def test_automation_is_on_from_the_start() -> None:
    """Both sensors and the schedule run as soon as the workspace does."""
    repository = defs.get_repository_def()
    assert {s.name for s in repository.sensor_defs if s.default_status == dg.DefaultSensorStatus.RUNNING} >= {
        "wanted_version", "automation",
    }  # fmt: skip
    assert {s.name for s in repository.schedule_defs if s.default_status == dg.DefaultScheduleStatus.RUNNING} >= {
        "every_night"
    }


def test_languages_follow_the_mixture_by_themselves(small: Any) -> None:
    """Nothing is asked for while nothing changed; a new mixture asks for every language."""
    with open_instance(small.path) as instance:
        first = dg.evaluate_automation_conditions(defs=defs, instance=instance)
        small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
        small.run("dataset", "build").ok()
        second = dg.evaluate_automation_conditions(defs=defs, instance=instance, cursor=first.cursor)
        assert first.get_num_requested(dg.AssetKey("languages")) == 0
        assert second.get_requested_partitions(dg.AssetKey("languages")) == set(LANGUAGES.get_partition_keys())


def metadata_of(instance: dg.DagsterInstance, asset: str) -> dict[str, Any]:
    """The values of the newest materialization of an asset, by name."""
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: entry.value for name, entry in event.asset_materialization.metadata.items()}


def test_a_refusal_is_found_by_its_reason(small: Any) -> None:
    """The page of `refused` names every reason in words, and lists who was refused; so does the command line."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("dataset", "build").ok()
    gone = small.ids["second"].removeprefix("urn:uuid:")
    with open_instance(small.path) as instance:
        told = metadata_of(instance, "refused")
        waiting = metadata_of(instance, "held")
    assert "| withdrawn | 1 | The person, or a party, took the consent back. |" in told["by_reason"]
    assert gone in told["refused: withdrawn"]
    assert gone not in told["refused: held"]
    assert small.ids["held"].removeprefix("urn:uuid:") in waiting["waiting"]
    found = small.run("dataset", "refused", "--reason", "withdrawn", "--json").ok().json["refused"]
    assert [one["contribution"] for one in found] == [small.ids["second"]]
    assert "withdrawn" in small.run("dataset", "refused").ok().out


def test_the_same_content_has_the_same_data_version(small: Any) -> None:
    """Computed from nothing once more, every stage has the data version that it had; a withdrawal changes them."""

    def versions() -> dict[str, str]:
        with open_instance(small.path) as instance:
            found = {}
            for name in ("eligible", "refused", "held", "unique", "mixture", "dataset_version"):
                event = instance.get_latest_materialization_event(dg.AssetKey(name))
                assert event is not None
                assert event.asset_materialization is not None
                found[name] = (event.asset_materialization.tags or {})["dagster/data_version"]
            return found

    before = versions()
    small.run("dataset", "build", "--recompute").ok()
    assert versions() == before
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("dataset", "build").ok()
    after = versions()
    assert {name for name in before if before[name] != after[name]} == set(before) - {"held"}


def test_columns_can_be_followed_from_a_release_to_the_gate(small: Any) -> None:
    """Columns of a release lead to what the gate admitted, and from there to the signed consent fact and record."""
    small.run("asset", "make", "release").ok()
    with open_instance(small.path) as instance:
        columns = {("release", "weight"), ("release", "row"), ("release", "licence")}
        seen = set(columns)
        while columns:
            sources = set()
            for asset, column in columns:
                lineage = metadata_of(instance, asset).get("dagster/column_lineage") if asset != "ledger" else None
                deps = lineage.deps_by_column.get(column, ()) if lineage else ()
                sources |= {(dep.asset_key.to_user_string(), dep.column_name) for dep in deps}
            columns = sources - seen
            seen |= columns
    assert {
        ("dataset_version", "weight"),
        ("mixture", "weight"),
        ("unique", "language"),
        ("eligible", "language"),
        ("ledger", "fact.row"),
        ("ledger", "fact.language"),
        ("ledger", "fact.contribution"),
    } <= seen


def test_a_version_is_a_partition_and_a_tag(small: Any) -> None:
    """Every version has a partition of `release`, also where Dagster's database was lost; runs name their version."""
    key = small.version[:16]
    made = small.run("asset", "make", "release", "--partition", key, "--json").ok().json
    assert made["made"] == ["release"]
    assert {(one["name"], one["ok"]) for one in made["checks"]} == {("release_checklist", True), ("release_rows", True)}
    with open_instance(small.path) as instance:
        tagged = instance.get_runs(dg.RunsFilter(tags={"lecs/version": key}))
        assert len(tagged) == 2
        assert instance.get_materialized_partitions(dg.AssetKey("release")) == {key}
        instance.delete_dynamic_partition(str(VERSIONS.name), key)
    assert small.run("asset", "make", "release", "--partition", key).code == 0
    assert small.run("asset", "make", "release", "--partition", "0" * 16).code == 5
    assert small.run("asset", "make", "nothing").code == 5


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        (("release", "languages"), 2, "the partitions of languages, release differ"),
        (("ledger",), 5, "no run makes ledger"),
        (("mixtures", ""), 5, "there is no asset 'mixtures', ''"),
        (("mixture", "--partition", "de"), 5, "none of these assets has partitions"),
        (("languages", "--partition", "xx"), 5, "there is no partition xx: there are de, en"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(small: Any, names: tuple[str, ...], code: int, said: str) -> None:
    """Wrong names, wrong partitions, assets that one run cannot make together: no run begins."""
    found = small.run("asset", "make", *names, "--json")
    assert (found.code, found.json["message"].startswith(said)) == (code, True), found.json


def test_an_inbox_that_is_not_there_and_a_reason_that_nobody_gives(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are said in words: the folder is named, the reasons are listed."""
    monkeypatch.setenv("LECS_INBOX", str(tmp_path / "nowhere"))
    found = small.run("asset", "make", "pending", "--json")
    assert (found.code, f"{tmp_path}/nowhere is no folder" in found.json["message"]) == (14, True), found.json
    found = small.run("dataset", "refused", "--reason", "withdrew", "--json")
    assert (found.code, "withdrawn" in found.json["message"]) == (5, True), found.json


def test_every_language_has_its_place(small: Any, lecs: Any) -> None:
    """Regional tags belong to their language; the partitions add up to the mixture."""
    assert [language_key(tag) for tag in ("es-MX", "EN", "cy", "und")] == ["es", "en", "other", "other"]
    made = small.run("asset", "make", "languages", "--json").ok().json
    assert made["checks"] == [
        {
            "asset": "languages",
            "name": "languages_add_up",
            "ok": True,
            "detail": "10 of 10 items belong to one language",
        }
    ]
    listed = lecs("asset", "list", "--json").ok().json["assets"]
    assert {one["name"] for one in listed} >= {"eligible", "refused", "held", "languages", "release"}


@pytest.fixture(scope="module")
def exported(original: Any, tmp_path_factory: pytest.TempPathFactory, lecs: Any) -> Path:
    """An export of the small home's version; only read."""
    folder: Path = tmp_path_factory.mktemp("leaving") / "version"
    lecs("dataset", "export", original.version, folder, home=original.path).ok()
    return folder


def changed(exported: Path, folder: Path, **columns: pl.Expr) -> Path:
    """A copy of the export's shards with other values in some columns."""
    (folder / "data").mkdir(parents=True)
    for shard in sorted((exported / "data").glob("*.parquet")):
        pl.read_parquet(shard).with_columns(**columns).write_parquet(folder / "data" / shard.name)
    (folder / "manifest.json").write_bytes((exported / "manifest.json").read_bytes())
    return folder


def pages_of(folder: Path) -> str:
    """Everything that the pages say."""
    return "".join(page.read_text("utf-8") for page in folder.rglob("*.html"))


def test_what_leaves_is_what_is_expected(exported: Path, original: Any, tmp_path: Path) -> None:
    """All hold; the pages show neither a text nor a row, and ask nothing of another machine."""
    found = expect_rows(exported, tmp_path / "pages")
    assert found.passed, found.problems
    assert found.rows == json.loads((exported / "manifest.json").read_bytes())["items"]
    html = pages_of(tmp_path / "pages")
    assert "release-rows" in html
    assert not [case for case, text in original.texts.items() if text[:40] in html or text[60:100] in html]
    assert not [row for row in original.rows.values() if row and row in html]
    assert '<script src="http' not in html
    assert '<link rel="stylesheet" href="http' not in html


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("tier", pl.lit("stolen-word"), "tier"),
        ("text", pl.lit("Un texte que personne ne devait voir."), "may_show and shown"),
        ("weight", pl.lit(0, pl.Int64), "weight"),
        ("row", pl.lit("twice-and-malformed"), "row"),
    ],
)
def test_what_must_not_leave_is_named_by_column_alone(
    exported: Path, tmp_path: Path, column: str, value: pl.Expr, named: str
) -> None:
    """A forged value fails the expectation of its column, and stands in no page and no message."""
    found = expect_rows(changed(exported, tmp_path / "forged", **{column: value}), tmp_path / "pages")
    assert not found.passed
    assert any(problem.startswith(f"{named}:") for problem in found.problems), found.problems
    said = pages_of(tmp_path / "pages") + " ".join(found.problems) + found.table
    for forged in ("stolen-word", "personne ne devait", "twice-and-malformed"):
        assert forged not in said


def test_the_check_of_rows_blocks(small: Any) -> None:
    """A release whose rows were changed fails its check, run by itself as in the workspace."""
    small.run("asset", "make", "release").ok()
    shard = next((small.path / "exports" / small.version[:16] / "data").glob("*.parquet"))
    pl.read_parquet(shard).with_columns(weight=pl.lit(0, pl.Int64)).write_parquet(shard)
    with open_instance(small.path) as instance:
        result = dg.materialize(
            [*(defs.assets or ()), *(defs.asset_checks or ())],  # type: ignore[list-item]
            instance=instance,
            resources={**(defs.resources or {}), "workspace": Workspace(home=str(small.path))},
            selection=dg.AssetSelection.checks_for_assets(dg.AssetKey("release")),
            raise_on_error=False,
        )
    failed = {one.check_name for one in result.get_asset_check_evaluations() if not one.passed and one.blocking}
    assert "release_rows" in failed


def test_a_run_takes_a_configuration_and_names_what_it_does_not_know(small: Any, tmp_path: Path) -> None:
    """`lecs asset make --config`: refused before anything is made, with the key."""
    file = tmp_path / "run.yaml"
    for text, named in (
        ("ops: {embeddings: {config: {place: moon}}}", "moon"),
        ("- a", "mapping"),
        ("a: !!x b", "YAML"),
    ):
        file.write_text(text)
        refused = small.run("asset", "make", "embeddings", "--config", file, "--json")
        assert (refused.code, refused.json["error"]) == (2, "usage"), refused
        assert named in refused.json["message"]
