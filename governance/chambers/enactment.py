"""What is in force: a fold of the charter, of what stewards enacted, and of what the chambers decided.

Until a change of the charter gives enactment to the chambers, stewards enact (threshold); from then on only adopted
proposals do. What was in force stays in force until it is replaced. Nothing depends on the order in which documents
come: votes are counted in the order of their stated closing times.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

from governance.chambers.ballots import ballots
from governance.chambers.electorate import State, members_and_roles, state_at, state_of
from governance.chambers.scopes import chambers_for, void
from governance.chambers.tally import Count, count
from governance.closings import Closings, closings_of
from governance.disputes.board import board_at
from governance.exact import NANO, UNIT, written
from governance.ledger import Ledger
from governance.parameters import PARAMETERS, Timeline
from substrate.record.authority import GOVERNED_ACTS, Roles
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.times import days_after


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one proposal.

    Attributes:
        state: ``open``, ``counting`` (commitments closed), ``rejected``, ``adopted``, or ``void`` for ``reason``.
        enacts_at: when it takes effect; empty unless adopted.
    """

    proposal: str
    scope: str
    state: str
    reason: str = ""
    counts: dict[str, Count] = field(default_factory=dict)
    enacts_at: str = ""

    def statement(self, time: str) -> JsonObject:
        """``{proposal, scope, state, reason, chambers, enacts_at}``; adopted is in-force once its time has come."""
        in_force = self.state == "adopted" and self.enacts_at <= time
        return {
            "proposal": self.proposal, "scope": self.scope, "state": "in-force" if in_force else self.state,
            "reason": self.reason, "enacts_at": self.enacts_at,
            "chambers": {name: one.statement() for name, one in sorted(self.counts.items())},
        }  # fmt: skip


@dataclass(frozen=True)
class Enactment:
    """The whole of governance at one cut.

    Attributes:
        ledger: what was folded. roles, closings: of all of it. outcomes: by proposal.
        enacted: acts that chambers put in force, and since when.
    """

    ledger: Ledger
    roles: Roles
    closings: Closings
    timeline: Timeline
    outcomes: dict[str, Outcome]
    enacted: dict[str, str]

    def acts(self, time: str) -> tuple[str, ...]:
        """Acts of the chambers in force at ``time``, in the order in which they came into force: for `fold_roles`."""
        due = sorted((since, digest) for digest, since in self.enacted.items() if since <= time)
        return tuple(digest for _, digest in due)

    def state(self, time: str) -> State:
        """Members and credits now, with the parameters of ``time``."""
        return state_of(self.ledger, self.timeline, self._due(time), time)

    def _due(self, time: str) -> dict[str, str]:
        return {digest: since for digest, since in self.enacted.items() if since <= time}

    def roles_at(self, time: str) -> Roles:
        """The roles with everything that governance adds: vouched members, the board, acts of the chambers.

        They are those of the ledger's documents alone; a home adds its own node with `dataclasses.replace`.
        """
        roles = members_and_roles(self.ledger, self.timeline, self._due(time), time)[1]
        return replace(roles, board=board_at(roles, time))

    def decided_by(self, act: str) -> str | None:
        """The proposal whose vote put an act in force first: what a card cites; None for the stewards' acts."""
        found = [
            (one.enacts_at, one.proposal)
            for one in self.outcomes.values()
            if one.state == "adopted" and one.counts and act in self._effects.get(one.proposal, ())
        ]
        return min(found)[1] if found else None

    @cached_property
    def _effects(self) -> dict[str, frozenset[str]]:
        return {one.digest: frozenset(one.body["effect"]["acts"]) for one in self.ledger.of("Proposal")}

    def parameters(self, time: str) -> dict[str, JsonObject]:
        """``{name: {value, set_by}}`` at ``time``; ``set_by`` is a digest, ``charter`` or ``default``."""
        return {name: self._parameter(name, time) for name in PARAMETERS}

    def _parameter(self, name: str, time: str) -> JsonObject:
        value, digest = self.timeline.stated(name, time)
        origin = digest or ("charter" if PARAMETERS[name].floor else "default")
        return {"value": written(value * (UNIT // NANO)), "set_by": origin}


def ledger_time(closings: Closings) -> str:
    """The ledger's own clock: the latest time that a closing states; empty before the first."""
    every = (closings.epochs, closings.commitments, closings.reveals)
    return max((one.time for some in every for one in some.values()), default="")


def enactment_of(ledger: Ledger) -> Enactment:
    """Fold a ledger.

    Raises:
        UnknownCommons: the founding charter is not among the documents.
    """
    roles = ledger.roles()
    closings = closings_of(ledger, roles)
    fold = _Fold(ledger, roles, closings, Timeline(roles.charter.body), _acts(ledger))
    fold.stewards()
    for proposal in fold.in_order():
        fold.decide(proposal)
    return Enactment(ledger, roles, closings, fold.timeline, fold.outcomes, fold.enacted)


def _acts(ledger: Ledger) -> dict[str, str]:
    return {document.digest: document.kind for document in ledger.of(*GOVERNED_ACTS)}


@dataclass
class _Fold:
    ledger: Ledger
    roles: Roles
    closings: Closings
    timeline: Timeline
    kinds: dict[str, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    enacted: dict[str, str] = field(default_factory=dict)

    def stewards(self) -> None:
        """Parameters that stewards set, each from the time that the proposal states. Their acts need no proposal."""
        for one in self.ledger.of("Proposal"):
            if self.roles.carried_by_stewards(one):
                reason = void(one.body, self.roles, self.kinds)
                self._settle(one, Outcome(one.digest, one.body["scope"], "void", reason) if reason else
                             Outcome(one.digest, one.body["scope"], "adopted", "", {}, one.body["time"]))  # fmt: skip

    def in_order(self) -> list[Document]:
        """Proposals that stewards did not enact: those whose reveals are closed first, by that time, then digest."""
        left = [one for one in self.ledger.of("Proposal") if one.digest not in self.outcomes]
        return sorted(left, key=lambda one: (self._closed(one.digest) or "~", one.digest))

    def _closed(self, proposal: str) -> str:
        closing = self.closings.reveals.get(proposal)
        return closing.time if closing else ""

    def decide(self, proposal: Document) -> None:
        """Count a proposal, as far as its vote has come."""
        digest, scope = proposal.digest, proposal.body["scope"]
        if reason := void(proposal.body, self.roles, self.kinds):
            self._settle(proposal, Outcome(digest, scope, "void", reason))
            return
        first, second = self.closings.commitments.get(digest), self.closings.reveals.get(digest)
        if first is None:
            self._settle(proposal, Outcome(digest, scope, "open"))
            return
        due = {act: since for act, since in self.enacted.items() if since <= first.time}
        state = state_at(self.ledger, first.cut, self.timeline, due, first.time)
        if reason := self._void_at(proposal, state, first.time):
            self._settle(proposal, Outcome(digest, scope, "void", reason))
            return
        said = ballots(self.ledger, digest, first, second, state.members.persons)
        counts = {name: self._count(name, said, state, first.time) for name in chambers_for(scope, state.roles)}
        if second is None or second.time < first.time:
            self._settle(proposal, Outcome(digest, scope, "counting", "", counts))
            return
        passed = all(one.passed for one in counts.values())
        lock = self.timeline.whole("time-lock-days", first.time)
        effect = days_after(second.time, lock) if passed else ""
        self._settle(proposal, Outcome(digest, scope, "adopted" if passed else "rejected", "", counts, effect))

    def _count(self, name: str, said: dict[str, str], state: State, time: str) -> Count:
        quorum = self.timeline.at(f"quorum-{name}", time)
        return count(said, state.chamber(name, self.timeline, time), quorum, self.timeline.at("penetration", time))

    def _void_at(self, proposal: Document, state: State, time: str) -> str:
        """Why a proposal has no vote at the cut that closed its commitments."""
        if state.roles.charter.body["enactment"] != "chambers":
            return "stewards-enact"
        if not self.ledger.inside(proposal.digest, self.closings.commitments[proposal.digest].cut):
            return "not-in-the-cut"
        if proposal.signer not in state.members.persons:
            return "not-by-a-member"
        if any(not self.ledger.inside(act, self.closings.commitments[proposal.digest].cut)
               for act in proposal.body["effect"]["acts"]):  # fmt: skip
            return "not-in-the-cut"
        own = [
            one
            for one in self.ledger.within(self.closings.commitments[proposal.digest].cut).of("Proposal")
            if one.signer == proposal.signer and one.body["epoch"] == proposal.body["epoch"]
        ]
        return "too-many" if len(own) > self.timeline.whole("proposals-per-epoch", time) else ""

    def _settle(self, proposal: Document, outcome: Outcome) -> None:
        self.outcomes[proposal.digest] = outcome
        if outcome.state != "adopted":
            return
        for change in proposal.body["effect"]["parameters"]:
            self.timeline.set(change["name"], change["value"], outcome.enacts_at, proposal.digest)
        if outcome.counts:
            for act in proposal.body["effect"]["acts"]:
                self.enacted.setdefault(act, outcome.enacts_at)
