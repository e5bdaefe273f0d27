"""The asset ``mesh``: the peers that this home's node knows, and how its ledger stands."""

import dagster as dg

from assets.workspace import Workspace
from compute_mesh.node.context import clock
from compute_mesh.node.status import LedgerStatus, PeerLine, ledger_status, peer_lines
from compute_mesh.peers.book import PeerBook


@dg.asset(group_name="mesh", kinds={"iroh"}, code_version="1", owners=["team:operators"])
def mesh(workspace: Workspace) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Peers, forks and missing documents, read from this home: no packet is sent for it."""
    with workspace.open() as home:
        book = PeerBook(home.path / "mesh", home.node.did, home.commons)
        peers, ledger = peer_lines(home, book, clock()), ledger_status(home, home.node.did)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(ledger.cut),
        metadata={
            "dagster/row_count": len(peers),
            "documents": ledger.documents,
            "logs": ledger.logs,
            "forks": len(ledger.forks),
            "missing": ledger.missing,
            "state": ledger.state,
            "peers": dg.MetadataValue.md(_table(peers)),
        },
    )


@dg.asset_check(asset=mesh)
def ledger_is_whole(workspace: Workspace) -> dg.AssetCheckResult:
    """No log is forked, and no public document that a log names is missing."""
    with workspace.open() as home:
        ledger = ledger_status(home, home.node.did)
    return dg.AssetCheckResult(passed=_whole(ledger), metadata={"forks": list(ledger.forks), "missing": ledger.missing})


def _whole(ledger: LedgerStatus) -> bool:
    return not ledger.forks and not ledger.missing


def _table(peers: list[PeerLine]) -> str:
    lines = [
        "| node | state | last seen | cores | memory | tokens a second, read | written |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for peer in peers:
        has = peer.resources or {}
        memory = f"{has['memoryBytes'] / 1e9:.1f} GB" if has else ""
        speed = has.get("speed") or {}
        cells = [
            f"`…{peer.node[-12:]}`", peer.state, peer.last_seen or "never", f"{has.get('cores', '')}", memory,
            *(f"{speed[name] / 1000:.0f}" if speed else "" for name in ("promptMilli", "generationMilli")),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
