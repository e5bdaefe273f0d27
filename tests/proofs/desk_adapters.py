"""How long a click takes to reach what is served: a process that answers with the adapter, and never stops doing so."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import training_proof as t
from desk_process import Visitor
from running import require

#: So many cohorts, and every text of another person, that each click takes another term away.
COHORTS = 48
CHARTER = t.CHARTER.replace("cohorts: 2", f"cohorts: {COHORTS}")
ONE_STEP = t.QUICK.replace("steps: 12", "steps: 1")


def served_home(folder: Path) -> tuple[Path, list[tuple[str, str]]]:
    """A home whose version is trained by cohort, and one (contribution, code) of each cohort but one that is served."""
    home, recipe = folder / "home", folder / "recipe.yaml"
    folder.mkdir()
    recipe.write_text(ONE_STEP)
    (folder / "charter.yaml").write_text(CHARTER)
    t.lecs("init", "--charter", folder / "charter.yaml", home=home)
    rows = [{**row, "contributor": {"kind": "pseudonym", "name": f"reader {n}"}} for n, row in enumerate(t.rows(80))]
    given = t.lecs("contribute", t.write(folder / "rows.jsonl", rows), home=home)["contributions"]
    codes = {one["id"]: one["withdrawal_code"] for one in given}
    t.lecs("dataset", "build", home=home)
    t.train(home, recipe)
    served = {one["cohort"] for one in t.lecs("adapter", "show", "latest", home=home)["cohorts"]}
    one_each = {
        one["cohort"]: one["id"]
        for one in t.lecs("consent", "list", home=home)["contributions"]
        if one["cohort"] in served and one["id"] in codes
    }
    return home, [(one, codes[one]) for one in list(one_each.values())[1:]]


def click_to_unserved(url: str, home: Path, given: list[tuple[str, str]]) -> list[float]:
    """Seconds from each click until the answering process has written without the cohort's term."""
    found = []
    with _answering(home) as answers:
        for contribution, code in given:
            visitor = Visitor(url)
            visitor.post("/withdraw", code=code)
            answers.send("watch")
            before = answers.recv()
            clicked = time.monotonic()
            visitor.post("/my/change", contribution=contribution, action="withdraw")
            after, when = answers.recv()
            require(after == before - 1, f"{before} terms before the click, {after} after it")
            found.append(when - clicked)
    return found


@contextmanager
def _answering(home: Path) -> Iterator[Connection]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_answer, args=(theirs, home), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.join()


def _answer(pipe: Connection, home: Path) -> None:
    """One answer of a few words after another, as `lecs chat` gives them. Linux has one monotonic clock for all."""
    from compute_mesh.runtime.model import INFERENCE
    from compute_mesh.runtime.sampling import Sampling
    from compute_mesh.runtime.writing import Writing
    from lecs_pipeline.clock import now
    from lecs_pipeline.running import Chosen, running
    from lecs_pipeline.serving import renew

    with running(home, Chosen(adapter="latest"), INFERENCE) as (loaded, _):

        def answer() -> int:
            renew(home, "latest", loaded, now)
            for _ in Writing(loaded, loaded.tokens("Once"), Sampling(tokens=8)):
                pass
            return len(loaded.adapters)

        while True:
            pipe.recv()
            before: Any = answer()
            pipe.send(before)
            while (after := answer()) == before:
                pass
            pipe.send((after, time.monotonic()))
