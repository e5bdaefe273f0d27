"""Folds of governance at size, beside a plain Polars group-by of the same rows: `python benchmarks/governing.py`.

Each part runs in a process of its own, so that its memory can be told. Documents are made without signatures: what is
measured is the folds; verifying a signature costs the same as everywhere (see `ledger.md`).
"""

import hashlib
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

import polars as pl
from side_by_side import publish_lines

from governance.chambers.ballots import ballots, commitment_of
from governance.chambers.tally import count, one_each
from governance.closings import Closing, Closings
from governance.credits.accounts import balance_of, held_back
from governance.credits.decay import decay_to
from governance.credits.earning import Earned, line_of
from governance.credits.tables import Table, Tables
from governance.exact import NANO, UNIT
from governance.ledger import read_ledger
from governance.members.bindings import Bindings
from governance.members.flow import Capacity, reached
from governance.parameters import Timeline
from governance.queue.fair import FairQueue, Waiting, weight_of
from substrate.record.checkpoint import Head
from substrate.record.documents import Document
from substrate.record.settlements import PairedDay

LINES, VOTES, WAITING, MEMBERS = 1_000_000, 100_000, 10_000, 100_000
CHARTER: Final = {"floor": {"tokensPerDay": 100_000, "queueHours": 24}}
FIRST, LAST = 20_454, 20_818


class _Open(Tables):
    """Tables of a ledger in which no epoch was closed before the table: no roles are asked."""

    def of_day(self, day: str) -> Table | None:
        return self.tables[0]


def settlements() -> tuple[Callable[[], object], Callable[[], object], str]:
    """A year of 500 workers: 50,000 paired days of 20 totals each."""
    dice = random.Random(1)
    models = [f"{n:064x}" for n in range(20)]
    rates = {(model, "q4-1", "inference"): (3000 * NANO, 120 * NANO, 900 * NANO) for model in models}
    closings = Closings(1, {epoch: Closing("", (), "") for epoch in range(FIRST, LAST + 1)}, {}, {})
    days, rows = [], []
    for number in range(LINES // 20):
        worker, submitter, epoch = f"w{number % 500}", f"s{dice.randrange(500)}", FIRST + number * 365 // (LINES // 20)
        day = f"{2026}-{1 + (epoch - FIRST) // 31:02d}-{1 + (epoch - FIRST) % 28:02d}"
        totals = tuple(
            {"model": model, "quantisation": "q4-1", "job": "inference", "jobs": 3,
             "read": dice.randrange(10**6), "written": dice.randrange(10**5), "trained": 0}
            for model in models
        )  # fmt: skip
        days.append((PairedDay(f"{number:064x}", day, worker, submitter, 60, "", totals), epoch))
        rows += [(worker, epoch, total["model"], total["read"], total["written"]) for total in totals]
    frame = pl.DataFrame(rows, ["worker", "epoch", "model", "read", "written"], orient="row")
    tables = _Open((Table("", "2026-01-01", 1, rates, ""),), None, closings)  # type: ignore[arg-type]
    bindings = Bindings({}, {})

    def fold() -> object:
        accounts: dict[str, list[Earned]] = {}
        for day, epoch in days:
            line = line_of(day, epoch, bindings, tables)
            accounts.setdefault(line.account, []).append(line)
        decay = decay_to(LAST, FIRST, closings, Timeline(CHARTER))
        return {name: balance_of(own, held_back(own, 200), (), decay) for name, own in accounts.items()}

    def group() -> object:
        worth = (pl.col("read") / 3000 + pl.col("written") / 120) / 3600
        return frame.group_by("worker").agg((worth * 0.5 ** ((LAST - pl.col("epoch")) / 180)).sum())

    return fold, group, f"{LINES:,} settlement lines"


def _document(kind: str, signer: str, body: dict[str, object]) -> Document:
    whole = {"type": kind, "audience": "urn:lecs:commons:0", **body}
    name = hashlib.sha256(f"{kind}{signer}{body}".encode()).hexdigest()
    return Document(b"", name, whole, kind, signer, True, False)


def votes() -> tuple[Callable[[], object], Callable[[], object], str]:
    """A vote of 100,000 persons, commitments and reveals."""
    dice, documents, place = random.Random(2), [], {}
    proposal = "0" * 64
    chosen = []
    for number in range(VOTES):
        voter, choice, nonce = f"v{number}", dice.choice(["yes", "no", "abstain"]), f"{number:064x}"
        said = commitment_of(proposal, voter, choice, nonce)
        one = _document("VoteCommitment", voter, {"proposal": proposal, "commitment": said})
        other = _document(
            "VoteReveal", voter, {"proposal": proposal, "commitment": one.digest, "choice": choice, "nonce": nonce}
        )
        documents += [one, other]
        place[one.digest], place[other.digest] = 0, 1
        chosen.append((voter, choice, 1))
    ledger = read_ledger(documents, "urn:lecs:commons:0", "", lambda digest, cut: place[digest] < cut[0].size)
    first, second = (Closing("", (Head("", size, b""),), "") for size in (1, 2))
    voters = frozenset(voter for voter, _, _ in chosen)
    frame = pl.DataFrame(chosen, ["voter", "choice", "weight"], orient="row")

    def fold() -> object:
        said = ballots(ledger, proposal, first, second, voters)
        return count(said, one_each(voters), NANO // 5, NANO // 5)

    return fold, lambda: frame.group_by("choice").agg(pl.col("weight").sum()), f"{VOTES:,} votes"


def decisions() -> tuple[Callable[[], object], Callable[[], object], str]:
    """10,000 jobs wait; 10,000 times the next one is taken and another one comes."""
    dice = random.Random(3)
    asked = [(f"p{dice.randrange(2000)}", dice.randrange(100, 1000), dice.random() < 0.1) for _ in range(2 * WAITING)]
    weights = {f"p{n}": weight_of(n * UNIT) for n in range(2000)}
    frame = pl.DataFrame(asked, ["person", "tokens", "floor"], orient="row")

    def fold() -> object:
        queue = FairQueue(3600)
        for number, (person, tokens, floor) in enumerate(asked):
            if number >= WAITING:
                queue.take()
            queue.submit(Waiting(str(number), person, tokens, number), weights[person], floor=floor)
        return len(queue)

    return fold, lambda: frame.group_by("person").agg(pl.col("tokens").sum()), f"{WAITING:,} decisions"


def trust() -> tuple[Callable[[], object], Callable[[], object], str]:
    """100,000 members who vouch for up to five others each, from 200 seeds."""
    dice = random.Random(4)
    names = [f"m{n}" for n in range(MEMBERS)]
    pairs = [(names[(n - 200) // 4], names[n]) for n in range(200, MEMBERS)]
    pairs += [(dice.choice(names), dice.choice(names)) for _ in range(MEMBERS)]
    edges: dict[str, set[str]] = {}
    for voucher, member in pairs:
        if voucher != member:
            edges.setdefault(voucher, set()).add(member)
    frozen = {name: frozenset(others) for name, others in edges.items()}
    frame = pl.DataFrame(pairs, ["voucher", "member"], orient="row")

    def fold() -> object:
        return len(reached(frozen, names[:200], Capacity(2000, 3), "seed", 0))

    return fold, lambda: frame.group_by("voucher").agg(pl.len()), f"{len(pairs):,} vouches of {MEMBERS:,} members"


PARTS: Final = {"settlements": settlements, "votes": votes, "decisions": decisions, "trust": trust}


def measure(name: str) -> dict[str, object]:
    """Median of three runs by processor time, and what the fold added to the process's largest size."""
    ours, theirs, what = PARTS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(3):
        for who, work in (("ours", ours), ("theirs", theirs)):
            start = time.process_time()
            work()
            times[who].append(time.process_time() - start)
            if who == "ours":
                after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = {who: sorted(all_)[1] for who, all_ in times.items()}
    return {"what": what, **seconds, "memory": max(0, after - before) // 1024}


def main() -> None:
    """Measure all parts, or the one named."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    lines = []
    for name in PARTS:
        done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
        row = json.loads(done.stdout)
        lines.append(f"| {row['what']} | {row['ours']:.2f} s | {row['theirs']:.3f} s | {row['memory']} MiB |")
    publish_lines(
        "governance", "python benchmarks/governing.py",
        "| what | ours | Polars group-by of the same rows | memory of ours |\n|---|---:|---:|---:|", lines,
        "Seconds of processor time, medians of three. The group-by adds floating numbers and does less: no escrow, no "
        "exact digits, no cuts, no flow; it says what the rows alone cost.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
