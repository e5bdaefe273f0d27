"""What the desk is given of governance: proposals in plain data, votes by the keys of accounts, open figures."""

from collections import Counter
from contextlib import suppress
from typing import Any, Final

from assets.mixture.preview import preview
from assets.stages import StageGone
from corpus.recipe import Recipe
from governance.chambers.enactment import Enactment
from governance.disputes.cases import cases_of
from governance.exact import NANO, UNIT
from lecs_pipeline import clock
from lecs_pipeline.ballots import commit, own_choice, reveal_due
from lecs_pipeline.crediting import empty_account
from lecs_pipeline.disputing import open_in
from lecs_pipeline.governing import described, find_kind, governed, proposals_in
from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer
from substrate.store.errors import NotFound, Tampered
from substrate.store.home import Home

#: Of larger homes `lecs mixture preview` shows what a recipe would do; here nobody should wait for it.
_MOST_ITEMS: Final = 5000
#: Upper ends of the steps in which credit is shown, in credits.
_STEPS: Final = (0, 1, 10, 100)
_DAYS_SHOWN: Final = 14


class DeskGoverning:
    """`consent.desk.governing.Governing` by the rules of this program."""

    def __init__(self) -> None:
        """Nothing was weighed yet."""
        self._mixtures: dict[tuple[str, int], list[tuple[str, str, str]]] = {}

    def proposals(self, home: Home) -> list[dict[str, Any]]:
        """Reading is an occasion to reveal what is due."""
        with suppress(Tampered):
            reveal_due(home)
        return proposals_in(governed(home), clock.now())

    def proposal(self, home: Home, digest: str) -> dict[str, Any] | None:
        """As `lecs govern show`, with rows for the count, and what a recipe would do."""
        try:
            document = find_kind(home, digest, "Proposal")
        except NotFound:
            return None
        found = described(home, governed(home), document, clock.now())
        for one in found["chambers"].values():
            one["rows"] = [(word, one[word], float(one[word])) for word in ("yes", "no", "abstain", "unrevealed")]
        waits = found["state"] in ("open", "counting", "adopted")
        recipe = next((one["act"] for one in found["acts"] if one["kind"] == "Recipe"), None)
        return {**found, "mixture": self._mixture(home, recipe) if recipe and waits else []}

    def choice(self, home: Home, digest: str, voter: str) -> str:
        """Until the vote is counted; then everybody can read it in the ledger."""
        with suppress(Tampered):
            return own_choice(home, digest, voter)
        return ""

    def vote(self, home: Home, digest: str, signer: Signer, choice: str) -> str:
        """By the key of an account."""
        fold = governed(home)
        if fold.outcomes[digest].state != "open":
            return "closed"
        if signer.did not in fold.state(clock.now()).members.persons:
            return "no-member"
        commit(home, fold, signer, digest, choice)
        return ""

    def credits(self, home: Home, member: str) -> dict[str, Any]:
        """Of the person behind a key."""
        state = governed(home).state(clock.now())
        person = state.members.bindings.person(member)
        return state.credits.accounts.get(person, empty_account(person)).statement()

    def dispute(self, home: Home, signer: Signer, about: str, respondent: str, reason: str) -> str:
        """By the key of an account."""
        if signer.did not in governed(home).state(clock.now()).members.persons:
            return "no-member"
        try:
            open_in(home, signer, about, respondent, reason)
        except MalformedDocument:
            return "malformed"
        return ""

    def figures(self, home: Home) -> dict[str, Any]:
        """Without a name: how many have how much, the floor, votes, disputes, who sits on the board."""
        time, fold = clock.now(), governed(home)
        state, roles = fold.state(time), fold.roles_at(time)
        available = {name: one.balance + one.escrow for name, one in state.credits.accounts.items()}
        states = Counter(one["state"] for one in proposals_in(fold, time))
        cases = Counter(one.state_at(time) for one in cases_of(fold.ledger, roles).values())
        parameters = fold.parameters(time)
        terms = [
            act for act in roles.acts.values()
            if act.kind == "BoardTerm" and act.body["person"] in roles.board and act.body["ends"] > time
        ]  # fmt: skip
        return {
            "members": len(state.members.persons),
            "buckets": _buckets(available.get(name, 0) for name in state.members.persons),
            "floor": {
                "tokens": parameters["floor-tokens-per-day"]["value"],
                "hours": parameters["floor-queue-hours"]["value"],
            },
            "served": served_by_day(fold)[-_DAYS_SHOWN:],
            "proposals": [(name, number, number) for name, number in sorted(states.items())],
            "disputes": [(name, number, number) for name, number in sorted(cases.items())],
            "board": sorted((act.body["person"][-12:], act.body["ends"]) for act in terms),
        }

    def _mixture(self, home: Home, act: str) -> list[tuple[str, str, str]]:
        """How much each language counts now and with a proposed recipe; nothing in a home where that takes long."""
        (items,) = home.database.connection.execute("SELECT count(*) FROM items").fetchone()
        key = act, home.ledger.high_water()
        if key not in self._mixtures and items <= _MOST_ITEMS:
            self._mixtures.clear()
            with suppress(StageGone):
                before, after = preview(
                    home, Recipe.from_content(home.ledger.document(act).body["content"]), clock.now()
                )
                self._mixtures[key] = _shares(before.as_json()["language"], after.as_json()["language"])
        return self._mixtures.get(key, [])


def served_by_day(fold: Enactment) -> list[tuple[str, int, int]]:
    """(day, tokens within the floor of whoever asked, all tokens) of settled work for others, ascending."""
    asked: dict[str, Counter[str]] = {}
    time = max((end.time for end in fold.closings.epochs.values()), default=clock.now())
    for account in fold.state(time).credits.accounts.values():
        for line in account.earned:
            if line.payer != line.account:
                asked.setdefault(line.day, Counter())[line.payer] += line.tokens
    found = []
    for day, by_person in sorted(asked.items()):
        floor = fold.timeline.at("floor-tokens-per-day", f"{day}T00:00:00Z") // NANO
        found.append((day, sum(min(floor, tokens) for tokens in by_person.values()), by_person.total()))
    return found


def _buckets(amounts: Any) -> list[tuple[str, int, int]]:
    steps = [(str(step), step * UNIT) for step in _STEPS]
    counts = Counter(next((name for name, most in steps if units <= most), "more") for units in amounts)
    return [(name, counts[name], counts[name]) for name in [*(name for name, _ in steps), "more"]]


def _shares(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    def share(of: dict[str, Any], name: str) -> str:
        return f"{100 * float(of.get(name, {'share': '0'})['share']):.1f} %"

    return [(name, share(before, name), share(after, name)) for name in sorted(before.keys() | after.keys())]
