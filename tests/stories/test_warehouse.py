"""The warehouse of a small home: built once through Dagster and dbt, asked, held to what it declares, taken away."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import home_scanner
import pytest

from assets.provenance.lake import TABLES
from assets.provenance.views import SCHEMAS, compute_views
from assets.warehouse.lineage import asset_key, declared
from assets.warehouse.project import FOLDER, manifest
from assets.warehouse.publishing import described_tables, differing_views
from lecs_pipeline.runs import open_instance
from substrate.store.home import open_home

pytestmark = pytest.mark.dagster


@pytest.fixture(scope="module")
def built(original: Any, tmp_path_factory: pytest.TempPathFactory, copied: Callable[..., Any]) -> Any:
    """A copy with a withdrawal and a release of a held text, and its warehouse. Tests only read it."""
    home = copied(original, tmp_path_factory.mktemp("warehouse") / "home")
    home.run("consent", "withdraw", "--code", "-", stdin=home.codes["orcid"]).ok()
    home.run("held", "confirm", home.ids["held"]).ok()
    home.told = home.run("warehouse", "build", "--json").ok().json
    return home


def ask(home: Any, sql: str) -> list[list[Any]]:
    """The rows of an answer."""
    rows = home.run("warehouse", "query", sql, "--json").ok().json["rows"]
    assert isinstance(rows, list)
    return rows


def test_it_says_what_the_folds_say(built: Any) -> None:
    """Of the whole ledger as it is now: every view of the same name, row by row."""
    with open_home(built.path) as home:
        views = compute_views(home, home.ledger.cut(), built.told["as_of"])
    for name in ("contributions", "refusals", "versions", "members"):
        columns = SCHEMAS[name].names()
        said = ask(built, f"SELECT {', '.join(columns)} FROM {name}")  # noqa: S608
        fold = [list(line) for line in views[name].iter_rows()]
        assert sorted(said, key=str) == sorted(fold, key=str), name
        assert said, name
    assert ask(built, "SELECT count(*) FROM transparency") == [[views["statements"].height]]


def test_what_a_curator_asks(built: Any) -> None:
    """Which refusals by reason, where an item was used, what was said about it."""
    reasons = dict(map(tuple, ask(built, "SELECT reason, count(DISTINCT contribution) FROM refusals GROUP BY reason")))
    assert reasons["withdrawn"] == 1
    gone = built.ids["orcid"]
    assert ask(built, f"SELECT version, taken_back_since FROM uses WHERE contribution = '{gone}'") == [  # noqa: S608
        [built.version, True]
    ]
    assert ask(built, f"SELECT what FROM history WHERE contribution = '{gone}'") == [["given"], ["withdrawn"]]  # noqa: S608
    held = ask(built, f"SELECT what FROM history WHERE contribution = '{built.ids['held']}'")  # noqa: S608
    assert sorted(map(tuple, held)) == [("confirmed",), ("given",)]
    assert ask(built, f"SELECT standing, state FROM contributions WHERE contribution = '{built.ids['held']}'") == [  # noqa: S608
        ["assisted-operator", "given"]
    ]


def test_a_query_only_reads(built: Any, tmp_path: Path) -> None:
    """It writes nothing, and reaches no file beside the warehouse; DuckDB's own words say why."""
    secret = tmp_path / "secret.txt"
    secret.write_text("a text")
    for sql in (
        "DELETE FROM contributions", "CREATE TABLE mine AS SELECT 1", f"SELECT * FROM read_text('{secret}')",  # noqa: S608
        f"COPY members TO '{tmp_path / 'out.csv'}'", f"ATTACH '{tmp_path / 'other.duckdb'}'",
        "SET enable_external_access = true", "SELECT nothing FROM nowhere", "",
    ):  # fmt: skip
        found = built.run("warehouse", "query", sql, "--json")
        assert (found.code, found.json["error"]) == (7, "malformed"), sql
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.txt"]


def test_it_says_when_the_ledger_has_grown(built: Any, copied: Callable[..., Any], tmp_path: Path) -> None:
    """The answer is the old one, and says so; after an erasure there is none until it is built again."""
    home = copied(built, tmp_path / "home")
    assert home.run("warehouse", "query", "SELECT 1", "--json").ok().json["stale"] is False
    home.run("consent", "withdraw", "--code", "-", stdin=home.codes["second"]).ok()
    answer = home.run("warehouse", "query", "SELECT 1", "--json").ok()
    assert answer.json["stale"] is True
    assert "lecs warehouse build" in answer.err
    home.run("consent", "erase", "--code", "-", stdin=home.codes["own-key"]).ok()
    found = home.run("warehouse", "query", "SELECT 1", "--json")
    assert found.code == 5
    assert "lecs warehouse build" in found.json["message"]
    assert [p.name for p in (home.path / "derived").iterdir() if "ware" in p.name or p.name in ("lake", "dbt")] == []


@pytest.mark.long  # Row 2 of `make prove ISSUE=5`.
def test_nothing_private_is_in_it(built: Any) -> None:
    """No text, salt, key or record in warehouse, lake or dbt's files; the search finds them elsewhere."""
    for case in ("second", "own-key", "federated", "held", "conversation"):
        traces = home_scanner.traces_of(built.path, built.ids[case])
        assert home_scanner.search(built.path, traces) != []
        assert home_scanner.search(built.path / "derived" / "lake", traces) == []
        assert home_scanner.search(built.path / "derived" / "dbt", traces) == []
        with duckdb.connect(str(built.path / "derived" / "warehouse.duckdb"), read_only=True) as connection:
            tables = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
            said = "\n".join(str(connection.table(name).fetchall()) for name in tables)
        assert not [mark for marks in traces.values() for mark in marks if mark.decode("latin-1") in said]


def test_a_reader_keeps_the_old_one(built: Any, copied: Callable[..., Any], tmp_path: Path) -> None:
    """Who reads while a new one is published sees the old one whole; the next reader sees the new one."""
    from assets.provenance.lake import read_lake
    from assets.warehouse.publishing import new_warehouse, open_warehouse, publish_warehouse

    small = copied(built, tmp_path / "home")
    with open_home(small.path) as home, open_warehouse(home) as reader:
        before = reader.table("contributions").fetchall()
        with duckdb.connect(str(new_warehouse(home))) as fresh:
            fresh.execute("CREATE TABLE contributions AS SELECT 42 AS answer")
        assert reader.table("contributions").fetchall() == before, "half of a new one is not seen"
        publish_warehouse(home, home.derived / "warehouse.new.duckdb", read_lake(home))
        assert reader.table("contributions").fetchall() == before
        # Within one process DuckDB gives a path that is open already; others see the new file.
        program = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).table('contributions'))"
        path = str(home.derived / "warehouse.duckdb")
        other = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        assert "42" in other.stdout


def test_a_difference_is_noticed(built: Any, copied: Callable[..., Any], tmp_path: Path) -> None:
    """One changed value, one row too many: the comparison that stands before publishing names the view."""
    small = copied(built, tmp_path / "home")
    with open_home(small.path) as home:
        warehouse = home.derived / "warehouse.duckdb"
        assert differing_views(home, warehouse) == []
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("UPDATE contributions SET cohort = cohort + 1")
            connection.execute("INSERT INTO members (SELECT * FROM members LIMIT 1)")
        assert differing_views(home, warehouse) == ["contributions", "members"]


def test_content_is_told_apart_whatever_its_order(built: Any, tmp_path: Path) -> None:
    """The digest of a table is that of its rows: another order is the same, another value is not."""
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes((built.path / "derived" / "warehouse.duckdb").read_bytes())
    before = described_tables(copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("CREATE TABLE backwards AS SELECT * FROM members ORDER BY row DESC")
        connection.execute("UPDATE uses SET weight = weight + 1 WHERE row = (SELECT min(row) FROM uses)")
    after = described_tables(copy)
    assert after["backwards"].content == after["members"].content == before["members"].content
    assert after["uses"].content != before["uses"].content


def test_dagster_shows_it(built: Any) -> None:
    """One run; rows, columns, content and lineage on the models, dbt's tests as checks that passed."""
    content = described_tables(built.path / "derived" / "warehouse.duckdb")["provenance"].content
    with open_instance(built.path) as instance:
        event = instance.get_latest_materialization_event(asset_key("provenance"))
        assert event is not None
        assert event.asset_materialization is not None
        assert (event.asset_materialization.tags or {})["dagster/data_version"] == content
        told = event.asset_materialization.metadata
        assert told["dagster/row_count"].value == built.told["tables"]["provenance"] > 0
        assert {column.name for column in told["dagster/column_schema"].value.columns} >= {"row", "consent_fact"}
        (run,) = instance.get_runs(dg.RunsFilter(job_name="warehouse"))
        checks = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluated = [entry.dagster_event.asset_check_evaluation_data for entry in checks if entry.dagster_event]
    assert len(evaluated) > 15
    assert all(one.passed for one in evaluated)


def test_the_whole_estate() -> None:
    """No more than 27 assets, every one described; the build has no part of the warehouse in it."""
    from lecs_pipeline.whole import defs

    graph = defs.resolve_asset_graph()
    names = {node.key.to_user_string(): node for node in graph.asset_nodes}
    assert len(names) <= 27, "more than that, and the graph is not read any more"
    assert all(node.description for node in names.values())
    ours = {name.removeprefix("warehouse/") for name in names if name.startswith("warehouse/")}
    assert ours == {
        "lake", "contributions", "refusals", "history", "versions", "members", "uses", "provenance", "transparency",
    }  # fmt: skip
    assert {node.group_name for name, node in names.items() if name.startswith("warehouse/")} == {"provenance"}
    built = {key.to_user_string() for key in defs.resolve_job_def("build").asset_layer.executable_asset_keys}
    assert not [name for name in built if name.startswith("warehouse/")]


def models() -> dict[str, Any]:
    """The models of the manifest, by name."""
    nodes = json.loads(manifest().read_bytes())["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


def origins(sql: str, column: str, schema: dict[str, dict[str, str]]) -> set[str]:
    """The ``table.column`` that a column of a compiled model is taken from, by reading the SQL."""
    import sqlglot
    from sqlglot.lineage import lineage

    plain = re.sub(r"'[^']*/lake/(\w+)/\*\.parquet'", r"lake__\1", sql).replace('"warehouse"."main".', "")
    found = set()
    for node in lineage(column, plain, schema, dialect="duckdb").walk():
        if isinstance(node.expression, sqlglot.exp.Table):
            found.add(f"{node.expression.name.replace('__', '.')}.{node.name.rpartition('.')[2]}")
    return found


def test_the_declared_lineage_is_that_of_the_sql(built: Any) -> None:
    """Every declared origin of every column is one that the SQL takes the column from."""
    compiled = built.path / "derived" / "dbt" / "compiled" / "lecs" / "models" / "marts"
    schema = {f"lake__{name}": dict.fromkeys(columns.names(), "text") for name, columns in TABLES.items()}
    with duckdb.connect(str(built.path / "derived" / "warehouse.duckdb"), read_only=True) as connection:
        for (name,) in connection.execute("SHOW TABLES").fetchall():
            schema[name] = dict.fromkeys(connection.table(name).columns, "text")
    checked = 0
    for name, model in models().items():
        for column, stated in declared(model).items():
            found = origins((compiled / f"{name}.sql").read_text(), column, schema)
            assert set(stated) <= found, (name, column)
            checked += 1
    assert checked > 20


def test_from_a_release_back_to_a_consent() -> None:
    """Following declared columns from `provenance` upwards leads to the manifest's rows and to consent facts."""
    known = {
        f"{name}.{column}": stated for name, model in models().items() for column, stated in declared(model).items()
    }

    def follow(column: str) -> set[str]:
        above = known.get(column)
        return {column} if above is None else set().union(*map(follow, above))

    assert follow("provenance.row") == {"lake.members.row"}
    assert follow("provenance.consent_fact") == {"lake.statements.digest"}
    assert follow("provenance.consent_record") == {"lake.statements.record"}
    assert follow("provenance.contribution") == {"lake.statements.contribution"}


@pytest.mark.long  # Row 2 of `make prove ISSUE=5` builds and documents too.
def test_dbt_by_hand_stays_on_the_machine(built: Any, copied: Callable[..., Any], tmp_path: Path) -> None:
    """`dbt build` and `dbt docs generate` as documented, in a process in which every connection fails."""
    home = copied(built, tmp_path / "home")
    program = (
        "import socket, sys\n"
        "def no(*a, **k): raise SystemExit('network')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = no\n"
        "from dbt.cli.main import dbtRunner\n"
        "where = ['--project-dir', sys.argv[1], '--profiles-dir', sys.argv[1], '--target-path', sys.argv[2],"
        " '--log-path', sys.argv[2]]\n"
        "for words in (['build'], ['docs', 'generate', '--static']):\n"
        "    result = dbtRunner().invoke([*words, '--quiet', *where])\n"
        "    assert result.success, result.exception or result.result\n"
    )
    env = {**os.environ, "LECS_HOME": str(home.path), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(FOLDER), str(tmp_path / "docs")],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    page = (tmp_path / "docs" / "static_index.html").read_text()
    assert "From each item of a release back to the consent fact" in page


@pytest.mark.long  # dbt once more: row 2 of `make prove ISSUE=5`.
def test_one_table_asked_for_makes_them_all_and_prints_one_object(small: Any) -> None:
    """dbt's own lines stay in its log: standard output is the answer alone, also when there is nothing to ask yet."""
    refused = small.run("asset", "make", "warehouse/refusals", "--json")
    assert (refused.code, "there is no lake" in refused.json["message"]) == (14, True)
    small.run("asset", "make", "warehouse/lake", "--json").ok()
    made = small.run("asset", "make", "warehouse/refusals", "--json").ok().json["made"]
    assert {"warehouse/refusals", "warehouse/contributions", "warehouse/provenance"} <= set(made)
