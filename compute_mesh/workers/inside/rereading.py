"""Reading answers again inside the box: how well each place of each answer fits, by one pass over all of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from compute_mesh.audit.claims import Claim
from compute_mesh.audit.forcing import force
from compute_mesh.runtime.likely import RECORD, read_records
from compute_mesh.runtime.loaded import Loaded
from compute_mesh.runtime.sampling import Answer, Sampling
from compute_mesh.runtime.writing import check_room, room_for
from compute_mesh.workers.inside.channel import Channel

_FLOAT: Final = "<f4"
_WORD: Final = "<i4"


@dataclass(frozen=True, slots=True)
class Told:
    """One answer, as another worker told it, after the tokens of its prompt as they are read here."""

    prompt: Sequence[int]
    tokens: tuple[int, ...]
    finish: Any
    text: str
    sampling: Sampling
    likely: bytes


def reread(loaded: Loaded, channel: Channel, job: int, told: Sequence[Told]) -> dict[str, Any]:
    """The value of the result; the bytes ``prompts``, ``misfit`` and ``drift`` are all answers' together, in order.

    An answer with a token that the model does not have, or of more places than the context has, is ``impossible``.
    """
    prompts, misfits, drifts, answers = [], [], [], []
    for number, one in enumerate(told):
        channel.check(job)
        misfit, drift = _places(loaded, one)
        prompts.append(np.array(one.prompt, _WORD))
        misfits.append(misfit.astype(_FLOAT))
        drifts.append(drift.astype(_FLOAT))
        possible = len(misfit) > 0 or not one.tokens
        answers.append(
            {
                "prompt": len(one.prompt),
                "room": room_for(loaded, one.prompt, one.sampling),
                "places": len(misfit),
                "drift": len(drift),
                "possible": possible,
                "sameText": possible and _same_text(loaded, one),
            }
        )
        channel.progress(job, number + 1, len(told))
    for name, parts in (("prompts", prompts), ("misfit", misfits), ("drift", drifts)):
        channel.give(job, name, b"".join(part.tobytes() for part in parts))
    loaded.forget()
    return {"answers": answers}


def told_of(
    parameters: Mapping[str, Any], inputs: Mapping[str, bytes], tokens_of: Callable[[Mapping[str, Any]], list[int]]
) -> list[Told]:  # fmt: skip
    """What is to be read: ``answers`` as JSON, ``likely`` as the other worker gave it; ``tokens_of`` reads a prompt."""
    found, start, likely = [], 0, inputs.get("likely", b"")
    sampling = parameters["sampling"]
    for number, one in enumerate(json.loads(inputs["answers"])):
        end = start + RECORD * len(one["tokens"])
        chosen = Sampling(**sampling | {"seed": sampling["seed"] + number, "stop": tuple(sampling["stop"])})
        prompt = tokens_of(one["prompt"])
        found.append(Told(prompt, tuple(one["tokens"]), one["finish"], one["text"], chosen, likely[start:end]))
        start = end
    return found


def _same_text(loaded: Loaded, one: Told) -> bool:
    """Whether the text is that of the tokens, and ends at a stop text exactly where it says so."""
    answer = Answer(one.sampling.stop)
    for token in one.tokens:
        answer.add(loaded.piece(token))
    if not answer.stopped:
        answer.add(b"", last=True)
    return answer.text == one.text and answer.stopped == (one.finish == "stop")


def _places(loaded: Loaded, one: Told) -> tuple[Any, Any]:
    """Misfit and drift of each place; nothing where the answer is impossible."""
    nothing = np.zeros(0, np.float32)
    check_room(loaded, one.prompt)
    if not all(0 <= token < loaded.words for token in one.tokens) or len(one.tokens) > room_for(
        loaded, one.prompt, one.sampling
    ):
        return nothing, nothing
    likely = read_records(one.likely)
    claim = Claim(tuple(one.prompt), one.tokens, one.finish, one.sampling, likely.top, likely.top_log_probabilities)
    forced = force(loaded, claim)
    return forced.misfit, forced.drift
