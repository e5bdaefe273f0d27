"""Keeps the parts of a home running: says when one dies, starts it again a little later each time, and gives up aloud.

Before everything has answered once, a part that ends stops the whole: what is wrong then (a port that is taken, a home
that is busy) is not mended by trying again. Afterwards a part may die `MOST_DEATHS` - 1 times, with a pause that
doubles; who ran well for `STEADY` seconds begins to count anew.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lecs_pipeline.supervising.leash import adopt_orphans, below, end_all
from lecs_pipeline.supervising.parts import Part, answers

LEASH: Final = Path(__file__).with_name("leash.py")
MOST_DEATHS: Final = 5
#: Seconds: the first pause, how long a part has to run to be well again, and how long it may take to answer.
FIRST_PAUSE: Final = 1.0
STEADY: Final = 60.0
START: Final = 300.0
#: Seconds from the word to stop until leashes themselves are killed; they need less (`leash.PATIENCE`).
STOP: Final = 9.0
_TICK: Final = 0.25
#: Seconds that what lost its leash has to end by itself.
STRAY: Final = 0.5


class PartStopped(Exception):
    """A part ended before it answered, did not answer, or died again and again; so the whole was stopped."""


@dataclass
class _Running:
    part: Part
    process: "subprocess.Popen[bytes] | None" = None
    since: float = 0.0
    deaths: int = 0
    again_at: float = 0.0


@dataclass
class Supervisor:
    """All parts of one home. ``say`` tells the person at the terminal what happens."""

    parts: Sequence[Part]
    say: Callable[[str], None]
    first_pause: float = FIRST_PAUSE
    _others: set[int] = field(default_factory=set)
    _running: list[_Running] = field(default_factory=list)
    _signals: list[int] = field(default_factory=list)

    def run(self, answering: Callable[[], None]) -> None:
        """Start all, call ``answering`` once every part answered, then watch until SIGTERM or Ctrl-C.

        Raises:
            PartStopped: see above; nothing runs any more then.
        """
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = signal.set_wakeup_fd(writing)
        kept = {number: signal.signal(number, self._told) for number in (signal.SIGTERM, signal.SIGINT)}
        self._others = set(below(os.getpid()))
        adopt_orphans(True)
        try:
            self._running = [_Running(part) for part in self.parts]
            for one in self._running:
                self._start(one)
            if self._first_answers(reading):
                answering()
            while not self._signals:
                self._watch()
                self._wait(reading)
        finally:
            self._stop()
            adopt_orphans(False)
            for number, handler in kept.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            os.close(reading)
            os.close(writing)

    def _told(self, number: int, _frame: object) -> None:
        self._signals.append(number)

    def _start(self, one: _Running) -> None:
        command = [sys.executable, "-I", "-S", str(LEASH), *one.part.command]
        # A session of its own: Ctrl-C reaches the supervisor alone. What a part prints is not the answer of `lecs up`.
        one.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), start_new_session=True
        )
        one.since = time.monotonic()

    def _first_answers(self, reading: int) -> bool:
        """Wait until every part answered; False when told to stop meanwhile."""
        waiting, deadline = list(self._running), time.monotonic() + START
        while waiting and not self._signals:
            for one in self._running:
                if (code := _code(one)) is not None:
                    raise PartStopped(
                        f"{one.part.name} ended with {code} before it answered; what it said stands above"
                    )
            if time.monotonic() > deadline:
                raise PartStopped(f"{waiting[0].part.name} does not answer after {START:.0f} seconds")
            waiting = [one for one in waiting if not answers(one.part)]
            if waiting:
                self._wait(reading)
        return not waiting

    def _watch(self) -> None:
        """Notice what died, and start again what has paused."""
        for one in self._running:
            now = time.monotonic()
            code = _code(one)
            if code is not None:
                self._died(one, code, now)
            elif one.process is None and now >= one.again_at:
                self._start(one)

    def _died(self, one: _Running, code: int, now: float) -> None:
        one.deaths = 1 if now - one.since >= STEADY else one.deaths + 1
        _close(one)
        self._end_strays()
        if one.deaths >= MOST_DEATHS:
            raise PartStopped(f"{one.part.name} ended {one.deaths} times, at last with {code}; everything was stopped")
        pause = self.first_pause * 2 ** (one.deaths - 1)
        one.again_at = now + pause
        self.say(f"lecs up: {one.part.name} ended with {code}; it is started again in {pause:g} s.")

    def _end_strays(self) -> None:
        """End what a leash that was killed could not end any more: it is a child of this process now."""

        def strays() -> list[int]:
            leashes = {one.process.pid for one in self._running if one.process is not None}
            kept = self._others | leashes | {pid for leash in leashes for pid in below(leash)}
            return [pid for pid in below(os.getpid()) if pid not in kept]

        end_all(strays, time.monotonic() + STRAY)

    def _wait(self, reading: int) -> None:
        """Sleep a tick, or until a signal comes."""
        ready, _, _ = select.select([reading], [], [], _TICK)
        if ready:
            os.read(reading, 64)

    def _stop(self) -> None:
        """Let every leash go, all at once, and wait for them."""
        for one in self._running:
            if one.process is not None and one.process.stdin is not None:
                one.process.stdin.close()
        deadline = time.monotonic() + STOP
        for one in self._running:
            if one.process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(max(0.1, deadline - time.monotonic()))
            one.process.kill()
            one.process.wait()
            one.process = None
        self._end_strays()


def _code(one: _Running) -> int | None:
    """The exit code of a part that ended; None while it runs, or where it pauses."""
    return None if one.process is None else one.process.poll()


def _close(one: _Running) -> None:
    if one.process is not None and one.process.stdin is not None:
        one.process.stdin.close()
    one.process = None
