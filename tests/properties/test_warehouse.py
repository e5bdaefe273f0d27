"""The SQL of the warehouse says what the Python folds say, on generated ledgers.

The models are compiled once by dbt itself; every ledger is then laid out as a lake and folded both ways.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.provenance.lake import law_rows, statement_rows, write_tables
from assets.provenance.views import SCHEMAS, contribution_line, refusal_lines
from consent.gate import law_of
from consent.state import contribution_state
from substrate.record.authority import policy_in_force
from substrate.record.documents import Document
from substrate.record.fold import gather
from substrate.record.vocabulary import PURPOSES, TIERS

ROOT = Path(__file__).resolve().parents[2]
MODELS = (
    "staging/stg_facts", "staging/stg_changes", "staging/stg_decisions", "staging/stg_rows", "marts/contributions",
    "marts/refusals", "marts/transparency",
)  # fmt: skip
SUBJECTS = tuple(f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in range(3))
ROWS = tuple(letter * 64 for letter in "abcd")
TIMES = ("2026-11-22T12:00:00Z", "2026-11-30T00:00:00Z", "2027-05-01T00:00:00Z", None)


class Warehouse:
    """The compiled models, and a folder that stands for the lake."""

    def __init__(self, folder: Path) -> None:
        self.lake = folder / "lake"
        variables = f'{{"lake": "{self.lake}", "warehouse": ":memory:"}}'
        subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--project-dir", str(ROOT / "dbt"),
             "--profiles-dir", str(ROOT / "dbt"), "--vars", variables, "--target-path", str(folder / "target"),
             "--log-path", str(folder / "log"), "--no-introspect"],
            check=True,
            capture_output=True,
        )  # fmt: skip
        compiled = folder / "target" / "compiled" / "lecs" / "models"
        self.models = {Path(name).name: (compiled / f"{name}.sql").read_text() for name in MODELS}

    def fold(self, rows: dict[str, Any]) -> duckdb.DuckDBPyConnection:
        """The tables of a lake of ``rows``."""
        shutil.rmtree(self.lake, ignore_errors=True)
        write_tables(self.lake, rows)
        connection = duckdb.connect(":memory:")
        for name, sql in self.models.items():
            connection.execute(f"CREATE TABLE main.{name} AS {sql}")
        return connection


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Compiled once; dbt takes seconds to start."""
    return Warehouse(tmp_path_factory.mktemp("dbt"))


@st.composite
def ledgers(draw: st.DrawFn, commons: Any) -> list[Document]:
    """Facts, rivals, changes of mind, decisions and redactions by right and by wrong keys."""
    keys = st.sampled_from(
        [commons.node, commons.node, commons.other_node, commons.withdrawal, commons.withdrawal,
         commons.moderators[0], commons.moderators[1], commons.stewards[0], commons.stranger]
    )  # fmt: skip
    purposes = st.lists(st.sampled_from(PURPOSES), max_size=4, unique=True).map(sorted)
    expires = st.sampled_from(TIMES)
    fields: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "ConsentFact": st.fixed_dictionaries(
            {
                "tier": st.sampled_from(TIERS), "purposes": purposes.filter(bool), "row": st.sampled_from(ROWS),
                "standing": st.sampled_from(["contributor", "assisted-operator", "held"]),
                "preview": st.sampled_from(["contributor", "none"]), "expires": expires,
                "parties": st.sampled_from([{"required": 1, "given": 1}, {"required": 2, "given": 1}]),
            }
        ),
        "ConsentWithdrawal": st.just({}),
        "ConsentNarrowing": st.fixed_dictionaries(
            {"tier": st.sampled_from([None, "training-only"]), "purposes": st.none() | purposes, "expires": expires}
        ),
        "ConsentChange": st.fixed_dictionaries(
            {"withdrawn": st.booleans(), "tier": st.sampled_from([None, "training-only"]),
             "purposes": st.none() | purposes, "expires": expires}
        ),
        "ModerationDecision": st.fixed_dictionaries(
            {"decision": st.sampled_from(
                ["admit", "restore", "restrict-tier", "require-redaction", "quarantine", "exclude"]),
             "tier": st.none() | st.sampled_from(TIERS)}
        ),
        "Redaction": st.fixed_dictionaries({"rowBefore": st.sampled_from(ROWS), "rowAfter": st.sampled_from(ROWS)}),
        "Erased": st.just({}),
    }  # fmt: skip
    documents: list[Document] = []
    for subject in draw(st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=3, unique=True)):
        kinds = ["ConsentFact", *draw(st.lists(st.sampled_from(sorted(fields)), max_size=7))]
        for number, kind in enumerate(kinds):
            key = commons.node if number == 0 else draw(keys)
            said = {k: v for k, v in draw(fields[kind]).items() if v is not None}
            earlier = [d.digest for d in documents if d.kind == kind == "ModerationDecision"]
            if earlier and draw(st.booleans()):
                said["previous"] = draw(st.sampled_from(earlier))
            if said.get("tier") == "federated" and kind == "ConsentFact":
                said["cohort"] = None
            documents.append(commons.write(kind, key, f"{subject}{number}", contribution=subject, **said))
    return documents


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_agree(commons: Any, warehouse: Warehouse, data: st.DataObject) -> None:
    """Contributions, refusals and statements: row by row, column by column."""
    documents = data.draw(ledgers(commons))
    as_of = data.draw(st.sampled_from([t for t in TIMES if t]))
    roles = commons.roles(*documents)
    law = law_of(policy_in_force(roles), roles.charter.body)
    groups = list(gather(documents))
    rows = [row for subject, group in groups for row in statement_rows(subject, group, roles)]
    folded = warehouse.fold({"statements": rows, "members": [], **law_rows(law, as_of)})
    states = [s for _, group in groups if (s := contribution_state(group, roles)) is not None]

    def sql(view: str) -> list[dict[str, Any]]:
        columns = ", ".join(SCHEMAS[view].names())
        found = folded.execute(f"SELECT {columns} FROM {view}")
        names = [column[0] for column in found.description or []]
        return sorted((dict(zip(names, line, strict=True)) for line in found.fetchall()), key=str)

    assert sql("contributions") == sorted((contribution_line(s) for s in states), key=str)
    assert sql("refusals") == sorted(refusal_lines(states, law, as_of), key=str)
    told = folded.execute("SELECT digest, counts FROM transparency ORDER BY digest").fetchall()
    assert told == sorted((row["digest"], row["counts"]) for row in rows)
