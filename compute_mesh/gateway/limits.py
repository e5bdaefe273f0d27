"""How much a key may ask for: requests in a minute, tokens in a day. Counted in this process; a start begins anew."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.gateway.errors import ApiError
from compute_mesh.gateway.keys import ApiKey

_MINUTE: Final = 60.0


@dataclass(eq=False)
class Limits:
    """What was asked with each key."""

    clock: Callable[[], float] = time.monotonic
    _asked: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _tokens: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def take(self, key: ApiKey, day: str) -> None:
        """Count a request.

        Raises:
            ApiError: the key has asked for as much as it may.
        """
        now, asked = self.clock(), self._asked[key.id]
        while asked and asked[0] <= now - _MINUTE:
            asked.popleft()
        if key.per_minute and len(asked) >= key.per_minute:
            raise ApiError(429, "rate_limit_exceeded", f"this key may ask {key.per_minute} times a minute")
        if key.daily and self._tokens[key.id, day] >= key.daily:
            raise ApiError(429, "insufficient_quota", f"this key has used its {key.daily} tokens of today")
        asked.append(now)

    def used(self, key: ApiKey, day: str, tokens: int) -> None:
        """Count tokens."""
        self._tokens[key.id, day] += tokens
