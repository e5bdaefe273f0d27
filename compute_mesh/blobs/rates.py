"""How fast bytes go: what was measured, and what is allowed."""

import asyncio
from typing import Final

#: The weight of the newest measurement.
_NEWEST: Final = 0.2
_SPAN: Final = 0.5
#: Peers whose allowance is remembered.
_MOST_PEERS: Final = 4096


class Rate:
    """An exponentially weighted mean of bytes per second, over spans of at least `_SPAN` seconds."""

    def __init__(self) -> None:
        """Nothing was measured yet."""
        self.bytes_per_second = 0.0
        self._since: float | None = None
        self._bytes = 0

    def arrived(self, size: int, now: float) -> None:
        """``size`` bytes came. Bytes arrive in bursts, so what a short span would say is not believed."""
        if self._since is None:
            self._since = now
            return
        self._bytes += size
        if now - self._since < _SPAN:
            return
        latest = self._bytes / (now - self._since)
        known = self.bytes_per_second
        self.bytes_per_second = latest if not known else (1 - _NEWEST) * known + _NEWEST * latest
        self._since, self._bytes = now, 0

    def paused(self) -> None:
        """Nothing was asked for: the time that passes is not the peer's."""
        self._since, self._bytes = None, 0


class Allowance:
    """At most ``bytes_per_second``, after a first second that may be spent at once. 0: no limit."""

    def __init__(self, bytes_per_second: float) -> None:
        """The clock begins with the first `spend`."""
        self.bytes_per_second = bytes_per_second
        self._free_at: float | None = None

    async def spend(self, size: int) -> None:
        """Wait until ``size`` bytes may go."""
        if not self.bytes_per_second:
            return
        now = asyncio.get_running_loop().time()
        begins = max(now - 1.0, self._free_at if self._free_at is not None else now - 1.0)
        self._free_at = begins + size / self.bytes_per_second
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


class Allowances:
    """One allowance for each peer; those of the longest silent are forgotten."""

    def __init__(self, bytes_per_second: float, in_all: Allowance | None = None) -> None:
        """The limit of each peer, 0 for none, and one that they share."""
        self.bytes_per_second = bytes_per_second
        self.in_all = in_all or Allowance(0.0)
        self._of: dict[str, Allowance] = {}

    async def spend(self, peer: str, size: int) -> None:
        """Wait until ``size`` bytes may go to, or come from, ``peer``."""
        await self.in_all.spend(size)
        found = self._of.pop(peer, None) or Allowance(self.bytes_per_second)
        self._of[peer] = found
        if len(self._of) > _MOST_PEERS:
            del self._of[next(iter(self._of))]
        await found.spend(size)
