"""The floor: so many tokens a day for every person, whether they ever contributed or not."""

from dataclasses import dataclass, field

from governance.exact import NANO
from governance.parameters import Timeline


@dataclass(frozen=True, slots=True)
class Floor:
    """F (tokens a day) and T (seconds until a floor job has ended) as they are in force."""

    tokens: int
    seconds: int


def floor_at(timeline: Timeline, time: str) -> Floor:
    """The floor in force at ``time``: never below the charter's minima, whatever was voted."""
    hours = timeline.at("floor-queue-hours", time)
    return Floor(timeline.whole("floor-tokens-per-day", time), hours * 3600 // NANO)


@dataclass
class FloorMeter:
    """What each person used of its floor on one day."""

    day: str = ""
    used: dict[str, int] = field(default_factory=dict)

    def take(self, person: str, tokens: int, day: str, floor: Floor) -> bool:
        """Whether a job of so many tokens still is within the person's floor of ``day``; if so it is counted."""
        if day != self.day:
            self.day, self.used = day, {}
        total = self.used.get(person, 0) + tokens
        if total > floor.tokens:
            return False
        self.used[person] = total
        return True

    def give_back(self, person: str, tokens: int, day: str) -> None:
        """A job that was counted is not served here after all."""
        if day == self.day and tokens:
            self.used[person] = max(0, self.used.get(person, 0) - tokens)
