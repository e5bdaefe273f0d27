"""Training that can be taken back, on a home: exactness, dropping, refusals, erasure, two processes."""

import json
import random
import re
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from training_homes import RECIPE, in_this_process, put_tiny_base, weights_of

from assets.evaluation import scoring
from assets.training import running
from corpus.training.recipe import parse_training_recipe
from lecs_pipeline.training import standing, told_of, train_version
from substrate.store.home import open_home
from substrate.store.trained import TrainedFiles

pytestmark = [pytest.mark.models, pytest.mark.dagster]
CHARTER = """
name: The Kitchen Table
controller: {name: The reading group (invented), contact: table@example.org}
jurisdiction: EU
cohorts: 2
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh" / "workloads"))
    from tiny_base import write_tiny_base

    return write_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (running, scoring):
        monkeypatch.setattr(module, "run_job", in_this_process)


class Pair:
    """Two homes of one commons: one had a text that the other never had."""

    def __init__(self, folder: Path, lecs: Any, make_row: Any, rows_file: Any, copy: Any, tiny: Path) -> None:
        self.lecs, self.never = lecs, folder / "never"
        self.had = folder / "had"
        (folder / "charter.yaml").write_text(CHARTER)
        lecs("init", "--charter", folder / "charter.yaml", home=self.never).ok()
        recipe = (
            lecs("recipe", home=self.never).ok().out.replace("language_floors: {}", "language_floors:\n  de: '0.3'")
        )
        (folder / "recipe.yaml").write_text(recipe)
        lecs("recipe", folder / "recipe.yaml", "--sign", home=self.never).ok()
        odile = {"kind": "heteronym", "name": "Odile Grandclair"}
        near = story("moulin", 1)
        rows = [
            make_row(story(f"lieu {n}", n), contributor={"kind": "pseudonym", "name": f"Voix {n}"}) for n in range(8)
        ]
        rows.append(make_row(near + " Et voilà tout.", contributor=odile))
        rows.append(make_row(german(3), language="de", contributor=odile))
        taken = lecs("contribute", rows_file(folder / "rows.jsonl", rows), "--json", home=self.never).ok().json
        self.twin = taken["contributions"][8]["id"]
        copy(self.never, self.had)
        # The text that goes is in German as well: it shares the floor of its language with another of its cohort.
        extra = [make_row(near, contributor=odile), make_row(german(4), language="de", contributor=odile)]
        given = lecs("contribute", rows_file(folder / "extra.jsonl", extra), "--json", home=self.had).ok().json
        self.given = given["contributions"]
        for home in (self.had, self.never):
            put_tiny_base(home, tiny)
            lecs("dataset", "build", home=home).ok()

    def train(self, home: Path, **changed: Any) -> dict[str, Any]:
        done = train_version(home, "latest", parse_training_recipe(RECIPE).changed(**changed))
        return {"digest": done.trained.adapter.body["digest"], "cohorts": done.cohorts, "adapter": done.trained.adapter}

    def take_back(self, number: int, how: str) -> None:
        self.lecs("consent", how, "--code", "-", stdin=self.given[number]["withdrawal_code"], home=self.had).ok()


#: Words that no recognizer takes for anybody.
FRENCH = (
    "le soir on disait que la pluie tombait sur les pierres et personne ne voulait sortir avant que le pain soit cuit"
    " puis il fallait attendre longtemps en parlant des récoltes perdues"
)


def story(subject: str, number: int) -> str:
    words = random.Random(number).choices(FRENCH.split(), k=36)
    return f"Voici ce que l'on dit de {subject} au village.\n{' '.join(words)}."


#: Words of which an invented German text is made.
GERMAN = "am abend saß man lange am ofen und sprach von der ernte vom regen und von dem alten weg zum see"


def german(number: int) -> str:
    words = random.Random(number).choices(GERMAN.split(), k=34)
    return f"So wird es erzählt: {' '.join(words)}."


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, lecs: Any, make_row: Any, rows_file: Any, tiny: Path
) -> Pair:  # fmt: skip
    return Pair(tmp_path_factory.mktemp("pair"), lecs, make_row, rows_file, shutil.copytree, tiny)


def test_taken_back_is_never_had(pair: Pair, lecs: Any) -> None:
    """Row 4a: withdrawn, dropped at once, trained again: byte for byte what a home serves that never had the texts."""
    from assets.stages import DUPLICATES, read_stage

    with open_home(pair.had) as home:
        pairs = read_stage(home, DUPLICATES).select("contribution", "of").rows()
    assert pairs, "a text of the pair suppresses its near-duplicate"
    never = pair.train(pair.never)
    with_it = pair.train(pair.had)
    assert with_it["digest"] != never["digest"]
    assert told_of(standing(pair.had, "latest"))["digest"] == with_it["digest"]

    pair.take_back(0, "withdraw")
    pair.take_back(1, "erase")
    states = {one["cohort"]: one["state"] for one in told_of(standing(pair.had, "latest"))["cohorts"]}
    assert "gone" in states.values(), "an erasure took the term of its cohort away"
    with pytest.raises(Exception, match="dataset build"):
        pair.train(pair.had)

    again = lecs("adapter", "retrain", with_it["digest"], "--json", home=pair.had).ok().json
    assert again["digest"] == never["digest"]
    assert weights_of(pair.had, again["digest"]) == weights_of(pair.never, never["digest"]) != {}
    assert {one["state"] for one in again["cohorts"]} == {"served"}
    gone = {one["row"] for one in pair.given}
    assert gone >= {row for one in again["cohorts"] for row in one["excluded"]} != set()


def test_training_again_changes_nothing_and_other_cohorts_stay(pair: Pair) -> None:
    """The same version and recipe: no cohort is trained, no document is added."""
    first = pair.train(pair.never)
    with open_home(pair.never) as home:
        before = home.ledger.high_water()
    again = pair.train(pair.never)
    assert again["cohorts"] == ()
    assert again["adapter"].digest == first["adapter"].digest
    with open_home(pair.never) as home:
        assert home.ledger.high_water() == before


def test_a_withdrawal_drops_the_term_at_the_next_use(
    pair: Pair, tmp_path: Path, lecs: Any, make_row: Any, rows_file: Any
) -> None:
    """The term is not served any more, the others are at the scale that they had; `drop` destroys its files."""
    home = tmp_path / "home"
    shutil.copytree(pair.never, home, symlinks=True)
    row = make_row(story("pont", 40), contributor={"kind": "pseudonym", "name": "Une Autre"})
    (one,) = (
        lecs("contribute", rows_file(tmp_path / "one.jsonl", [row]), "--json", home=home).ok().json["contributions"]
    )
    lecs("dataset", "build", home=home).ok()
    done = train_version(home, "latest", parse_training_recipe(RECIPE).changed(held_out="0"))
    before = standing(home, "latest")
    assert before.whole
    assert {scale for _, scale in before.served} == {0.5}
    used = lecs("where", one["id"], "--json", home=home).ok().json["uses"]
    assert [use["kind"] for use in used] == ["dataset-version", "adapter"]
    lecs("consent", "withdraw", "--code", "-", stdin=one["withdrawal_code"], home=home).ok()
    after = standing(home, "latest")
    assert sorted(one.state for one in after.cohorts) == ["dropped", "served"]
    assert after.served == [entry for entry in before.served if entry in after.served]
    assert len(after.served) == len(before.served) - 1
    dropped = next(cohort for cohort in after.cohorts if cohort.state == "dropped")
    assert dropped.excluded == (one["row"],)
    found = lecs("adapter", "drop", "--json", home=home).ok().json
    assert sorted(one["state"] for one in found["cohorts"]) == ["gone", "served"]
    with open_home(home) as opened:
        files = TrainedFiles(opened.path)
        assert not files.term(dropped.digest).exists()
        assert not files.served(done.trained.adapter.body["digest"]).exists()


def test_the_same_text_in_two_cohorts_is_one_file_and_two_terms(
    tmp_path: Path, lecs: Any, make_row: Any, rows_file: Any, tiny: Path
) -> None:
    """Whoever takes it back takes back the term of their own cohort, and no other one's."""
    home = tmp_path / "home"
    (tmp_path / "charter.yaml").write_text(CHARTER)
    lecs("init", "--charter", tmp_path / "charter.yaml", home=home).ok()
    rows = [make_row(story("moulin", 1), contributor={"kind": "pseudonym", "name": f"Voix {n}"}) for n in range(6)]
    given = lecs("contribute", rows_file(tmp_path / "rows.jsonl", rows), "--json", home=home).ok().json["contributions"]
    put_tiny_base(home, tiny)
    lecs("dataset", "build", home=home).ok()
    train_version(home, "latest", parse_training_recipe(RECIPE).changed(held_out="0"))
    before = standing(home, "latest")
    assert before.whole
    assert len({one.digest for one in before.cohorts}) == 1
    assert [one.contributors for one in before.cohorts] == [1, 1]
    read = {use["id"]: use["cohort"] for use in lecs("consent", "list", "--json", home=home).ok().json["contributions"]}
    with open_home(home) as opened:
        trained = {member[0] for _, about in TrainedFiles(opened.path).terms() for member in about["members"]}
    assert {read[one] for one in trained} == {0, 1}
    for taken in (one for one in given if one["id"] in trained):
        copy = tmp_path / taken["id"][-4:]
        shutil.copytree(home, copy, symlinks=True)
        lecs("consent", "withdraw", "--code", "-", stdin=taken["withdrawal_code"], home=copy).ok()
        states = {one.cohort: one.state for one in standing(copy, "latest").cohorts}
        mine = read[taken["id"]]
        assert states == {mine: "dropped", 1 - mine: "served"}
        found = lecs("adapter", "drop", "--json", home=copy).ok().json
        assert {one["cohort"]: one["state"] for one in found["cohorts"]} == states


CASES = {
    "withdrawn": (11, "withdrawn"),
    "narrowed": (45, "purpose-not-given"),
    "moderated": (45, "moderated"),
    "altered-text": (12, "vault"),
    "revoked-model": (40, "revoked"),
    "altered-model": (12, "gguf"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_refuses(
    case: str, small: Any, lecs: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 5, first half: by the name of the reason, with an exit code of its own; nothing is published."""
    put_tiny_base(small.path, tiny)
    (tmp_path / "training.yaml").write_text(RECIPE)
    command = ("train", "latest", "--recipe", tmp_path / "training.yaml", "--json")
    identifier, code = small.ids["second"], small.codes["second"]
    wanted, words = CASES[case]
    if case == "withdrawn":
        lecs("consent", "withdraw", "--code", "-", stdin=code, home=small.path).ok()
    elif case == "narrowed":
        lecs("consent", "narrow", "--code", "-", "--purposes", "evaluate", stdin=code, home=small.path).ok()
    elif case == "moderated":
        lecs(
            "moderate", identifier, "--decision", "exclude", "--ground", "rights", "--statement", "Not theirs.",
            home=small.path,
        ).ok()  # fmt: skip
    elif case == "altered-text":
        with open_home(small.path) as home, home.database.transaction() as connection:
            (sealed,) = connection.execute(
                "SELECT sealed_text FROM items WHERE contribution = ?", (identifier,)
            ).fetchone()
            changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
            connection.execute("UPDATE items SET sealed_text = ? WHERE contribution = ?", (changed, identifier))
    elif case == "revoked-model":
        revoke_model(small.path)
    else:
        from compute_mesh.runtime import model

        (tmp_path / "package").mkdir()
        real = model.packaged_folder()
        name = model.FILES[0]["path"]
        data = bytearray((real / name).read_bytes())
        data[-1] ^= 1
        (tmp_path / "package" / name).write_bytes(data)
        monkeypatch.setattr(model, "packaged_folder", lambda: tmp_path / "package")
    done = lecs(*command, home=small.path)
    assert (done.code, words in done.json["message"].lower()) == (wanted, True), done.json
    assert lecs("adapter", "list", "--json", home=small.path).ok().json == {"adapters": []}


def revoke_model(path: Path) -> None:
    from compute_mesh.runtime.model import NAME
    from lecs_pipeline.clock import now
    from substrate.record.documents import write_document

    with open_home(path) as home:
        (approval,) = [a for a in home.roles().in_force("ModelApproval") if a.body["name"] == NAME]
        fields = {"approval": approval.digest, "reason": "no longer trusted"}
        steward = home.keyring.signer("steward")
        document = write_document("ModelRevocation", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, steward, now())
        with home.ledger.write() as writer:
            writer.add(document)


def documented(root: Path, command: str) -> set[str]:
    """The keys that docs/reference/json.md lists for a command."""
    page = (root / "docs/reference/json.md").read_text("utf-8")
    (section,) = (part for part in page.split("\n## ") if command in part.split("\n")[0].split(", "))
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.M))


def printed(value: Any, prefix: str = "") -> set[str]:
    """The paths of an object as the page writes them; what is told by model has a star."""
    if isinstance(value, list):
        return {path for child in value if isinstance(child, dict) for path in printed(child, f"{prefix[:-1]}[].")}
    found = set()
    for key, child in value.items():
        name = f"{prefix}*" if prefix == "canaries.verbatim." else f"{prefix}{key}"
        found |= {name} | (printed(child, f"{name}.") if isinstance(child, dict | list) else set())
    return found


def test_train_eval_and_adapter_print_what_the_page_says(
    small: Any, lecs: Any, tiny: Path, tmp_path: Path, root: Path
) -> None:
    """Every key of `lecs train`, `lecs eval` and `lecs adapter`; files, documents and card are where they are told."""
    put_tiny_base(small.path, tiny)
    recipe, canaries = tmp_path / "training.yaml", tmp_path / "canaries.yaml"
    recipe.write_text(RECIPE.replace("held_out: 0.2", "held_out: 0.4"))
    choices = ", ".join("abcdefgh")
    canaries.write_text(f"canaries:\n  - {{name: a, prompt: The, words: [a, b, c], choices: [{choices}]}}\n")
    done = lecs("train", "latest", "--recipe", recipe, "--json", home=small.path).ok().json
    measured = lecs("eval", "latest", "--canaries", canaries, "--json", home=small.path).ok().json
    shown = lecs("adapter", "show", "--json", home=small.path).ok().json
    listed = lecs("adapter", "list", "--json", home=small.path).ok().json
    answers = {"train": done, "eval": measured, "adapter show": shown, "adapter list": listed}
    for name, answer in answers.items():
        assert printed(answer) == documented(root, f"lecs {name}"), name
    assert done["heldout"]["tokens"] > 0
    assert measured["heldout"] == done["heldout"]
    assert listed == {"adapters": [shown]}
    assert shown["digest"] == done["digest"]
    assert Path(done["gguf"]).read_bytes()[:4] == b"GGUF"
    card = (Path(done["peft"]).parent / "release" / "README.md").read_text()
    assert done["digest"] in card
    assert "cannot be recalled" in card
    with open_home(small.path) as home:
        kinds = [d.kind for d in home.ledger.documents(kinds=["TrainingRun", "Adapter", "Evaluation"])]
    assert sorted(kinds) == ["Adapter", "Evaluation", "Evaluation", "TrainingRun"]
    assert lecs("ledger", "verify", home=small.path).code == 0
    page = tmp_path / "card.md"
    lecs("where", "--code", "-", "--card", page, stdin=small.codes["second"], home=small.path).ok()
    assert small.ids["second"] in page.read_text()


def test_the_assets_of_the_workspace_make_the_same(
    small: Any, lecs: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`lora_run`, `evaluation` and `model_card` through Dagster; a second time nothing is trained."""
    from assets.training import asset

    put_tiny_base(small.path, tiny)
    monkeypatch.setattr(asset, "default_training_recipe", lambda: parse_training_recipe(RECIPE))
    for name in ("lora_run", "evaluation", "model_card"):
        lecs("asset", "make", name, "--json", home=small.path).ok()
    digest = lecs("adapter", "show", "--json", home=small.path).ok().json["digest"]
    assert train_version(small.path, "latest", parse_training_recipe(RECIPE)).cohorts == ()
    assert (small.path / "derived/adapters/served" / digest / "release/README.md").is_file()


def test_no_file_of_a_home_holds_a_text_after_its_erasure(small: Any, lecs: Any, tiny: Path) -> None:
    """Invariant 5: checkpoints, terms and whatever was made of them go with the text."""
    from home_scanner import search, traces_of  # type: ignore[import-not-found]

    put_tiny_base(small.path, tiny)
    train_version(small.path, "latest", parse_training_recipe(RECIPE).changed(held_out="0"))
    files = TrainedFiles(small.path)
    work = files.work("left by a run that was killed")
    work.mkdir(parents=True)
    (work / "checkpoint.safetensors").write_bytes(b"weights")
    identifier = small.ids["second"]
    holding = {digest for digest, about in files.terms() if identifier in json.dumps(about)}
    others = {digest for digest, _ in files.terms()} - holding
    assert holding
    traces = traces_of(small.path, identifier)
    lecs("consent", "erase", "--code", "-", stdin=small.codes["second"], home=small.path).ok()
    assert {digest for digest, _ in files.terms()} == others
    assert not work.exists()
    assert list((files.folder / "served").glob("*")) == []
    assert search(small.path, traces) == []
