"""The SQL of the warehouse says what the Python folds say, on generated ledgers.

The models are compiled once by dbt itself; every ledger is then laid out as a lake and folded both ways.
LECS_EXAMPLES=200 tries 200 of them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.provenance.lake import law_rows, reading_rows, statement_rows, write_tables
from assets.provenance.views import SCHEMAS, contribution_line, refusal_lines
from consent.gate import law_of
from consent.state import BY_HAND, State, contribution_state
from substrate.record.authority import Roles, fold_roles, policy_in_force
from substrate.record.documents import Document
from substrate.record.fold import gather
from substrate.record.vocabulary import PURPOSES, RELEASED, TIERS

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("contributions", "refusals", "transparency", "history")
#: What dbt calls the file that it writes; here the tables are in memory.
DATABASE = '"warehouse".'
EXAMPLES = min(int(os.environ.get("LECS_EXAMPLES", "15")), 200)
SUBJECTS = tuple(f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in range(3))
ROWS = tuple(letter * 64 for letter in "abcd")
TIMES = ("2026-11-22T12:00:00Z", "2026-11-30T00:00:00Z", "2027-05-01T00:00:00Z", None)


class Warehouse:
    """The compiled models, and a folder that stands for the lake."""

    def __init__(self, folder: Path) -> None:
        self.lake = folder / "derived" / "lake"
        self.lake.parent.mkdir()
        subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--project-dir", str(ROOT / "dbt"),
             "--profiles-dir", str(ROOT / "dbt"), "--target-path", str(folder / "target"),
             "--log-path", str(folder / "log")],
            check=True,
            capture_output=True,
            env={**os.environ, "LECS_HOME": str(folder), "DO_NOT_TRACK": "1"},
        )  # fmt: skip
        compiled = folder / "target" / "compiled" / "lecs" / "models" / "marts"
        self.models = {name: (compiled / f"{name}.sql").read_text().replace(DATABASE, "") for name in MODELS}

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
    """Facts, rivals, changes of mind, decisions, redactions and readings by right and by wrong keys."""
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
        "PartyConsent": st.fixed_dictionaries(
            {"tier": st.none() | st.sampled_from(TIERS), "purposes": purposes.filter(bool),
             "cites": st.sampled_from(["1" * 64, "2" * 64])}
        ),
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
        "Redaction": st.fixed_dictionaries(
            {"rowBefore": st.sampled_from(ROWS[:2]), "rowAfter": st.sampled_from(ROWS),
             "redactor": st.sampled_from(["redactor-2", "redactor-3", BY_HAND])}
        ),
        "HeldReading": st.fixed_dictionaries(
            {"row": st.sampled_from(ROWS), "standing": st.none() | st.sampled_from(RELEASED)}
        ).map(lambda said: {**said, "reading": "confirmed" if said["standing"] else "marked"}),
        "Erased": st.fixed_dictionaries({"reason": st.none() | st.just("held-expired")}),
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


@st.composite
def roles_for(draw: st.DrawFn, make_commons: Any, documents: list[Document]) -> Roles:
    """Roles of a charter that asks for one reader or two, and may have changed its mind and a moderator since."""
    commons = make_commons(secondReader=draw(st.booleans()))
    if draw(st.booleans()):
        return commons.roles(*documents)
    gone = commons.moderators[0].did
    change = commons.write(
        "CharterChange", commons.stewards[0], "readers", added=[], fields={"secondReader": draw(st.booleans())},
        removed=[{"role": "moderator", "key": gone}] if draw(st.booleans()) else [],
    )  # fmt: skip
    before = {d.digest for d in documents if draw(st.booleans())}
    return fold_roles(
        [*commons.founding, *documents, change], commons.id, commons.charter.digest, None, lambda d, _: d in before
    )


def told_about(state: State) -> dict[str, Any]:
    """The line of the view, and what else the warehouse says about a contribution."""
    names = (
        "fact", "record", "redactor", "tier_given", "parties_required", "parties_given", "withdrawn", "erased",
        "erased_because", "conflict",
    )  # fmt: skip
    return contribution_line(state) | {name: getattr(state, name) for name in names}


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_python_agree(commons: Any, make_commons: Any, warehouse: Warehouse, data: st.DataObject) -> None:
    """Contributions, refusals and statements: row by row, column by column."""
    documents = data.draw(ledgers(commons))
    as_of = data.draw(st.sampled_from([t for t in TIMES if t]))
    roles = data.draw(roles_for(make_commons, documents))
    law = law_of(policy_in_force(roles), roles.charter.body)
    groups = list(gather(documents))
    rows = [row for subject, group in groups for row in statement_rows(subject, group, roles)]
    readings = [row for _, group in groups for row in reading_rows(group, roles)]
    lake = {"statements": rows, "readings": readings, "members": [], **law_rows(law, as_of)}
    states = [s for _, group in groups if (s := contribution_state(group, roles)) is not None]

    with warehouse.fold(lake) as folded:

        def sql(view: str, columns: list[str]) -> list[dict[str, Any]]:
            lines = folded.execute(f"SELECT {', '.join(columns)} FROM {view}").fetchall()  # noqa: S608
            return sorted((dict(zip(columns, line, strict=True)) for line in lines), key=str)

        expected = sorted((told_about(s) for s in states), key=str)
        columns = list(expected[0]) if expected else SCHEMAS["contributions"].names()
        assert sql("contributions", columns) == expected
        refused = sorted(refusal_lines(states, law, as_of), key=str)
        assert sql("refusals", SCHEMAS["refusals"].names()) == refused
        told = folded.execute("SELECT digest, counts FROM transparency ORDER BY digest").fetchall()
        assert told == sorted((row["digest"], row["counts"]) for row in rows)
        said = folded.execute("SELECT document FROM history ORDER BY document").fetchall()
        assert said == sorted((row["digest"],) for row in rows if row["counts"])
