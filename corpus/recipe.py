"""The recipe: the constants by which a commons decides on duplicates and weights, as a digested document.

Content is plain: strings, integers and mappings, decimals as strings in one spelling, so that
``digest(recipe.content())`` is the recipe's identity. `recipe.schema.json` says the same as JSON Schema.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Final, NoReturn

from corpus.decimals import plain_decimal, written
from corpus.errors import InvalidRecipe
from corpus.recipe_source import Path, Place, read_source
from substrate.record.canonical import digest

FORMAT: Final = "lecs-recipe-1"

_SEED: Final = re.compile(r"[0-9a-f]{64}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEYS: Final = (
    "format",
    "seed",
    "temperature",
    "language_floors",
    "domain_weights",
    "quality_weights",
    "contributor_cap",
    "near_duplicates",
)
_COUNTS: Final = {"ngram": 32, "buckets": 64, "hashes": 32}
_LOWEST_WEIGHT: Final = Decimal("0.000001")
_HIGHEST_WEIGHT: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Word n-grams; ``buckets`` bands of ``hashes`` rows propose, exact Jaccard decides."""

    ngram: int
    buckets: int
    hashes: int
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe whose rules were checked. Floors, cap and threshold are in (0, 1], weights above 0."""

    seed: str
    temperature: Decimal
    language_floors: Mapping[str, Decimal]
    domain_weights: Mapping[str, Decimal]
    quality_weights: Mapping[str, Decimal]
    contributor_cap: Decimal
    near_duplicates: NearDuplicates

    @property
    def seed_bytes(self) -> bytes:
        """The 32 bytes that `order_of` takes."""
        return bytes.fromhex(self.seed)

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical content, 64 hexadecimal digits."""
        return digest(self.content())

    def content(self) -> dict[str, Any]:
        """Plain data within the record's profile; `from_content` reads it back to an equal recipe."""
        near = self.near_duplicates
        return {
            "format": FORMAT,
            "seed": self.seed,
            "temperature": written(self.temperature),
            "language_floors": _all_written(self.language_floors),
            "domain_weights": _all_written(self.domain_weights),
            "quality_weights": _all_written(self.quality_weights),
            "contributor_cap": written(self.contributor_cap),
            "near_duplicates": {
                "ngram": near.ngram,
                "buckets": near.buckets,
                "hashes": near.hashes,
                "threshold": written(near.threshold),
            },
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Recipe":
        """Read what `content` wrote; anything that is not exactly that is refused.

        Raises:
            InvalidRecipe: naming the key and what is allowed.
        """
        recipe = _checked(content, {})
        again = recipe.content()
        for key in _KEYS:
            if content[key] != again[key]:
                raise InvalidRecipe(key, "must be spelled plainly: integers, decimals without zeros")
        return recipe


def parse_recipe(yaml_text: str) -> Recipe:
    """Read a recipe that people wrote.

    Raises:
        InvalidRecipe: naming the key, its line and column, and what is allowed.
    """
    source, places = read_source(yaml_text)
    return _checked(source, places)


def default_recipe() -> Recipe:
    """The recipe of a new commons, `default_recipe.yaml` beside this module."""
    return parse_recipe(default_recipe_text())


def default_recipe_text() -> str:
    """`default_recipe.yaml` with its comments: what a steward starts from."""
    return files("corpus").joinpath("default_recipe.yaml").read_text("utf-8")


def _all_written(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {key: written(values[key]) for key in sorted(values)}


def _checked(content: Mapping[str, Any], places: Mapping[Path, Place]) -> Recipe:
    rules = _Rules(content, places)
    rules.keys((), _KEYS)
    if content["format"] != FORMAT:
        rules.refuse(("format",), f"must be {FORMAT}")
    rules.keys(("near_duplicates",), (*_COUNTS, "threshold"))
    return Recipe(
        seed=rules.seed(),
        temperature=rules.number(("temperature",), Decimal("0.01"), Decimal(1000)),
        language_floors=rules.floors(),
        domain_weights=rules.weights("domain_weights"),
        quality_weights=rules.weights("quality_weights"),
        contributor_cap=rules.share(("contributor_cap",)),
        near_duplicates=NearDuplicates(
            **{name: rules.count(("near_duplicates", name), most) for name, most in _COUNTS.items()},
            threshold=rules.share(("near_duplicates", "threshold")),
        ),
    )


def _meant(key: object, expected: tuple[str, ...]) -> str:
    """The nearest key, where one is near; then all of them."""
    near = get_close_matches(str(key), expected, n=1)
    hint = f", did you mean {near[0]}?" if near else ";"
    return f"{hint} allowed: {', '.join(expected)}"


class _Rules:
    """The rules of single values; each refusal knows its key and its place."""

    def __init__(self, content: Mapping[str, Any], places: Mapping[Path, Place]) -> None:
        self._content = content
        self._places = places

    def refuse(self, path: Path, allowed: str) -> NoReturn:
        raise InvalidRecipe(".".join(path), allowed, *self._places.get(path, (0, 0)))

    def at(self, path: Path) -> object:
        value: Any = self._content
        for key in path:
            value = value[key]
        return value

    def mapping(self, path: Path) -> Mapping[str, Any]:
        value = self.at(path)
        if not isinstance(value, Mapping):
            self.refuse(path, "must be a mapping of keys to values")
        return value

    def keys(self, path: Path, expected: tuple[str, ...]) -> None:
        given = self.mapping(path)
        for key in given:
            if key not in expected:
                self.refuse((*path, str(key)), f"is not a key of a recipe{_meant(key, expected)}")
        for key in expected:
            if key not in given:
                name, place = ".".join((*path, key)), self._places.get(path, (0, 0))
                raise InvalidRecipe(name, "must be given", *place)

    def seed(self) -> str:
        value = self.at(("seed",))
        if not isinstance(value, str) or not _SEED.fullmatch(value):
            self.refuse(("seed",), "must be 64 hexadecimal digits (0-9, a-f)")
        return value

    def number(self, path: Path, least: Decimal, most: Decimal) -> Decimal:
        value = self.at(path)
        number = plain_decimal(value) if isinstance(value, str) else None
        if number is None or not least <= number <= most:
            bounds = f"from {written(least)} to {written(most)}"
            self.refuse(path, f'must be a decimal number {bounds}, such as "0.7"')
        return number

    def share(self, path: Path) -> Decimal:
        return self.number(path, _LOWEST_WEIGHT, Decimal(1))

    def count(self, path: Path, most: int) -> int:
        value = self.at(path)
        plain = isinstance(value, int) and not isinstance(value, bool)
        digits = str(value) if plain or isinstance(value, str) else ""
        if not re.fullmatch(r"[1-9][0-9]?", digits) or int(digits) > most:
            self.refuse(path, f"must be a whole number from 1 to {most}")
        return int(digits)

    def weights(self, name: str) -> dict[str, Decimal]:
        for key in self.mapping((name,)):
            if not isinstance(key, str) or not _WORD.fullmatch(key):
                self.refuse((name, str(key)), "must be a word of a-z, 0-9, - and _, at most 64 characters")
        return {key: self.number((name, key), _LOWEST_WEIGHT, _HIGHEST_WEIGHT) for key in self.mapping((name,))}

    def floors(self) -> dict[str, Decimal]:
        path = ("language_floors",)
        for key in self.mapping(path):
            if not isinstance(key, str) or not _LANGUAGE.fullmatch(key):
                self.refuse((*path, str(key)), 'must be a language tag, such as "pt" or "cmn"')
        floors = {key: self.share((*path, key)) for key in self.mapping(path)}
        if sum(floors.values()) >= 1:
            self.refuse(path, "must add up to less than 1, so that every other language keeps a share")
        return floors
