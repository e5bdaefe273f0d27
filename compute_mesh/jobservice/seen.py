"""Who is live, and who of them is worth asking now."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from compute_mesh.jobs.asks import Node

#: Seconds for which a node is not asked again after it said "not now", and after it went away.
NOT_NOW: Final = 1.0
AWAY: Final = 10.0

Nodes = Callable[[], Awaitable[list[Node]]]


@dataclass(eq=False)
class SeenNodes:
    """``nodes`` tells the live ones; what they said a moment ago, and what they do for us, is counted in."""

    nodes: Nodes
    _active: Counter[str] = field(default_factory=Counter)
    _paused: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def now(self) -> list[Node]:
        """Live nodes as far as they are worth asking now."""
        clock, found = asyncio.get_running_loop().time(), []
        for node in await self.nodes():
            until, why = self._paused.get(node.node, (0.0, ""))
            node = replace(node, busy=max(node.busy, self._active[node.node]))
            if until <= clock:
                found.append(node)
            elif why == "busy":
                found.append(replace(node, busy=node.slots))
            elif why in ("quiet", "capped", "drained"):
                found.append(
                    replace(
                        node,
                        draining=node.draining or why == "drained",
                        quiet=node.quiet or why == "quiet",
                        capped=node.capped or why == "capped",
                    )
                )
        return found

    def pause(self, node: str, seconds: float, why: str) -> None:
        """Do not ask a node for a while; ``why``: the reason that it gave, or another word."""
        self._paused[node] = asyncio.get_running_loop().time() + seconds, why

    def begin(self, nodes: Sequence[str]) -> None:
        """They begin with a job of ours."""
        self._active.update(nodes)

    def end(self, nodes: Sequence[str]) -> None:
        """They have ended with it."""
        self._active.subtract(nodes)
