"""The settings file: what it says by default, what is refused by name, and the pace that it sets."""

import asyncio
import time as clock
from datetime import time

import pytest

from compute_mesh.node.pace import Pace, PacedStream
from compute_mesh.node.settings import DEFAULT_TEXT, NAME, InvalidSettings, NodeSettings, read_settings
from compute_mesh.node.settings import write_default_settings as write_default
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network


def test_the_file_that_init_writes_says_the_defaults(tmp_path) -> None:
    """Every value stands in it, and a file that is there is left alone."""
    assert read_settings(tmp_path) == NodeSettings()
    write_default(tmp_path)
    assert read_settings(tmp_path) == NodeSettings()
    assert {line.split(" = ")[0] for line in DEFAULT_TEXT.splitlines() if " = " in line and line[0] != "#"} == set(
        NodeSettings.model_fields
    )
    (tmp_path / NAME).write_text("sync_seconds = 5\n")
    write_default(tmp_path)
    assert read_settings(tmp_path).sync_seconds == 5


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("bind = []", "bind"), ('bind = ["localhost:1"]', "bind"), ('bind = ["0.0.0.0:99999"]', "bind"),
        ('relays = ["http://x"]', "relays"), ('peers = ["nobody"]', "peers"), ("sync_seconds = 0", "sync_seconds"),
        ('quiet_hours = "25:00-26:00"', "quiet_hours"), ("colour = 1", "colour"),
        ("sync_seconds = true", "sync_seconds"), ("no toml", "TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(tmp_path, text, named) -> None:
    """A sentence with the key."""
    (tmp_path / NAME).write_text(text)
    with pytest.raises(InvalidSettings, match=named):
        read_settings(tmp_path)


def test_quiet_hours_go_over_midnight() -> None:
    """Begin counts, end does not."""
    settings = NodeSettings(quiet_hours="22:00-06:00")
    assert [settings.quiet(time(h)) for h in (21, 22, 0, 5, 6, 12)] == [False, True, True, True, False, False]
    assert not NodeSettings().quiet(time(3))


def test_a_paced_stream_carries_the_same_bytes_no_faster() -> None:
    """What goes in comes out; a full bucket is one second's worth."""

    async def carry() -> None:
        network = Network(1)
        one, other = MemoryTransport(network, "one", (b"x",)), MemoryTransport(network, "other", (b"x",))
        made = await one.connect(other.address(), b"x")
        taken = await other.accept()
        stream = PacedStream(await made.open_stream(), Pace(1_000_000), Pace(0))
        await stream.write(b"a" * 100_000)
        await stream.finish()
        theirs = await taken.accept_stream()
        assert await theirs.read_exact(100_000) == b"a" * 100_000

    run_virtually(carry())
    pace = Pace(1000)

    async def bounded() -> float:
        begun = clock.monotonic()
        await pace.take(1000)
        await pace.take(200)
        return clock.monotonic() - begun

    assert asyncio.run(bounded()) >= 0.15
