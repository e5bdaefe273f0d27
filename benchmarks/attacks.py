"""What attacks on credits and votes gain, before and after each defence: `python benchmarks/attacks.py`.

The rules are the product's own functions; what is simulated is who does what. Everything is fixed by seeds, so that the
tables come out the same. They are written to benchmarks/results/attacks.md and into docs/explanation/attacks.md.
"""

import random
import sys
from math import isqrt, log10
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

from overload import simulate

from governance.chambers.tally import count
from governance.chambers.weights import weights_of
from governance.closings import Closing, Closings
from governance.credits.accounts import jobs_in_escrow
from governance.credits.decay import decay_to
from governance.credits.earning import Earned
from governance.credits.weighing import weighing_credit
from governance.exact import LOG10_2, NANO, UNIT, power
from governance.members.admitted import Members
from governance.members.bindings import Bindings
from governance.members.flow import Capacity, Edges, reached
from governance.parameters import Timeline
from governance.queue.floor import Floor

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs/explanation/attacks.md"
BEGIN, END = "<!-- tables: written by benchmarks/attacks.py -->", "<!-- end of tables -->"
CHARTER: Final = {"floor": {"tokensPerDay": 100_000, "queueHours": 24}}
NOW: Final = "2026-06-01T00:00:00Z"
EPOCH: Final = 20_600

Table = tuple[str, str, list[str], list[list[str]]]


def members(persons: set[str], edges: Edges | None = None) -> Members:
    """Persons without nodes or organisations of their own."""
    return Members(frozenset(persons), Bindings({}, {}), dict(edges or {}), {}, frozenset())


def weighing(lines: list[Earned], jobs: dict[str, int], who: Members) -> dict[str, int]:
    """Credit that weighs, at the end of an epoch in which all lines are old enough."""
    closings = Closings(1, {EPOCH: Closing("", (), NOW)}, {}, {})
    timeline = Timeline(CHARTER)
    return weighing_credit(lines, jobs, who, closings, decay_to(EPOCH, EPOCH - 60, closings, timeline), timeline,
                           EPOCH, NOW)  # fmt: skip


def line(number: int, account: str, payer: str, credits: int, jobs: int = 10) -> Earned:
    """One settled day, sixty days ago."""
    return Earned("2026-04-01", EPOCH - 60, account, payer, credits * UNIT, jobs, credits * 36_000, f"{number:064x}")


def splitting() -> Table:
    """1,000 credits in k parts: each a person of its own, or nodes of one person."""
    rows = []
    whole, timeline = 1000, Timeline(CHARTER)
    one = power(whole * UNIT, LOG10_2)
    for k in (1, 2, 5, 10, 20, 50, 100):
        apart = weights_of({f"k{n}": whole * UNIT // k for n in range(k)}, members({f"k{n}" for n in range(k)}),
                           timeline, NOW)  # fmt: skip
        bound = weights_of({"one": whole * UNIT // k * k}, members({"one"}), timeline, NOW)
        queue = k * isqrt(whole * UNIT // k) / isqrt(whole * UNIT)
        logarithm = k * (1 + log10(whole / k)) / (1 + log10(whole))
        rows.append([str(k), f"{logarithm:.2f}", f"{sum(apart.values()) / one:.2f}",
                     f"{sum(bound.values()) / one:.2f}", f"{queue:.2f}", "1.00", str(k - 1)])  # fmt: skip
    return (
        "Splitting one operator into k", "Gain over not splitting. Undetected persons keep the third column; each "
        "costs a vouch, and conviction halves the voucher's weight.",
        ["k", "votes, 1 + log10", "votes, power, k persons", "votes, nodes of one person", "queue, k persons",
         "queue, nodes of one person", "vouches it costs"], rows,
    )  # fmt: skip


def farms() -> Table:
    """A commons of 500 honest persons, some of whom vouch for anybody."""
    dice, rows = random.Random(7), []
    honest = [f"h{n}" for n in range(500)]
    edges: dict[str, set[str]] = {"seed": set(honest[:5])}
    for n, name in enumerate(honest[5:], 5):
        edges.setdefault(honest[(n - 5) // 5], set()).add(name)
    for fooled in (1, 5, 20):
        for keys in (100, 10_000):
            false = [f"f{n}" for n in range(keys)]
            attack = {name: set(others) for name, others in edges.items()}
            for name in dice.sample(honest[5:100], fooled):
                attack.setdefault(name, set()).update(false[:5] if keys < 5 else dice.sample(false, 5))
            for n, name in enumerate(false):
                attack[name] = set(false[5 * n + 1 : 5 * n + 6])
            frozen = {name: frozenset(others) for name, others in attack.items()}
            inside = reached(frozen, ["seed"], Capacity(1000, 4), "seed", 0)
            entered = sum(name.startswith("f") for name in inside)
            rows.append([str(fooled), f"{keys:,}", f"{keys:,}", str(entered), f"{entered / fooled:.1f}",
                         f"{sum(name.startswith('h') for name in inside)} of 500"])  # fmt: skip
    return (
        "A farm of false keys behind careless vouchers", "False keys that become members.",
        ["careless members", "false keys", "before: any vouch counts", "after: flow of trust",
         "for each careless member", "honest members inside"], rows,
    )  # fmt: skip


def washing() -> Table:
    """Work that nobody did, settled by its two sides: a million credits a day."""
    million, rows = 10**6, []
    cases = [
        ("own nodes, bound to one person", [line(1, "a", "a", 0)], {"a": 10**6}, {"a"}, {}, "0"),
        ("two persons, no audit", [line(1, "a", "b", million)], {}, {"a", "b"}, {}, "a second person"),
        ("two persons, audits by accomplices", [line(1, "a", "b", million)], {"a": 10**6}, {"a", "b", "c"}, {},
         "three persons"),
        ("the same, and one vouches for the other", [line(1, "a", "b", million)], {"a": 10**6}, {"a", "b", "c"},
         {"b": frozenset({"a"})}, "three persons"),
        ("a submitter who is no member", [line(1, "a", "x", million)], {"a": 10**6}, {"a"}, {}, "a key"),
    ]  # fmt: skip
    for what, lines, audited, persons, edges, cost in cases:
        units = weighing(lines, audited, members(persons, edges)).get("a", 0)
        rows.append([what, cost, f"{million:,}", f"{units / UNIT:,.1f}", f"{power(units, LOG10_2) / UNIT:.2f}"])
    return (
        "Wash trading", "Credit that weighs in votes from one day on which two keys settle a million credits that "
        "nobody worked for (36,000 tokens a credit, a floor of 100,000 tokens a day). Credit that only buys a place in "
        "the queue is not bounded by the floor: there audits, escrow and freezing are the defence.",
        ["who", "what it takes", "before", "after: credit that weighs", "after: weight"], rows,
    )  # fmt: skip


def rings() -> Table:
    """m persons who settle with each other every day for thirty days."""
    rows = []
    for m in (2, 5, 10, 50):
        names = [f"r{n}" for n in range(m)]
        lines, number = [], 0
        for worker in names:
            for payer in names:
                if worker != payer:
                    number += 1
                    lines.append(line(number, worker, payer, 1000))
        near = {name: frozenset({names[(n + 1) % m]}) for n, name in enumerate(names)}
        audited = dict.fromkeys(names, 10**6)
        free = sum(weighing(lines, audited, members(set(names))).values())
        vouching = sum(weighing(lines, audited, members(set(names), near)).values())
        rows.append([str(m), f"{len(lines) * 1000:,}", f"{free / UNIT:,.1f}", f"{vouching / UNIT:,.1f}"])
    return (
        "Collusion rings", "Credit that weighs, of the whole ring, from one day of lies of 1,000 credits for each "
        "pair. After the defence it grows with the number of persons, never with what they claim.",
        ["persons", "before", "after, strangers to each other", "after, each vouches for the next"], rows,
    )  # fmt: skip


def whale() -> Table:
    """One operator with as much compute as all others together."""
    rows, timeline = [], Timeline(CHARTER)
    for others in (10, 100, 1000):
        names = {f"o{n}" for n in range(others)} | {"whale"}
        credit = {f"o{n}": 100 * UNIT for n in range(others)} | {"whale": 100 * UNIT * others}
        weights = weights_of(credit, members(names), timeline, NOW)
        share = weights["whale"] / sum(weights.values())
        rows.append([str(others), "50.0 %", f"{100 * share:.1f} %", f"{100 / (others + 1):.1f} %"])
    return (
        "A whale with half of the compute", "Share of the votes.",
        ["others", "before: by credit", "after: technical chamber", "after: contributor chamber"], rows,
    )  # fmt: skip


def claims() -> Table:
    """Pay for being available, as the AI Horde has it, against pay for work alone."""
    rows = [
        ["idle, claims 70B and 262,144 tokens of context", "38,650", "0"],
        ["works: 512 tokens of a 70B model at 4,096 of context", "2,425", "by the table"],
        ["claims a faster card", "more", "0: hardware enters nowhere"],
    ]
    return (
        "Claims without work", "Reward in ten minutes. Before: the published formula of the AI Horde, in kudos; one "
        "line of false settings earns as much as sixteen real jobs.", ["who", "before", "after"], rows,
    )  # fmt: skip


def forks() -> Table:
    """Saying two things about one day, or in one log."""
    p, f = NANO // 20, NANO // 10
    rows = [
        ["two pairs of settlements for one day", "both", "neither counts"],
        ["two heads of one log", "both branches", "the account is frozen, at every peer that holds both heads"],
        ["one side alone", "all it says", "0"],
        ["a tenth of all jobs false, audited at 0.05", "all it says",
         f"found after {jobs_in_escrow(p, f)} jobs on average; as many are in escrow"],
    ]  # fmt: skip
    return ("Receipt forks and false work", "What is credited.", ["statement", "before", "after"], rows)


def flooding() -> Table:
    """Proposals by one person in one epoch."""
    rows = []
    for number in (1, 2, 3, 100, 10_000):
        after = number if number <= Timeline(CHARTER).whole("proposals-per-epoch", NOW) else 0
        rows.append([f"{number:,}", f"{number:,}", str(after)])
    return (
        "Proposal flooding", "Proposals of one person in one epoch that can be voted on.",
        ["signed", "before", "after"], rows,
    )  # fmt: skip


def capture() -> Table:
    """How many of 1,000 persons pass a change nobody else wants, by how many of the others vote."""
    rows, everyone = [], {f"p{n}": UNIT for n in range(1000)}
    for turnout in (0, 5, 20, 50, 100):

        def least(quorum: int, penetration: int, turnout: int = turnout) -> int:
            for faction in range(1, 1001):
                against = (1000 - faction) * turnout // 100
                votes = {f"p{n}": "yes" for n in range(faction)}
                votes |= {f"p{n}": "no" for n in range(faction, faction + against)}
                if count(votes, everyone, quorum, penetration).passed:
                    return faction
            return 1001

        before, after = least(0, 0), least(NANO // 5, NANO // 5)
        rows.append(["all" if turnout == 100 else f"{turnout} %", f"{before / 10:.1f} %", f"{after / 10:.1f} %"])
    return (
        "Capture when few vote", "The smallest share of all persons that passes a change which everybody else who "
        "votes rejects. Matters of both chambers need as much in the other one too.",
        ["turnout of the others", "before: majority of votes", "after: quorum 0.2, allowance 0.2"], rows,
    )  # fmt: skip


def starvation() -> Table:
    """A day in which a hundred always ask and twenty send a few jobs."""
    rows = []
    for name, first in (("before: by credit alone", False), ("after: floor first", True)):
        week = simulate(100, 20, 1, 2, Floor(3000, 4 * 3600), speed=100, first=first)
        whole = week.floor_jobs + week.unfinished
        rows.append([name, f"{week.floor_jobs:,}", f"{week.late + week.unfinished:,} of {whole:,}",
                     f"{week.median:,} s", f"{week.slowest:,} s"])  # fmt: skip
    return (
        "Floor starvation", "One node, two days, T = 4 hours.",
        ["queue", "floor jobs that ended", "later than T", "median", "slowest"], rows,
    )  # fmt: skip


ATTACKS: Final = (splitting, farms, washing, rings, whale, claims, forks, flooding, capture, starvation)


def tables() -> str:
    """All tables as Markdown."""
    parts = []
    for attack in ATTACKS:
        title, words, header, rows = attack()
        lines = [f"## {title}", "", words, "", f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
        parts.append("\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]))
    return "\n\n".join(parts)


def main() -> None:
    """Write both pages."""
    found = tables()
    head = "# attacks\n\n`python benchmarks/attacks.py`: simulated with fixed seeds, by the product's own rules."
    (ROOT / "benchmarks/results/attacks.md").write_text(f"{head}\n\n{found}\n", "utf-8")
    page = PAGE.read_text("utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{found}\n\n{END}{rest.split(END)[1]}", "utf-8")
    print(found)


if __name__ == "__main__":
    main()
