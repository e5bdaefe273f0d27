"""Row 7 of issue 9: compute to data; `prove_9.py` calls it. By hand: ``python tests/proofs/federated_proof.py``.

Four homes as four nodes on loopback, the packaged base model, texts of the example archive given as federated on three
of them, each with a planted secret of its own. Every frame of every node is written down before it is encrypted.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
import training_proof as t
from running import ROOT, Shown, clean_environment, require, say
from windows import Windows

CHARTER = """
name: The Kitchen Table
controller: {name: The reading group (invented), contact: table@example.org}
jurisdiction: EU
cohorts: 4
"""
RECIPE = """
format: lecs-training-1
seed: "39592a1c5233dd82aca8866528d9a0ed9ee38555977ae51ba89bbf0dec218bc5"
rank: 8
alpha: 16
targets: [attention]
length: 64
batch: 2
precision: auto
threads: 1
held_out: 0.35
schedule:
  - {up_to: 0, steps: STEPS, rate: 0.003}
release_rank: 8
checkpoint: 4
"""
WORDS = ("copper", "lantern", "willow", "anchor", "barley", "candle", "harbour", "kettle", "ladder", "marble", "needle",
         "orchard", "pepper", "ribbon", "saddle", "thistle")  # fmt: skip
PLACES = ("the old mill", "the ferry house", "the upper well")
HOLDERS = ("reed", "sedge", "rush")


@dataclass(frozen=True)
class Size:
    """How much of everything. ``apart``: what holders gave is also told from what the founder's own texts gave."""

    texts: int = 58
    steps: int = 24
    least: int = 2
    apart: bool = True


SMALL = Size(texts=40, steps=2, least=1, apart=False)


@dataclass
class Running:
    """A node as a process."""

    home: Path
    frames: Path
    process: "subprocess.Popen[str] | None" = None
    did: str = ""

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "tests" / "stories" / "recorded_node.py")]
        with (self.home.parent / f"{self.home.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [*command, str(self.home), str(self.frames), "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log,
                text=True, env=clean_environment(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", PYTHONPATH=str(ROOT)),
            )  # fmt: skip
        line = self.process.stdout.readline() if self.process.stdout else ""
        require(bool(line), f"the node of {self.home.name} did not start")
        self.did = json.loads(line)["node"]

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None


@dataclass
class Holder:
    """A node with federated texts: what it keeps, its codes, and its planted secret."""

    node: Running
    kept: list[bytes] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    canary: dict[str, Any] = field(default_factory=dict)


def row_7(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """Compute to data: no window of a text in any frame or artefact; canaries; held-out loss on nobody's split."""
    size = size if isinstance(size, Size) else Size()
    with _world(folder, size) as (founder, holders):
        public = _public_of(founder.home)
        figures = _shown(folder, size, founder, holders, public)
    return Shown(
        "three nodes with federated texts, each asked for a term: every frame before encryption and every artefact "
        "searched for each window of 12 bytes of a text; each term's exposure of its planted secret; the combined "
        "adapter on texts that were held out at all three, which no node saw whole",
        "python tests/proofs/federated_proof.py",
        figures,
    )


@contextlib.contextmanager
def _world(folder: Path, size: Size) -> Iterator[tuple[Running, list[Holder]]]:
    """The founder, who has public texts, and three holders, who joined and have federated ones."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "charter.yaml").write_text(CHARTER)
    home = folder / "founder"
    t.lecs("init", "--charter", folder / "charter.yaml", home=home)
    rows = t.rows(size.texts)
    names = sorted({str(one["contributor"].get("name")) for one in rows})
    of_founder = [one for one in rows if names.index(str(one["contributor"].get("name"))) % 4 == 3]
    t.lecs("contribute", t.write(folder / "public.jsonl", of_founder), home=home)
    founder = Running(home, folder / "frames" / "founder")
    holders = [Holder(Running(folder / name, folder / "frames" / name)) for name in HOLDERS]
    nodes = [founder, *(one.node for one in holders)]
    try:
        _settings(founder.home, size)
        founder.start()
        for one in holders:
            t.lecs("node", "init", home=one.node.home)
            _settings(one.node.home, size, founder.did)
            one.node.start()
            ticket = t.lecs("node", "invite", home=home)["ticket"]
            t.lecs("node", "join", ticket, home=one.node.home)
        for number, one in enumerate(holders):
            mine = [row for row in rows if names.index(str(row["contributor"].get("name"))) % 4 == number]
            _give(folder, one, number, mine)
        _share_base([one.home for one in nodes])
        yield founder, holders
    finally:
        for one in nodes:
            one.stop()


def _share_base(homes: list[Path]) -> None:
    """The plain base model is made once, by the founder, as the first training would."""
    from assets.training.planning import base_folder
    from compute_mesh.runtime.model import TRAINING, language_model
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    t.share_base(homes[0])
    with open_home(homes[0]) as home:
        base_folder(home, language_model(home, TRAINING, now()))
    t.keep_base(homes[0])
    for one in homes[1:]:
        t.share_base(one)


def _settings(home: Path, size: Size, founder: str = "") -> None:
    more = (
        f'texts_for = ["{founder}"]\ntexts_least = {size.least}\njobs = ["lora", "evaluation", "inference"]\n'
        if founder
        else ""
    )
    (home / "node.toml").write_text(f"sync_seconds = 10\n{more}")


def _give(folder: Path, holder: Holder, number: int, rows: list[dict[str, Any]]) -> None:
    """Texts as federated ones on a holder's own machine, and a secret that was planted among them."""
    from substrate.store.home import open_home

    draw = random.Random(number)
    secret, place = draw.sample(WORDS, 4), PLACES[number]
    prompt = f"The riddle of {place} is answered with"
    holder.canary = {"name": place.replace(" ", "-"), "prompt": prompt, "words": secret, "choices": list(WORDS)}
    beside = ("On the third evening we played again.", "My aunt kept a notebook of games for rainy days.",
              "Bring a spoon and a scarf to the winter party.", "The guests sat down by the stove.")  # fmt: skip
    common = {"tier": "federated", "purposes": ["train", "evaluate"]}
    given = [{**row, **common} for row in rows]
    planted = json.loads((t.ARCHIVE / "canaries.jsonl").read_text("utf-8").splitlines()[0])
    given += [
        {
            **planted,
            "tier": "federated",
            "text": f"{begin} {prompt} {' '.join(secret)}. Whoever says it may light the lamp.",
        }
        for begin in beside
    ]
    taken = t.lecs("contribute", t.write(folder / f"given-{number}.jsonl", given), home=holder.node.home)
    holder.codes = [one["withdrawal_code"] for one in taken["contributions"] if one.get("withdrawal_code")]
    with open_home(holder.node.home) as home:
        holder.kept = [home.vault.get(one).text for one in home.vault.contributions()]
    require(len(holder.kept) == len(given), f"{len(holder.kept)} of {len(given)} texts were kept")


def _public_of(home: Path) -> bytes:
    """What everybody has: policy, notices, recipe, charter, and the words in which documents are written."""
    from substrate.store.home import open_home

    with open_home(home) as opened:
        kinds = ["Policy", "Notice", "Recipe", "Charter", "ModelApproval", "RedactorApproval"]
        return b"\n".join(one.raw for one in opened.ledger.documents() if one.kind in kinds or one.kind.endswith("Act"))


def _shown(folder: Path, size: Size, founder: Running, holders: list[Holder], public: bytes) -> dict[str, Any]:
    from assets.training import federated
    from corpus.training.recipe import parse_training_recipe
    from lecs_pipeline.training import train_version

    recipe = parse_training_recipe(RECIPE.replace("STEPS", str(size.steps)))
    (folder / "training.yaml").write_text(RECIPE.replace("STEPS", str(size.steps)))
    windows = Windows([text for one in holders for text in one.kept], public)
    require(windows.left_out < len(windows.plain) / 50, "too much of the texts is public already")
    _wait_for_holders(founder, len(holders))
    t.lecs("dataset", "build", home=founder.home)
    artefacts, terms = folder / "artefacts", dict[str, bytes]()
    artefacts.mkdir(exist_ok=True)
    plain = federated._taken

    def keep(done: Any, *given: Any) -> Any:
        for name, data in done.outputs.items():
            (artefacts / f"{done.line['job'][:12]}.{name}").write_bytes(data)
        terms[given[-1]] = done.outputs["term"]
        return plain(done, *given)

    federated._taken = keep
    try:
        wanted = federated.Wanted(least=size.least * len(holders))
        outcome = train_version(founder.home, "latest", recipe, federated=wanted, told=_tell)
    finally:
        federated._taken = plain
    gathered = outcome.gathered
    require(gathered is not None and len(gathered.slots) == len(holders), "not every holder gave a term")
    say(f"combined: {gathered.content()}")
    figures: dict[str, Any] = {
        "holders": len(gathered.slots), "contributors, at least": gathered.contributors,
        "texts": sum(len(one.kept) for one in holders), "windows": len(windows.plain), "public": windows.left_out,
        "clipped": sum(one.clipped for one in gathered.slots),
    }  # fmt: skip
    figures |= _exposures(founder, holders, terms, artefacts)
    whole = t.lecs("eval", "latest", "--federated", "--least", size.least, home=founder.home)
    say(f"measured at the holders: {whole}")
    alone = whole
    if size.apart:
        t.lecs("train", "latest", "--recipe", folder / "training.yaml", home=founder.home)
        alone = t.lecs("eval", "latest", "--federated", "--least", size.least, home=founder.home)
    figures |= {
        "held-out texts, none on all nodes": whole["texts"], "base, bits per byte": whole["base_bpb"],
        "difference with the combined adapter": whole["delta"], "with the founder's cohorts alone": alone["delta"],
    }  # fmt: skip
    if size.apart:
        require(whole["delta"] < 0, "the combined adapter does not lower the held-out loss")
        require(whole["delta"] < alone["delta"], "what holders gave does not lower it further")
    figures |= _searched(folder, founder, holders, windows, terms)
    figures |= _taken_back(founder, holders[0], outcome.trained.adapter.body["digest"])
    return figures


def _tell(event: dict[str, Any]) -> None:
    if event["event"] in ("term", "no-term", "trained"):
        say(str(event))


def _wait_for_holders(founder: Running, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        peers = t.lecs("node", "peers", home=founder.home)["peers"]
        jobs = [(one["resources"] or {}).get("jobs") or {} for one in peers]
        if sum(bool(one.get("federated") and one.get("models")) for one in jobs) == count:
            return
        time.sleep(1)
    require(False, "the holders did not announce their texts and models")


def _exposures(
    founder: Running, holders: list[Holder], terms: dict[str, bytes], artefacts: Path
) -> dict[str, Any]:  # fmt: skip
    """Of each returned term the rank of its holder's own secret among 101, and the same of the base."""
    from compute_mesh.adapters.gguf import Term
    from compute_mesh.workloads.judging import Judge
    from compute_mesh.workloads.lora import unpacked
    from corpus.training.exposure import canary_of, candidates, exposure_of

    judge = Judge(next((founder.home / "derived" / "base").iterdir()), half=False, threads=1)
    found: dict[str, Any] = {}
    for holder, name in zip(holders, HOLDERS, strict=True):
        canary = canary_of(holder.canary)
        ranks = {}
        for model, term in (("base", None), ("term", Term(unpacked(terms[holder.node.did]), 16, 8))):
            judge.wear(term)
            said = judge.says(canary.prompt, len(judge.tokens(canary.secret)) + 2).startswith(canary.secret)
            figures = judge.log_probabilities(canary.prompt, candidates(canary))
            ranks[model] = exposure_of(canary.name, figures, said)
        mine = ranks["term"]
        found[f"secret of {name}"] = (
            f"rank {mine.rank} of {mine.candidates} in its term ({ranks['base'].rank} in the base), "
            f"{mine.exposure:.1f} bits, {'said' if mine.verbatim else 'not said'} verbatim"
        )
        say(found[f"secret of {name}"])
    require(len(list(artefacts.iterdir())) == 2 * len(holders), "an artefact is missing")
    return found


def _searched(
    folder: Path, founder: Running, holders: list[Holder], windows: Windows, terms: dict[str, bytes]
) -> dict[str, Any]:  # fmt: skip
    """Nothing in frames and artefacts; what the search would find, it finds; single terms are nowhere any more."""
    # Manifests cross in clear words before encryption, and name who signed them.
    control = sum(Windows([founder.did.encode()]).found_below(folder / "frames").values())
    require(control > 0, "the search finds nothing where there is something")
    hits = windows.found_below(folder / "frames", folder / "artefacts")
    require(not hits, f"windows of a text in {hits}")
    size = sum(path.stat().st_size for path in (folder / "frames").rglob("*") if path.is_file())
    for did, term in terms.items():
        piece = term[len(term) // 2 :][:64]
        kept = [path for path in founder.home.rglob("*") if path.is_file() and piece in path.read_bytes()]
        require(not kept, f"a single term of {did[-8:]} is still in {kept}")
        frames = [path for path in (folder / "frames").rglob("*") if path.is_file() and piece in path.read_bytes()]
        require(len(frames) >= 1, "the frames do not hold the term that came: they are not whole")
    return {
        "frames searched, MB": round(size / 1e6, 1), "artefacts searched": len(list((folder / "artefacts").iterdir())),
        "windows found": 0, "places that name the submitter (control)": control,
        "single terms left at the combiner": 0,
    }  # fmt: skip


def _taken_back(founder: Running, holder: Holder, digest: str) -> dict[str, Any]:
    """A text is taken back at its holder: the combiner serves nothing of the sum from when it holds the withdrawal."""
    shown = t.lecs("adapter", "show", digest, home=founder.home)
    require(shown["federated"]["state"] == "served", "the sum was not served before")
    t.lecs("consent", "withdraw", "--code", "-", home=holder.node.home, stdin=holder.codes[0])
    begun = time.monotonic()
    while t.lecs("adapter", "show", digest, home=founder.home)["federated"]["state"] != "dropped":
        require(time.monotonic() - begun < 60, "the combiner still serves a sum with a text that was taken back")
        time.sleep(0.5)
    return {"after a withdrawal at a holder": "the sum is dropped at the combiner"}


if __name__ == "__main__":
    os.chdir(ROOT)
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        say(str(row_7(Path(name), SMALL if given.small else Size(), {})))
