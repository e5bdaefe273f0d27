"""Writing on from a prompt: one text as it comes, or several at once in one pass each."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from compute_mesh.runtime.loaded import PASS, Floats, Loaded
from compute_mesh.runtime.needs import TooLarge
from compute_mesh.runtime.sampling import Answer, Chooser, Sampling

Finish = Literal["end", "stop", "length"]
#: Hears, for each choice, the number of the text, the token, and the scores that it was chosen from (a view, valid
#: until it returns). The token that ends an answer is told too.
Watch = Callable[[int, int, Floats], None]


@dataclass(frozen=True, slots=True)
class Written:
    """An answer: its text, its tokens, and why it ended (the model said so, a stop text, or the limit)."""

    text: str
    tokens: tuple[int, ...]
    finish: Finish


class Writing:
    """One answer that is being written: iterate over it for the pieces of text, then read ``done``."""

    def __init__(self, loaded: Loaded, prompt: Sequence[int], sampling: Sampling, watch: Watch | None = None) -> None:
        """Nothing is computed before the first piece is asked for.

        Raises:
            TooLarge: the prompt leaves no room.
        """
        _check_room(loaded, prompt)
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
            room = _room(loaded, self._prompt, sampling)
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
            self.done = Written(answer.text, tuple(written), finish)
        if rest:
            yield rest


def write(loaded: Loaded, prompt: Sequence[int], sampling: Sampling, watch: Watch | None = None) -> Written:
    """One answer, whole."""
    writing = Writing(loaded, prompt, sampling, watch)
    for _ in writing:
        pass
    return writing.done


@dataclass(slots=True)
class _Slot:
    """One of several texts that are written at once. ``next``: the token that is read in the next pass."""

    number: int
    chooser: Chooser
    answer: Answer
    written: list[int]
    room: int
    place: int
    next: int = 0
    output: int = -1


def write_together(
    loaded: Loaded,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    told: Callable[[int], None] = lambda _: None,
    watch: Watch | None = None,
) -> list[Written]:
    """Answers to several prompts, in their order, as many at once as the limits have sequences.

    The n-th prompt is written with seed + n. Texts may differ in the last bits, and so in words, from those that are
    written one by one. ``told`` hears the number of each prompt that is done.

    Raises:
        TooLarge: a prompt leaves no room.
    """
    for prompt in prompts:
        _check_room(loaded, prompt)
    together = _Together(loaded, sampling, prompts, watch)
    try:
        return together.run(told)
    finally:
        together.close()


class _Together:
    def __init__(
        self, loaded: Loaded, sampling: Sampling, prompts: Sequence[Sequence[int]], watch: Watch | None
    ) -> None:
        self.loaded, self.sampling, self.prompts, self.watch = loaded, sampling, prompts, watch
        self.waiting = deque(range(len(prompts)))
        self.slots: dict[int, _Slot] = {}
        self.done: dict[int, Written] = {}
        self.batch = loaded.api.llama_batch_init(PASS, 0, 1)

    def run(self, told: Callable[[int], None]) -> list[Written]:
        self.loaded.forget()
        while self.waiting or self.slots:
            self._fill()
            self._pass()
            for sequence, slot in list(self.slots.items()):
                if self._advance(slot):
                    self._finish(sequence, slot)
                    told(slot.number)
        return [self.done[number] for number in range(len(self.prompts))]

    def close(self) -> None:
        for slot in self.slots.values():
            slot.chooser.close()
        self.loaded.api.llama_batch_free(self.batch)

    def _fill(self) -> None:
        """Give free sequences to the next prompts, and read each prompt but for its last token."""
        for sequence in range(self.loaded.limits.sequences):
            if sequence in self.slots or not self.waiting:
                continue
            number = self.waiting.popleft()
            prompt = self.prompts[number]
            for start in range(0, len(prompt) - 1, PASS):
                self._read(sequence, prompt[start : min(start + PASS, len(prompt) - 1)], start)
            chooser = Chooser(self.loaded, self.sampling, self.sampling.seed + number)
            room = _room(self.loaded, prompt, self.sampling)
            self.slots[sequence] = _Slot(
                number, chooser, Answer(self.sampling.stop), [], room, len(prompt) - 1, prompt[-1]
            )

    def _read(self, sequence: int, tokens: Sequence[int], start: int) -> None:
        for place, token in enumerate(tokens):
            self._put(place, token, start + place, sequence, wanted=False)
        self.batch.n_tokens = len(tokens)
        self.loaded.decode(self.batch)

    def _pass(self) -> None:
        for place, (sequence, slot) in enumerate(self.slots.items()):
            self._put(place, slot.next, slot.place, sequence, wanted=True)
            slot.output = place
            slot.place += 1
        self.batch.n_tokens = len(self.slots)
        self.loaded.decode(self.batch)

    def _put(self, place: int, token: int, position: int, sequence: int, *, wanted: bool) -> None:
        batch = self.batch
        batch.token[place] = token
        batch.pos[place] = position
        batch.n_seq_id[place] = 1
        batch.seq_id[place][0] = sequence
        batch.logits[place] = wanted

    def _advance(self, slot: _Slot) -> bool:
        """Choose the next token of one text; whether it is over."""
        token = slot.chooser.choose(self.loaded.handle, slot.output)
        if self.watch:
            self.watch(slot.number, token, self.loaded.scores(slot.output + 1)[slot.output])
        if self.loaded.ends(token):
            return self._over(slot, "end")
        slot.written.append(token)
        slot.answer.add(self.loaded.piece(token))
        slot.next = token
        if slot.answer.stopped:
            return self._over(slot, "stop")
        return len(slot.written) >= slot.room and self._over(slot, "length")

    def _over(self, slot: _Slot, finish: Finish) -> bool:
        if not slot.answer.stopped:
            slot.answer.add(b"", last=True)
        self.done[slot.number] = Written(slot.answer.text, tuple(slot.written), finish)
        return True

    def _finish(self, sequence: int, slot: _Slot) -> None:
        slot.chooser.close()
        del self.slots[sequence]
        self.loaded.api.llama_memory_seq_rm(self.loaded.memory, sequence, -1, -1)


def _check_room(loaded: Loaded, prompt: Sequence[int]) -> None:
    if not prompt:
        raise ValueError("a prompt has at least one token")
    if len(prompt) >= loaded.context:
        raise TooLarge(f"the prompt has {len(prompt)} tokens, and the context {loaded.context}")


def _room(loaded: Loaded, prompt: Sequence[int], sampling: Sampling) -> int:
    return min(sampling.tokens, loaded.context - len(prompt))
