"""A command's end of the socket."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc

from compute_mesh.node.control import node_pb2 as pb
from compute_mesh.node.control.names import CAUSE, OPTIONS, SERVICE, socket_path

#: Seconds for an answer; a first sync of a large commons takes longer.
PATIENCE: Final = 30.0
LONG: Final = 3700.0
#: A large model over a slow line.
VERY_LONG: Final = 7 * 24 * 3600.0
Reply = TypeVar("Reply")


class NoNode(Exception):
    """No node is running on this home."""


class NodeSaid(Exception):
    """The node could not do it; ``cause`` is the name of what stopped it there."""

    def __init__(self, cause: str, sentence: str) -> None:
        """``sentence`` is for people."""
        super().__init__(sentence)
        self.cause = cause


class NodeClient:
    """Asks the node of one home. Made by `node_of`."""

    def __init__(self, channel: Any) -> None:
        """``channel`` leads to the socket."""
        self._channel = channel

    def status(self) -> pb.StatusReply:
        """What the node says of itself."""
        return self._ask("Status", pb.Nothing(), pb.StatusReply)

    def peers(self) -> pb.PeersReply:
        """Whom it knows."""
        return self._ask("Peers", pb.Nothing(), pb.PeersReply)

    def invite(self, hours: int) -> pb.InviteReply:
        """A ticket."""
        return self._ask("Invite", pb.InviteRequest(hours=hours), pb.InviteReply)

    def join(self, ticket: str) -> pb.JoinReply:
        """Join a commons."""
        return self._ask("Join", pb.JoinRequest(ticket=ticket), pb.JoinReply, LONG)

    def block(self, node: str, *, unblock: bool = False) -> None:
        """Have nothing more to do with a node, or again."""
        self._ask("Block", pb.BlockRequest(node=node, unblock=unblock), pb.Nothing)

    def stop(self) -> None:
        """Let the node end."""
        self._ask("Stop", pb.Nothing(), pb.Nothing)

    def sync(self, peer: str) -> Iterator[pb.SyncReply]:
        """Meet one peer or all; the last reply is the result."""
        call = self._channel.unary_stream(
            f"/{SERVICE}/Sync", request_serializer=pb.SyncRequest.SerializeToString,
            response_deserializer=pb.SyncReply.FromString,
        )  # fmt: skip
        with _naming():
            yield from call(pb.SyncRequest(peer=peer), timeout=LONG)

    def get_version(self, version: str) -> pb.GetVersionReply:
        """Bring a version here."""
        return self._ask("GetVersion", pb.GetVersionRequest(version=version), pb.GetVersionReply, LONG)

    def get_blob(self, root: str) -> Iterator[pb.GetBlobReply]:
        """Bring a blob here; the last reply is the result."""
        call = self._channel.unary_stream(
            f"/{SERVICE}/GetBlob", request_serializer=pb.GetBlobRequest.SerializeToString,
            response_deserializer=pb.GetBlobReply.FromString,
        )  # fmt: skip
        with _naming():
            yield from call(pb.GetBlobRequest(root=root), timeout=VERY_LONG)

    def submit(
        self, manifest: bytes, inputs: Sequence[bytes], *, interactive: bool, follow: bool
    ) -> Iterator[pb.JobEvent]:
        """Queue a job, and hear of it; the first event says how it stands, or why it is refused."""
        call = self._channel.unary_stream(
            f"/{SERVICE}/Submit", request_serializer=pb.SubmitRequest.SerializeToString,
            response_deserializer=pb.JobEvent.FromString,
        )  # fmt: skip
        asked = pb.SubmitRequest(manifest=manifest, inputs=inputs, interactive=interactive, follow=follow)
        with _naming():
            yield from call(asked, timeout=VERY_LONG)

    def jobs(self, *, over: bool = True) -> pb.JobsReply:
        """Jobs of this home, the newest first."""
        return self._ask("Jobs", pb.JobsRequest(all=over), pb.JobsReply)

    def job(self, job: str, *, outputs: bool = False, forget: bool = False) -> pb.JobReply:
        """One job, its signed documents, and what came of it; ``forget``: which is destroyed there then."""
        return self._ask("Job", pb.JobRequest(job=job, outputs=outputs, forget=forget), pb.JobReply)

    def cancel(self, job: str) -> pb.JobLine:
        """End a job without a result."""
        return self._ask("Cancel", pb.JobRequest(job=job), pb.JobLine)

    def drain(self, *, off: bool = False) -> None:
        """Take no new jobs of others and wait for those that run, or take them again."""
        self._ask("Drain", pb.DrainRequest(off=off), pb.Nothing, VERY_LONG)

    def _ask(self, name: str, request: Any, reply: type[Reply], patience: float = PATIENCE) -> Reply:
        kind: Any = reply
        call = self._channel.unary_unary(
            f"/{SERVICE}/{name}", request_serializer=type(request).SerializeToString,
            response_deserializer=kind.FromString,
        )  # fmt: skip
        with _naming():
            found: Reply = call(request, timeout=patience)
            return found


@contextmanager
def node_of(home: Path) -> Iterator[NodeClient]:
    """Reach the node of a home.

    Raises:
        NoNode: none is running. NodeSaid: what it was asked for could not be done.
    """
    path = socket_path(home)
    if not path.exists():
        raise NoNode(f"no node is running on {home}: start one with `lecs node start`")
    with grpc.insecure_channel(f"unix:{path}", options=OPTIONS) as channel:
        try:
            yield NodeClient(channel)
        except NodeSaid as error:
            if error.cause == _GONE:
                raise NoNode(f"the node of {home} does not answer: start it with `lecs node start`") from None
            raise


_GONE: Final = "gone"


@contextmanager
def _naming() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        failed: Any = error
        if failed.code() is grpc.StatusCode.UNAVAILABLE:
            raise NodeSaid(_GONE, "") from None
        causes = dict(failed.trailing_metadata() or ())
        raise NodeSaid(str(causes.get(CAUSE, "")), str(failed.details())) from None
