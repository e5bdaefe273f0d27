"""A town: a commons with persons, machines and two logs, in which things happen; and ledgers made by dice."""

import base64
import hashlib
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.chambers.ballots import commitment_of
from governance.chambers.enactment import Enactment, enactment_of
from governance.ledger import Ledger, read_ledger
from substrate.record.charter import Inside
from substrate.record.checkpoint import Head, sign_checkpoint
from substrate.record.cut import Cut
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.record.merkle import tree_root
from substrate.record.times import days_after

BEGIN = date(2026, 1, 1)
EPOCH_0 = (BEGIN - date(1970, 1, 1)).days


def day(number: int) -> str:
    """The day so many days after the beginning."""
    return (BEGIN + timedelta(days=number)).isoformat()


def noon(number: int) -> str:
    """The middle of that day."""
    return f"{day(number)}T12:00:00Z"


class Town:
    """Persons 0, 1, 2 are named by the charter, each with a machine; everything stands in one of two logs."""

    def __init__(self, make_commons: Any, label: str = "town", *, persons: int = 6, **charter: Any) -> None:
        key = make_commons.key
        self.persons = [key(f"{label} person {n}") for n in range(persons)]
        self.machines = [key(f"{label} machine {n}") for n in range(persons)]
        fields = {
            "settlementDays": 1, "enactment": "chambers", "floor": {"tokensPerDay": 100_000, "queueHours": 24},
            "members": [p.did for p in self.persons[:3]], "nodes": [m.did for m in self.machines],
        }  # fmt: skip
        self.c = make_commons(label=label, **{**fields, **charter})
        self.label = label
        self.logs: list[list[Document]] = [list(self.c.founding), []]
        self.place: dict[str, tuple[int, int]] = {}
        self.count = 0
        for log, documents in enumerate(self.logs):
            for index, document in enumerate(documents):
                self.place[document.digest] = (log, index)

    @property
    def origins(self) -> list[str]:
        """The ids of the two logs."""
        return [f"{machine.did}/{'0' * 16}" for machine in self.machines[:2]]

    def say(self, kind: str, signer: Signer, *, log: int = 0, **fields: Any) -> Document:
        """Write a document and put it into a log. ``fields`` take the place of those of the plainest document."""
        self.count += 1
        document = self.c.write(kind, signer, f"{self.label} {self.count}", **fields)
        return self.put(document, log)

    def put(self, document: Document, log: int = 0) -> Document:
        """Put a document into a log."""
        if document.digest not in self.place:
            self.place[document.digest] = (log, len(self.logs[log]))
            self.logs[log].append(document)
        return document

    @property
    def documents(self) -> list[Document]:
        """All of them."""
        return [document for log in self.logs for document in log]

    def head(self, log: int) -> Head:
        """The head of a log as it is now."""
        leaves = (b"\x00" + bytes.fromhex(d.digest) for d in self.logs[log])
        return Head(self.origins[log], len(self.logs[log]), tree_root(leaves))

    def cut(self) -> list[dict[str, Any]]:
        """The cut as it is now, as documents state it."""
        heads = [self.head(log) for log in range(2) if self.logs[log]]
        return [{"log": h.origin, "size": h.size, "root": h.root.hex()} for h in sorted(heads, key=lambda h: h.origin)]

    @property
    def inside(self) -> Inside:
        """Whether a cut holds a document."""
        place, origins = dict(self.place), self.origins

        def answer(digest: str, cut: Cut) -> bool:
            log, index = place.get(digest, (0, 10**9))
            return any(head.origin == origins[log] and index < head.size for head in cut)

        return answer

    def ledger(self, documents: list[Document] | None = None, forked: tuple[str, ...] = ()) -> Ledger:
        """What the folds read."""
        some = self.documents if documents is None else documents
        return read_ledger(some, self.c.id, self.c.charter.digest, self.inside, forked)

    def fold(self, documents: list[Document] | None = None) -> Enactment:
        """The whole of governance."""
        return enactment_of(self.ledger(documents))

    # --- what happens ---------------------------------------------------------------------------------------

    def table(self, from_day: str = "2025-12-01", version: int = 1, **rates: str) -> Document:
        """A reference table by a steward, or (where chambers enact) one that a proposal can name."""
        row = {**self.c.fields("ReferenceTable")["rows"][0], "read": "1000", "written": "10", "trained": "100", **rates}
        return self.say("ReferenceTable", self.c.stewards[0], version=version, fromDay=from_day, rows=[row])

    def bind(self, person: int, machine: int, sides: tuple[str, ...] = ("person", "node")) -> None:
        """A machine belongs to a person, as far as both say so."""
        who, what = self.persons[person], self.machines[machine]
        for side in sides:
            signer = who if side == "person" else what
            self.say("MemberBinding", signer, person=who.did, node=what.did, side=side)

    def settle(
        self, worker: int, submitter: int, number: int, written: int = 36_000, *, jobs: int = 10,
        sides: tuple[str, ...] = ("worker", "submitter"), log: int = 0, root: str = "receipts",
    ) -> list[Document]:  # fmt: skip
        """A day between two machines: by default one credit (36,000 tokens at 10 a second)."""
        total = {**self.c.fields("Settlement")["totals"][0], "jobs": jobs, "read": 0, "written": written, "trained": 0}
        w, s = self.machines[worker], self.machines[submitter]
        said = []
        for side in sides:
            self.count += 1
            document = self.c.write(
                "Settlement", w if side == "worker" else s, f"{self.label} {self.count}", day=day(number),
                worker=w.did, submitter=s.did, side=side, receipts=jobs, totals=[total],
                root=hashlib.sha256(root.encode()).hexdigest(),
            )  # fmt: skip
            said.append(self.put(document, log))
        return said

    def audit(self, auditor: int, worker: int, number: int, verdict: str = "consistent", receipt: str = "") -> Document:
        """An audit of one receipt."""
        name = hashlib.sha256(f"{receipt or self.count}".encode()).hexdigest()
        return self.say(
            "AuditVerdict", self.machines[auditor], worker=self.machines[worker].did, verdict=verdict, receipt=name,
            time=noon(number),
        )  # fmt: skip

    def vouch(self, voucher: int, member: int, number: int = 0, word: str = "vouch") -> Document:
        """One person vouches for another."""
        return self.say("Vouch", self.persons[voucher], member=self.persons[member].did, word=word, time=noon(number))

    def close(self, number: int) -> Document:
        """Stewards close the epoch of a day."""
        return self.say(
            "ClosingCut", self.c.stewards[0], closes="epoch", proposal=None, epoch=EPOCH_0 + number, upTo=self.cut(),
            time=f"{day(number + 1)}T06:00:00Z",
        )  # fmt: skip

    def close_vote(self, step: str, proposal: Document, number: int) -> Document:
        """Stewards close one step of a vote."""
        return self.say(
            "ClosingCut", self.c.stewards[0], closes=step, proposal=proposal.digest, upTo=self.cut(), time=noon(number)
        )

    def propose(self, person: int, scope: str, number: int, acts: tuple[str, ...] = (), **parameters: str) -> Document:
        """A proposal; underscores in names of parameters stand for hyphens."""
        changes = [{"name": name.replace("_", "-"), "value": value} for name, value in parameters.items()]
        return self.say(
            "Proposal", self.persons[person], scope=scope, effect={"parameters": changes, "acts": list(acts)},
            epoch=EPOCH_0 + number, time=noon(number),
        )  # fmt: skip

    def commit(self, person: Any, proposal: Document, choice: str, log: int = 0, **more: Any) -> tuple[Document, str]:
        """A commitment, and the nonce that reveals it."""
        signer = self.persons[person] if isinstance(person, int) else person
        nonce = hashlib.sha256(f"{self.label} nonce {self.count}".encode()).hexdigest()
        said = commitment_of(proposal.digest, signer.did, choice, nonce)
        one = self.say("VoteCommitment", signer, log=log, proposal=proposal.digest, commitment=said, **more)
        return one, nonce

    def reveal(
        self, person: Any, proposal: Document, choice: str, committed: tuple[Document, str], log: int = 0
    ) -> Document:  # fmt: skip
        """What a commitment said."""
        signer = self.persons[person] if isinstance(person, int) else person
        one, nonce = committed
        return self.say(
            "VoteReveal", signer, log=log, proposal=proposal.digest, commitment=one.digest, choice=choice, nonce=nonce
        )

    def vote(self, proposal: Document, choices: dict[int, str], number: int) -> None:
        """A whole vote: commitments, their closing, reveals, their closing."""
        committed = {person: self.commit(person, proposal, choice) for person, choice in choices.items()}
        self.close_vote("commitments", proposal, number)
        for person, choice in choices.items():
            self.reveal(person, proposal, choice, committed[person])
        self.close_vote("reveals", proposal, number + 1)

    def export(self, path: Path) -> Path:
        """The ledger as a file of the format ``lecs-ledger-1``."""
        lines: list[Any] = [
            {"header": {"format": "lecs-ledger-1", "commons": self.c.id, "charter": self.c.charter.digest,
                        "vault": False}}
        ]  # fmt: skip
        lines += [{"document": document.raw.decode()} for document in self.documents]
        for log, machine in enumerate(self.machines[:2]):
            if self.logs[log]:
                lines.append({"log": {"origin": self.origins[log]}})
                lines += [{"leaf": [0, document.digest]} for document in self.logs[log]]
                lines.append({"checkpoint": sign_checkpoint(self.head(log), machine)})
        lines.append({"blob": base64.b64encode(b"a manifest").decode()})
        write_lines(path, lines)
        return path


def write_lines(path: Path, lines: list[Any]) -> None:
    """Lines and the end line that fits them."""
    body = b"".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for line in lines)
    end = {"end": {"lines": len(lines), "sha256": hashlib.sha256(body).hexdigest()}}
    path.write_bytes(body + json.dumps(end, separators=(",", ":")).encode() + b"\n")


def by_dice(make_commons: Any, seed: int, steps: int = 40) -> Town:
    """A town to which things happen at random: right and wrong statements, votes, closings, late words."""
    dice = random.Random(seed)
    enactment = dice.choice(["stewards", "chambers", "chambers"])
    floor = {"tokensPerDay": dice.choice([20_000, 100_000]), "queueHours": 24}
    town = Town(make_commons, f"dice {seed}", enactment="stewards", floor=floor,
                settlementDays=dice.choice([1, 1, 3]))  # fmt: skip
    town.table()
    if enactment == "chambers":
        town.say(
            "CharterChange", town.c.stewards[0], previous=[town.c.charter.digest], added=[], removed=[],
            fields={"enactment": "chambers"}, upTo=town.cut(), time=noon(0),
        )  # fmt: skip
    for person in range(dice.randrange(4, 7)):
        town.bind(person, person if dice.random() < 0.9 else dice.randrange(6))
    number, waiting = 0, list[tuple[Document, dict[int, Any], str]]()
    for _ in range(steps):
        number += dice.choice([0, 0, 1, 1, 2, 5, 20])
        _happen(town, dice, number, waiting)
    return town


def _happen(town: Town, dice: random.Random, number: int, waiting: list[Any]) -> None:
    one, other, log = dice.randrange(6), dice.randrange(6), dice.randrange(2)
    what = dice.choice(
        ["settle"] * 8 + ["audit"] * 3 + ["vouch"] * 2 + ["close"] * 5 + ["propose"] * 2 + ["vote"] * 5
        + ["spend"] * 3 + ["odd", "table", "dispute", "organisation"]
    )  # fmt: skip
    if what == "settle" and one != other:
        sides = dice.choice([("worker", "submitter")] * 5 + [("worker",)])
        town.settle(one, other, max(0, number - dice.randrange(3)), dice.choice([36_000, 7_777, 123_457, 10**7]),
                    jobs=dice.choice([1, 10, 250]), sides=sides, log=log, root=str(dice.randrange(3)))  # fmt: skip
    elif what == "audit" and one != other:
        town.audit(one, other, number, dice.choice(["consistent"] * 9 + ["inconsistent", "inconclusive"]))
        if dice.random() < 0.1:
            verdict = town.audit(one, other, number, "inconsistent")
            town.say("AuditRuling", dice.choice([town.c.moderators[0], town.c.stranger]), verdict=verdict.digest,
                     ruling=dice.choice(["stands", "set-aside"]))  # fmt: skip
    elif what == "vouch" and one != other:
        town.vouch(one, other, number, dice.choice(["vouch"] * 5 + ["withdraw"]))
    elif what == "close":
        _close(town, dice, number)
    elif what == "propose":
        scope, changed = dice.choice([
            ("credits", {"half_life_days": "90"}), ("inclusion", {"vouches_per_year": "2"}),
            ("floor", {"floor_tokens_per_day": "30000"}), ("floor", {"floor_tokens_per_day": "1"}),
            ("machines", {"audit_rate": "0.25"}), ("machines", {"half_life_days": "90"}),
            ("constitution", {"penetration": "0.05", "weight_cap": "2.5"}), ("credits", {"age_days": "7"}),
        ])  # fmt: skip
        proposal = town.propose(dice.choice([0, 1, 2, one]), scope, number, **changed)
        waiting.append([proposal, {}, "open"])
        if dice.random() < 0.15:
            town.say("Approval", town.c.stewards[0], act=proposal.digest)
    elif what == "vote" and waiting:
        _vote(town, dice, number, dice.choice(waiting), log)
    elif what == "spend":
        town.say("PrioritySpend", town.persons[dice.choice([0, 1, one])], provider=town.machines[other].did,
                 epoch=(EPOCH_0 + number) // town.c.charter.body["settlementDays"] - dice.randrange(3),
                 amount=dice.choice(["0.1", "0.000000001", "5"]))  # fmt: skip
    elif what == "odd":
        kind = dice.choice(["ClosingCut", "ReferenceTable", "Vouch", "Proposal", "PrioritySpend", "MemberBinding"])
        town.say(kind, town.c.stranger, log=log)
    elif what == "table":
        town.table(day(number + dice.randrange(-5, 5)), version=2 + number, written=dice.choice(["20", "7.5"]))
    elif what == "dispute":
        _dispute(town, dice, number, one)
    elif what == "organisation":
        town.say("MemberBinding", town.persons[one], person=town.persons[one].did, side="person", node=None,
                 organisation=dice.choice(["mill", "library"]))  # fmt: skip


def _close(town: Town, dice: random.Random, number: int) -> None:
    length = town.c.charter.body["settlementDays"]
    epoch = (EPOCH_0 + number) // length
    town.say("ClosingCut", dice.choice([town.c.stewards[0]] * 6 + [town.c.stranger]), closes="epoch", proposal=None,
             epoch=epoch - dice.choice([0, 1, 1, 1, 2]), upTo=town.cut(), time=noon(number))  # fmt: skip


def _vote(town: Town, dice: random.Random, number: int, vote: Any, log: int) -> None:
    proposal, committed, state = vote
    if state == "open":
        for person in dice.sample(range(6), dice.randrange(2, 7)):
            choice = dice.choice(["yes", "yes", "yes", "no", "abstain"])
            committed[person] = (choice, town.commit(person, proposal, choice, log))
            if dice.random() < 0.1:
                again, (first, _) = dice.choice(["yes", "no"]), committed[person][1]
                committed[person] = (again, town.commit(person, proposal, again, log, previous=first.digest))
        town.close_vote("commitments", proposal, number)
        vote[2] = "committed"
    elif state == "committed":
        for person, (choice, made) in committed.items():
            if dice.random() < 0.9:
                town.reveal(person, proposal, choice if dice.random() < 0.95 else "no", made, log)
        town.close_vote("reveals", proposal, number)
        vote[2] = "closed"
    elif dice.random() < 0.2:
        town.close_vote("reveals", proposal, number)


def _dispute(town: Town, dice: random.Random, number: int, one: int) -> None:
    opened = town.say("DisputeOpened", town.persons[0], about="identity", respondent=town.persons[one].did,
                      answerBy=days_after(noon(number), 7), time=noon(number))  # fmt: skip
    decided = town.say("DisputeDecided", dice.choice([town.c.moderators[0], town.c.stranger]), dispute=opened.digest,
                       finding=dice.choice(["upheld", "dismissed"]), appealBy=days_after(noon(number), 14),
                       time=noon(number))  # fmt: skip
    if dice.random() < 0.5:
        appeal = town.say("DisputeAppealed", town.persons[one], dispute=opened.digest, decision=decided.digest,
                          time=noon(number))  # fmt: skip
        town.say("DisputeDecided", town.c.stewards[0], dispute=opened.digest, appeal=appeal.digest,
                 finding="dismissed", time=noon(number))  # fmt: skip


@pytest.fixture
def make_town(make_commons: Any) -> Any:
    """Makes a town of a label and what its charter says otherwise."""
    return lambda label="town", **said: Town(make_commons, label, **said)


@pytest.fixture
def town_by_dice(make_commons: Any) -> Any:
    """Makes a town by the dice of a seed."""
    return lambda seed, steps=40: by_dice(make_commons, seed, steps)


@pytest.fixture
def seen() -> Any:
    """Everything that governance derives, as text that can be compared."""

    def text(fold: Enactment, time: str) -> str:
        state = fold.state(time)
        return json.dumps(
            {
                "accounts": {name: one.statement() for name, one in sorted(state.credits.accounts.items())},
                "weighing": state.credits.weighing,
                "persons": sorted(state.members.persons),
                "technical": state.chamber("technical", fold.timeline, time),
                "outcomes": {name: one.statement(time) for name, one in sorted(fold.outcomes.items())},
                "parameters": fold.parameters(time),
                "acts": fold.acts(time),
            },
            sort_keys=True,
        )

    return text


@pytest.fixture
def rewrite() -> Any:
    """Writes lines and the end line that fits them."""
    return write_lines
