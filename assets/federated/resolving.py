"""Which texts of this home a job of others may be computed on: the gate's word now, and again before any answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from assets.dataset.publishing import published_versions
from assets.federated.given import Given, note_given, trained_on
from assets.training.members import (
    EVALUATE,
    TRAIN,
    Member,
    NotAdmitted,
    TakenBack,
    admitted_lines,
    members_of,
    refusal_now,
)
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import Line
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.jobservice.held import Held
from consent.survey import Surveyed, grouping_reference, survey_one
from corpus.items import order_of
from corpus.recipe import Recipe
from corpus.training.near import too_near
from corpus.training.reading import MEAN, is_held_out, key_of
from corpus.training.recipe import default_training_recipe, training_recipe_of
from substrate.record.authority import Roles, recipe_in_force
from substrate.record.canonical import digest
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

_NEEDS: Final = {"lora": TRAIN, "evaluation": EVALUATE}


@dataclass(frozen=True, slots=True)
class _Text:
    """One text that the gate admits, and the purposes for which it does."""

    contribution: str
    row: str
    text: bytes
    who: str
    purposes: tuple[str, ...]


class TextsHeld:
    """The law of texts that jobs read where they lie, for the node (which may not know it)."""

    def any(self, home: Home) -> bool:
        """Whether a federated text lies here."""
        return any(home.vault.contributions().values())

    def resolve(self, home: Home, manifest: Manifest, now: str, least: int) -> Held:
        """What a job may read.

        Args:
            least: fewest contributors behind a score, and behind what is published of a term with others'.

        Raises:
            CannotRun: ``no-texts``, ``purpose``, ``recipe-other``, ``few-contributors``, ``taken-back``.
        """
        if "cohort" in manifest.data:
            return _cohort(home, manifest, now, least)
        return _selection(home, manifest, now, least)

    def give(self, home: Home, manifest: Manifest, held: Held, made: str, now: str) -> None:
        """Ask the gate again about every text behind an answer, and note on disk what stands on which.

        Raises:
            CannotRun: ``taken-back``.
        """
        roles, purpose = home.roles(), _NEEDS[manifest.job]
        for contribution, row in held.members:
            if refusal_now(home, roles, contribution, row, purpose, now):
                raise CannotRun("taken-back", "a text was taken back while it was worked on: nothing is given")
        given = Given(manifest.digest, manifest.submitter, manifest.job, made, now, held.members)
        note_given(home, given)


def _selection(home: Home, manifest: Manifest, now: str, least: int) -> Held:
    chosen, roles = manifest.data["selection"], home.roles()
    if chosen["recipe"] != digest(recipe_in_force(roles)):
        raise CannotRun("recipe-other", "another recipe of the mixture is in force here")
    if manifest.job == "lora" and chosen.get("least", 1) < least:
        raise CannotRun("few-contributors", f"what is published of it must stand on {least} contributors")
    purpose = _NEEDS[manifest.job]
    texts = list(_federated(home, roles, chosen.get("language"), now))
    mine = [one for one in texts if purpose in one.purposes]
    if texts and not mine:
        raise CannotRun("purpose", f"no federated text here may be used to {purpose}")
    if manifest.job == "lora":
        return _to_train(manifest, mine)
    kept = list(_never_trained_on(home, roles, mine))
    return _to_measure(home, manifest, kept, max(least, chosen.get("least", 1)))


def _federated(home: Home, roles: Roles, language: str | None, now: str) -> Iterator[_Text]:
    """Federated texts of this home that the gate admits for training or evaluation, private rules included."""
    for contribution, federated in home.vault.contributions().items():
        verdict = survey_one(home, roles, contribution, now) if federated else None
        if verdict is None or verdict.record is None or verdict.state.tier != "federated" or verdict.reason:
            continue
        if language is not None and verdict.state.language != language:
            continue
        if (text := _text(home, verdict)) is not None:
            yield text


def _text(home: Home, verdict: Surveyed) -> _Text | None:
    try:
        kept = home.vault.get(verdict.state.contribution)
    except NotFound:
        return None
    if kept.row != verdict.state.row:
        return None
    return _Text(kept.contribution, kept.row, kept.text, grouping_reference(verdict.record), verdict.purposes)


def _to_train(manifest: Manifest, texts: list[_Text]) -> Held:
    """In the order of their keys, without those that the training recipe holds out."""
    recipe = training_recipe_of(manifest.parameters["recipe"])
    keyed = sorted(((key_of(recipe, one.text), one) for one in texts), key=lambda pair: pair[0])
    chosen = [(key, one) for key, one in keyed if EVALUATE not in one.purposes or not is_held_out(recipe, key)]
    if not chosen:
        _nothing()
    lines = [Line(key.hex(), MEAN, one.text.decode("utf-8")) for key, one in chosen]
    return Held(lines, len({one.who for _, one in chosen}), [(one.contribution, one.row) for _, one in chosen])


def _never_trained_on(home: Home, roles: Roles, texts: list[_Text]) -> Iterator[_Text]:
    """Those that went into no term which was given away, nor nearly did."""
    trained = trained_on(home)
    learned = [one.text.decode("utf-8") for one in texts if one.contribution in trained]
    left = [one for one in texts if one.contribution not in trained]
    rule = Recipe.from_content(recipe_in_force(roles)).near_duplicates
    near = too_near([one.text.decode("utf-8") for one in left], learned, rule)
    yield from (one for number, one in enumerate(left) if number not in near)


def _to_measure(home: Home, manifest: Manifest, texts: list[_Text], least: int) -> Held:
    seed = bytes.fromhex(str(recipe_in_force(home.roles())["seed"]))
    keyed = sorted(((order_of(seed, one.text), one) for one in texts), key=lambda pair: pair[0])
    ordered = keyed[: manifest.parameters["texts"]]
    people = len({one.who for _, one in ordered})
    if not ordered:
        _nothing()
    if people < least:
        raise CannotRun("few-contributors", f"fewer than {least} contributors stand behind these texts")
    lines = [Line(key.hex(), MEAN, one.text.decode("utf-8")) for key, one in ordered]
    return Held(lines, people, [(one.contribution, one.row) for _, one in ordered])


def _cohort(home: Home, manifest: Manifest, now: str, least: int) -> Held:
    """The texts of a version's cohort, where this home may read all of them: as a run here would take them."""
    wanted = manifest.data["cohort"]
    version = next((one for one in published_versions(home) if one.body["version"] == wanted["version"]), None)
    if version is None:
        _nothing()
    try:
        members = _members(home, manifest, version, wanted["cohort"], now)
    except (TakenBack, NotAdmitted):
        raise CannotRun("taken-back", "a text of this version may not be used any more") from None
    except NotFound:
        _nothing()
    if not members:
        _nothing()
    people = len({one.who for one in members})
    if manifest.job == "evaluation" and people < least:
        raise CannotRun("few-contributors", f"fewer than {least} contributors stand behind these texts")
    lines = [Line(one.key.hex(), one.weight, one.text) for one in members]
    return Held(lines, people, [(one.contribution, one.row) for one in members])


def _members(home: Home, manifest: Manifest, version: Document, cohort: int, now: str) -> list[Member]:
    if manifest.job == "lora":
        found = members_of(home, version, training_recipe_of(manifest.parameters["recipe"]), now)
        return found.train.get(cohort, [])
    # Of every text that may be measured, those on which nothing was trained here.
    both = members_of(home, version, default_training_recipe(), now)
    measured = set(_measurable(home, version, cohort, now)) - trained_on(home) - _trained_here(home)
    everything: Iterable[Member] = [*both.held_out, *both.train.get(cohort, ())]
    return [one for one in everything if one.contribution in measured][: manifest.parameters["texts"]]


def _measurable(home: Home, version: Document, cohort: int, now: str) -> Iterator[str]:
    for line, _ in admitted_lines(home, home.roles(), version, now):
        if line["cohort"] == cohort and EVALUATE in line["purposes"]:
            yield line["contribution"]


def _trained_here(home: Home) -> set[str]:
    return {str(member[0]) for _, about in TrainedFiles(home.path).terms() for member in about["members"]}


def _nothing() -> NoReturn:
    raise CannotRun("no-texts", "nothing here that the job asks for may be used for it now")
