"""The recipe of a training run: constants, digested, so that the same version and recipe give the same adapter.

Steps and rate come from a table by the size of a cohort, and from nothing else: a figure that was chosen on texts
which somebody takes back would stay behind.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from typing import Any, Final, NoReturn

import yaml

from corpus.decimals import plain_decimal, written
from corpus.errors import InvalidRecipe
from substrate.record.canonical import digest
from substrate.record.plain_yaml import NotPlainYaml, compose_plain

FORMAT: Final = "lecs-training-1"
ATTENTION: Final = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
MLP: Final = ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
PARTS: Final[dict[str, tuple[str, ...]]] = {"attention": ATTENTION, "mlp": MLP}
PRECISIONS: Final = ("auto", "bf16", "fp32")

_SEED: Final = re.compile(r"[0-9a-f]{64}")
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,11}")
#: Whole numbers: key, least, most.
_NUMBERS: Final[dict[str, tuple[int, int]]] = {
    "rank": (1, 256),
    "alpha": (1, 4096),
    "length": (8, 8192),
    "batch": (1, 1024),
    "threads": (1, 256),
    "release_rank": (1, 4096),
    "checkpoint": (1, 1_000_000),
}
_KEYS: Final = ("format", "seed", "targets", "precision", "held_out", "schedule", *_NUMBERS)
_HIGHEST_RATE: Final = Decimal(1)
_LEAST: Final = Decimal("0.000000001")
_MOST: Final = 10**9


@dataclass(frozen=True, slots=True)
class Pace:
    """For cohorts of up to ``up_to`` tokens (0: any): ``steps``, or ``epochs`` over them, at ``rate``."""

    up_to: int
    steps: int
    epochs: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """A recipe whose rules were checked. ``held_out`` is a share from 0 to 0.9; ``targets`` are keys of `PARTS`."""

    seed: str
    rank: int
    alpha: int
    targets: tuple[str, ...]
    length: int
    batch: int
    precision: str
    threads: int
    held_out: Decimal
    schedule: tuple[Pace, ...]
    release_rank: int
    checkpoint: int

    @property
    def seed_bytes(self) -> bytes:
        """The 32 bytes of the seed."""
        return bytes.fromhex(self.seed)

    @property
    def modules(self) -> tuple[str, ...]:
        """The parts of the model that are adapted, by PEFT's names."""
        return tuple(module for part in self.targets for module in PARTS[part])

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical content, 64 hexadecimal digits."""
        return digest(self.content())

    def steps_for(self, tokens: int) -> int:
        """How many steps a cohort of ``tokens`` gets: at least one, from the table alone."""
        pace = self.pace_for(tokens)
        if pace.steps:
            return pace.steps
        return max(1, math.ceil(Fraction(pace.epochs) * tokens / (self.length * self.batch)))

    def pace_for(self, tokens: int) -> Pace:
        """The line of the table for a cohort of ``tokens``."""
        return next(pace for pace in self.schedule if not pace.up_to or tokens <= pace.up_to)

    def content(self) -> dict[str, Any]:
        """Plain data within the record's profile."""
        return {
            "format": FORMAT,
            "seed": self.seed,
            "targets": list(self.targets),
            "precision": self.precision,
            "held_out": written(self.held_out),
            "schedule": [_pace_content(pace) for pace in self.schedule],
            **{name: getattr(self, name) for name in _NUMBERS},
        }

    def changed(self, **given: Any) -> "TrainingRecipe":
        """This recipe with what a command line gave in the place of its own values; None leaves a value.

        Raises:
            InvalidRecipe: as `parse_training_recipe`.
        """
        content = self.content() | {key: value for key, value in given.items() if value is not None}
        return _checked(_as_written(content))

    def paced(self, *, steps: int | None = None, epochs: str | None = None) -> "TrainingRecipe":
        """The same for every size of cohort: so many steps, or epochs."""
        if steps is None and epochs is None:
            return self
        lines = tuple(
            replace(pace, steps=steps or 0, epochs=_epochs(epochs) if epochs else Decimal(0)) for pace in self.schedule
        )
        return _checked(_as_written(replace(self, schedule=lines).content()))


def default_training_recipe() -> TrainingRecipe:
    """`default_training.yaml` beside this module."""
    return parse_training_recipe(default_training_text())


def default_training_text() -> str:
    """The default with its comments: what a curator starts from."""
    return files("corpus.training").joinpath("default_training.yaml").read_text("utf-8")


def parse_training_recipe(text: str) -> TrainingRecipe:
    """Read a training recipe that people wrote.

    Raises:
        InvalidRecipe: naming the key and what is allowed.
    """
    try:
        node = compose_plain(text)
    except NotPlainYaml as error:
        _refuse("", f"must be one YAML document without tricks; it is or holds: {error}")
    return _checked(_plain(node, ""))


def training_recipe_of(content: Mapping[str, Any]) -> TrainingRecipe:
    """Read what `TrainingRecipe.content` wrote.

    Raises:
        InvalidRecipe: it is not exactly that.
    """
    recipe = _checked(_as_written(dict(content)))
    if recipe.content() != dict(content):
        _refuse("", "must be spelled plainly: integers, decimals without zeros")
    return recipe


def _refuse(key: str, allowed: str) -> NoReturn:
    raise InvalidRecipe(key, allowed)


def _plain(node: yaml.Node | None, key: str) -> Any:
    """Values as they are written: nothing passes through a binary float."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, f"{key}[{number}]") for number, child in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        _refuse(key, "must be a mapping of keys to values")
    found: dict[str, Any] = {}
    for name, child in node.value:
        if not isinstance(name, yaml.ScalarNode) or name.value in found:
            _refuse(key, "must have plain words as keys, each once")
        found[name.value] = _plain(child, f"{key}.{name.value}".strip("."))
    return found


def _as_written(value: Any) -> Any:
    """Plain content as a file would hold it: every value a string."""
    if isinstance(value, Mapping):
        return {key: _as_written(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_written(inner) for inner in value]
    return str(value)


def _checked(found: Any) -> TrainingRecipe:
    if not isinstance(found, dict):
        _refuse("", "must be a mapping of keys to values")
    for key in found:
        if key not in _KEYS:
            _refuse(str(key)[:64], f"is not a key of a training recipe; allowed: {', '.join(_KEYS)}")
    for key in _KEYS:
        if key not in found:
            _refuse(key, "must be given")
    if found["format"] != FORMAT:
        _refuse("format", f"must be {FORMAT}")
    if not isinstance(found["seed"], str) or not _SEED.fullmatch(found["seed"]):
        _refuse("seed", "must be 64 hexadecimal digits (0-9, a-f)")
    if found["precision"] not in PRECISIONS:
        _refuse("precision", f"must be one of {', '.join(PRECISIONS)}")
    return TrainingRecipe(
        seed=found["seed"],
        targets=_targets(found["targets"]),
        precision=found["precision"],
        held_out=_decimal("held_out", found["held_out"], Decimal(0), Decimal("0.9")),
        schedule=_schedule(found["schedule"]),
        **{name: _whole(name, found[name], *bounds) for name, bounds in _NUMBERS.items()},
    )


def _whole(key: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, str) or not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
        _refuse(key, f"must be a whole number from {least} to {most}")
    return int(value)


def _decimal(key: str, value: object, least: Decimal, most: Decimal) -> Decimal:
    number = plain_decimal(value) if isinstance(value, str) else None
    if number is None or not least <= number <= most:
        _refuse(key, f"must be a decimal number from {written(least)} to {written(most)}")
    return number


def _targets(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not set(map(str, value)) <= PARTS.keys():
        _refuse("targets", f"must be a list out of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in value)


def _schedule(value: object) -> tuple[Pace, ...]:
    if not isinstance(value, list) or not value:
        _refuse("schedule", "must be a list of lines")
    lines = tuple(_pace(f"schedule[{number}]", line) for number, line in enumerate(value))
    bounds = [pace.up_to for pace in lines]
    if bounds[-1] != 0 or 0 in bounds[:-1] or bounds[:-1] != sorted(set(bounds[:-1])):
        _refuse("schedule", "must rise in up_to, and end with the line for all the rest (up_to: 0)")
    return lines


def _pace(key: str, line: object) -> Pace:
    if not isinstance(line, dict) or set(line) not in ({"up_to", "steps", "rate"}, {"up_to", "epochs", "rate"}):
        _refuse(key, "must have up_to, rate, and either steps or epochs")
    return Pace(
        up_to=_whole(f"{key}.up_to", line["up_to"], 0, _MOST),
        steps=_whole(f"{key}.steps", line["steps"], 1, _MOST) if "steps" in line else 0,
        epochs=_epochs(line["epochs"]) if "epochs" in line else Decimal(0),
        rate=_decimal(f"{key}.rate", line["rate"], _LEAST, _HIGHEST_RATE),
    )


def _epochs(value: object) -> Decimal:
    return _decimal("epochs", value, Decimal("0.001"), Decimal(10_000))


def _pace_content(pace: Pace) -> dict[str, Any]:
    much: dict[str, Any] = {"steps": pace.steps} if pace.steps else {"epochs": written(pace.epochs)}
    return {"up_to": pace.up_to, **much, "rate": written(pace.rate)}
