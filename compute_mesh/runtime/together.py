"""Writing several texts at once, one pass for the next token of all: they may come and go while others are written.

Texts may differ in the last bits, and so in words, from those that are written one by one.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from compute_mesh.runtime.likely import record
from compute_mesh.runtime.loaded import PASS, Loaded
from compute_mesh.runtime.sampling import Answer, Chooser, Sampling
from compute_mesh.runtime.writing import Finish, Watch, Written, check_room, room_for

#: Called with a text's number and a piece of it.
Piece = Callable[[int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    number: int
    prompt: Sequence[int]
    sampling: Sampling
    chooser: Chooser
    likely: bool


@dataclass(slots=True)
class _Slot:
    """A text that is being written. ``read``: tokens of the prompt that were read; ``next``: read in the next pass."""

    asked: _Asked
    answer: Answer
    room: int
    next: int
    read: int = 0
    computed: int = 0
    place: int = 0
    output: int = -1
    written: list[int] = field(default_factory=list)
    likely: list[bytes] = field(default_factory=list)


class Together:
    """The texts that one loaded model writes at once, as many as its limits have sequences; the others wait."""

    def __init__(self, loaded: Loaded, piece: Piece = lambda *_: None, watch: Watch | None = None) -> None:
        """What was read before is forgotten. ``piece`` hears each text as it comes, ``watch`` each choice."""
        self._loaded, self._piece, self._watch = loaded, piece, watch
        self._waiting: deque[_Asked] = deque()
        self._slots: dict[int, _Slot] = {}
        self._batch = loaded.api.llama_batch_init(PASS, 0, 1)
        loaded.forget()

    @property
    def busy(self) -> bool:
        """Whether anything is written or waits."""
        return bool(self._waiting or self._slots)

    def add(self, number: int, prompt: Sequence[int], sampling: Sampling, *, likely: bool = False) -> None:
        """Write on from a prompt, under a number of the caller's; with ``likely`` the records of its tokens are kept.

        Raises:
            TooLarge: the prompt leaves no room. ValueError: it is empty. InvalidGrammar: of the sampling.
        """
        check_room(self._loaded, prompt)
        chooser = Chooser(self._loaded, sampling, sampling.seed)
        self._waiting.append(_Asked(number, prompt, sampling, chooser, likely))

    def drop(self, number: int) -> None:
        """Write this text no further; nothing more is told of it."""
        for asked in [one for one in self._waiting if one.number == number]:
            asked.chooser.close()
            self._waiting.remove(asked)
        for sequence, slot in list(self._slots.items()):
            if slot.asked.number == number:
                self._free(sequence, slot)

    def step(self) -> list[tuple[int, Written]]:
        """One more token of every text that is begun, a piece of one prompt at most before it; texts that are done."""
        self._begin()
        self._read_on()
        ready = {sequence: slot for sequence, slot in self._slots.items() if slot.read == len(slot.asked.prompt) - 1}
        done = []
        if ready:
            self._pass(ready)
            for sequence, slot in ready.items():
                if finish := self._advance(slot):
                    done.append((slot.asked.number, self._end(slot, finish)))
                    self._free(sequence, slot)
        return done

    def close(self) -> None:
        """Drop everything and forget what was read."""
        while self._waiting:
            self._waiting.popleft().chooser.close()
        for sequence, slot in list(self._slots.items()):
            self._free(sequence, slot)
        self._loaded.api.llama_batch_free(self._batch)
        self._loaded.forget()

    def _begin(self) -> None:
        """Give free sequences to those who wait."""
        for sequence in range(self._loaded.limits.sequences):
            if sequence in self._slots or not self._waiting:
                continue
            asked = self._waiting.popleft()
            room = room_for(self._loaded, asked.prompt, asked.sampling)
            self._slots[sequence] = _Slot(asked, Answer(asked.sampling.stop), room, asked.prompt[-1])

    def _read_on(self) -> None:
        """Read the next piece of the first prompt that was not read to its last token: no text stands still long."""
        for sequence, slot in self._slots.items():
            part = slot.asked.prompt[slot.read : min(slot.read + PASS, len(slot.asked.prompt) - 1)]
            if part:
                for place, token in enumerate(part):
                    self._put(place, token, slot.read + place, sequence, wanted=False)
                self._batch.n_tokens = len(part)
                self._loaded.decode(self._batch)
                slot.read += len(part)
                slot.computed += len(part)
                slot.place = slot.read
                return

    def _pass(self, ready: dict[int, _Slot]) -> None:
        for place, (sequence, slot) in enumerate(ready.items()):
            self._put(place, slot.next, slot.place, sequence, wanted=True)
            slot.output = place
            slot.place += 1
            slot.computed += not slot.written
        self._batch.n_tokens = len(ready)
        self._loaded.decode(self._batch)

    def _put(self, place: int, token: int, position: int, sequence: int, *, wanted: bool) -> None:
        batch = self._batch
        batch.token[place] = token
        batch.pos[place] = position
        batch.n_seq_id[place] = 1
        batch.seq_id[place][0] = sequence
        batch.logits[place] = wanted

    def _advance(self, slot: _Slot) -> Finish | None:
        """Choose the next token of one text; why it is over, if it is."""
        token = slot.asked.chooser.choose(self._loaded.handle, slot.output)
        if self._watch:
            self._watch(slot.asked.number, token, self._loaded.scores(slot.output + 1)[slot.output])
        if self._loaded.ends(token):
            return "end"
        slot.written.append(token)
        if slot.asked.likely:
            slot.likely.append(record(self._loaded.scores(slot.output + 1)[slot.output], token))
        if shown := slot.answer.add(self._loaded.piece(token)):
            self._piece(slot.asked.number, shown)
        slot.next = token
        if slot.answer.stopped:
            return "stop"
        return "length" if len(slot.written) >= slot.room else None

    def _end(self, slot: _Slot, finish: Finish) -> Written:
        if not slot.answer.stopped and (rest := slot.answer.add(b"", last=True)):
            self._piece(slot.asked.number, rest)
        return Written(slot.answer.text, tuple(slot.written), finish, b"".join(slot.likely), slot.computed)

    def _free(self, sequence: int, slot: _Slot) -> None:
        slot.asked.chooser.close()
        del self._slots[sequence]
        self._loaded.api.llama_memory_seq_rm(self._loaded.memory, sequence, -1, -1)


def write_together(
    loaded: Loaded,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    told: Callable[[int], None] = lambda _: None,
    watch: Watch | None = None,
) -> list[Written]:
    """Answers to several prompts, in their order. The n-th prompt is written with seed + n.

    ``told`` hears the number of each prompt that is done.

    Raises:
        TooLarge: a prompt leaves no room.
    """
    together = Together(loaded, watch=watch)
    done: dict[int, Written] = {}
    try:
        for number, prompt in enumerate(prompts):
            together.add(number, prompt, replace(sampling, seed=sampling.seed + number))
        while together.busy:
            for number, written in together.step():
                done[number] = written
                told(number)
    finally:
        together.close()
    return [done[number] for number in range(len(prompts))]
