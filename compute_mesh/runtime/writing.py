"""Writing on from a prompt: one text, as it comes. Several at once: `together.py`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from compute_mesh.runtime.loaded import Floats, Loaded
from compute_mesh.runtime.needs import TooLarge
from compute_mesh.runtime.sampling import Answer, Chooser, Sampling

Finish = Literal["end", "stop", "length"]
#: Hears, for each choice, the number of the text, the token, and the scores that it was chosen from (a view, valid
#: until it returns). The token that ends an answer is told too.
Watch = Callable[[int, int, Floats], None]


@dataclass(frozen=True, slots=True)
class Written:
    """An answer: its text, its tokens, and why it ended (the model said so, a stop text, or the limit).

    ``likely``: records of `compute_mesh.runtime.likely`, one for each token, where they were asked for. ``read``: how
    many tokens of the prompt were computed for it: all of them, since nothing is kept from one text for another.
    """

    text: str
    tokens: tuple[int, ...]
    finish: Finish
    likely: bytes = b""
    read: int = 0


class Writing:
    """One answer that is being written: iterate over it for the pieces of text, then read ``done``."""

    def __init__(self, loaded: Loaded, prompt: Sequence[int], sampling: Sampling, watch: Watch | None = None) -> None:
        """Nothing is computed before the first piece is asked for.

        Raises:
            TooLarge: the prompt leaves no room.
        """
        check_room(loaded, prompt)
        self._loaded, self._prompt, self._sampling, self._watch = loaded, prompt, sampling, watch
        self.done = Written("", (), "length")

    def __iter__(self) -> Iterator[str]:
        """The pieces, as they are written."""
        loaded, sampling = self._loaded, self._sampling
        chooser = Chooser(loaded, sampling, sampling.seed)
        answer, written = Answer(sampling.stop), list[int]()
        finish: Finish = "length"
        try:
            loaded.forget()
            loaded.read(self._prompt)
            room = room_for(loaded, self._prompt, sampling)
            while len(written) < room:
                token = chooser.choose(loaded.handle, -1)
                if self._watch:
                    self._watch(0, token, loaded.scores(1)[0])
                if loaded.ends(token):
                    finish = "end"
                    break
                written.append(token)
                if shown := answer.add(loaded.piece(token)):
                    yield shown
                if answer.stopped:
                    finish = "stop"
                    break
                if len(written) < room:
                    loaded.step(token)
        finally:
            chooser.close()
            rest = "" if answer.stopped else answer.add(b"", last=True)
            self.done = Written(answer.text, tuple(written), finish, read=len(self._prompt))
        if rest:
            yield rest


def write(loaded: Loaded, prompt: Sequence[int], sampling: Sampling, watch: Watch | None = None) -> Written:
    """One answer, whole."""
    writing = Writing(loaded, prompt, sampling, watch)
    for _ in writing:
        pass
    return writing.done


def check_room(loaded: Loaded, prompt: Sequence[int]) -> None:
    """Refuse a prompt that is empty or fills the context.

    Raises:
        TooLarge: it leaves no room. ValueError: it is empty.
    """
    if not prompt:
        raise ValueError("a prompt has at least one token")
    if len(prompt) >= loaded.context:
        raise TooLarge(f"the prompt has {len(prompt)} tokens, and the context {loaded.context}")


def room_for(loaded: Loaded, prompt: Sequence[int], sampling: Sampling) -> int:
    """How many tokens may be written after a prompt."""
    return min(sampling.tokens, loaded.context - len(prompt))
