"""A node that audits, beside one that works: a probe over the network, read again in a box, told in both ledgers."""

import shutil
from typing import Any

import pytest
from mesh_world import World, until
from test_mesh_jobs import two_nodes

pytestmark = [
    pytest.mark.long,
    pytest.mark.models,
    pytest.mark.skipif(not World.possible(), reason="needs root and iproute2"),
]


def test_a_worker_is_probed_and_both_read_what_was_found(tmp_path, small, lecs) -> None:
    with World(tmp_path / "world") as world:
        worker, auditor = two_nodes(world, small.path, tmp_path, lecs)
        there = lecs("node", "status", "--json", home=worker.home).ok().json["node"]
        auditor.stop()
        shutil.copytree(worker.home / "models", auditor.home / "models", dirs_exist_ok=True)
        settings = "sync_seconds = 1\naudits = true\naudit_seconds = 2\naudit_tokens_daily = 100000\n"
        (auditor.home / "node.toml").write_text(settings)
        auditor.start()

        def found(home: Any) -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = lecs("audit", "list", "--json", home=home).ok().json["audits"]
            return listed

        assert until(lambda: len(found(auditor.home)) >= 2, seconds=180)
        mine = found(auditor.home)
        assert {one["worker"] for one in mine} == {there}
        assert "inconsistent" not in {one["verdict"] for one in mine}
        assert {"job", "worker", "verdict", "statistic", "tokens"} <= mine[0].keys()
        assert until(lambda: {one["audit"] for one in mine} <= {one["audit"] for one in found(worker.home)}, seconds=60)
        out = tmp_path / "evidence.json"
        told = lecs(
            "audit", "evidence", mine[0]["audit"][:16], "--out", out, "--json", home=auditor.home
        ).ok().json  # fmt: skip
        assert out.stat().st_size == told["bytes"] > 0
        refused = lecs("audit", "appeal", mine[0]["audit"], "--json", home=worker.home)
        assert refused.code == 6, "it accuses nobody"
        assert b"lecs-audit-evidence" in out.read_bytes()
        assert b"lecs-audit-evidence" not in (auditor.home / "mesh" / "audits.sqlite3").read_bytes()
