"""A home to which things happen, for tests of what builds keep from one to the next."""

import pytest

from assets.corpus.uniqueness import keep_unique
from assets.intake.eligibility import survey_home, wanted_now
from assets.mixture.weighing import weigh_unique
from assets.stages import stage_path
from consent.change import NotNarrower, Voice, erase, narrow, withdraw
from corpus.recipe import default_recipe
from substrate.store.home import open_home
from substrate.store.vault import commitment

TIMES = [f"2026-11-{day:02d}T00:00:00Z" for day in range(22, 29)]


def _text(number):
    """Of every two numbers the second repeats the first with its last word changed."""
    words = [f"word{number // 2}x{place}" for place in range(40)]
    return " ".join([*words[:-1], f"last{number}"]).encode()


class Life:
    """A home to which things happen."""

    def __init__(self, made):
        self.commons, self.path, self.given, self.day = made.commons, made.path, {}, 0
        commons = made.commons
        recipe = commons.write(
            "Recipe", commons.stewards[0], "a whole recipe", content=default_recipe().content(),
            previous=commons.recipe.digest,
        )  # fmt: skip
        self.recipe = recipe
        with open_home(self.path) as home, home.ledger.write() as writer:
            writer.add(recipe)

    def give(self, home, number):
        if number in self.given:
            return
        commons, label = self.commons, f"given {number}"
        contribution = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
        salt, kept = bytes([number]) * 32, _text(number)
        row = commitment(salt, kept)
        times = [{}, {"expires": TIMES[3]}, {"holdUntil": TIMES[2]}][number % 3]
        content = {
            **commons.fields("ConsentRecord")["content"],
            "id": contribution,
            "commitment": {"alg": "HMAC-SHA-256", "value": row},
        }
        record = commons.write("ConsentRecord", commons.contributor, label, content=content)
        fact = commons.write(
            "ConsentFact", home.node, label, contribution=contribution, record=record.digest, row=row,
            cohort=number // 2 % 2, **times,
        )  # fmt: skip
        with home.ledger.write() as writer:
            home.vault.put(writer.connection, contribution, salt, kept, federated=False)
            home.vault.seal(writer.connection, contribution, record)
            writer.add(record)
            writer.add(fact)
        self.given[number] = contribution

    def happen(self, home, what, number):
        voice = Voice(self.commons.withdrawal, "withdrawal-key")
        if what == "give":
            self.give(home, number)
        elif what == "wait":
            self.day = min(self.day + 1, len(TIMES) - 1)
        elif what == "build":
            self.build(home)
        elif number in self.given:
            contribution = self.given[number]
            if what == "withdraw":
                withdraw(home, contribution, voice, TIMES[0])
            elif what == "erase":
                erase(home, contribution, voice, TIMES[0])
            elif what == "narrow":
                try:
                    narrow(home, contribution, voice, TIMES[0], purposes=["train"])
                except NotNarrower:
                    return
            else:
                decision = self.commons.write(
                    "ModerationDecision", self.commons.moderators[0], f"on {number}", contribution=contribution
                )
                with home.ledger.write() as writer:
                    writer.add(decision)

    def build(self, home):
        wished = wanted_now(home, TIMES[self.day])
        basis = survey_home(home, TIMES[self.day])
        keep_unique(home)
        weigh_unique(home)
        assert wished == basis.wanted == wanted_now(home, TIMES[self.day])
        folder = stage_path(home, "")
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def make_life():
    """The class, to make one of a home that `home_with_texts` made."""
    return Life
