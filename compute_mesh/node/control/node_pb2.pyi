from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Nothing(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StatusReply(_message.Message):
    __slots__ = ("node", "cut", "documents", "forks", "blobs", "bytes", "peers", "missing", "online", "address", "status_url", "socket", "problems", "state")
    NODE_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    FORKS_FIELD_NUMBER: _ClassVar[int]
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    PEERS_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STATUS_URL_FIELD_NUMBER: _ClassVar[int]
    SOCKET_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    node: str
    cut: str
    documents: int
    forks: int
    blobs: int
    bytes: int
    peers: int
    missing: int
    online: bool
    address: str
    status_url: str
    socket: str
    problems: _containers.RepeatedScalarFieldContainer[str]
    state: str
    def __init__(self, node: _Optional[str] = ..., cut: _Optional[str] = ..., documents: _Optional[int] = ..., forks: _Optional[int] = ..., blobs: _Optional[int] = ..., bytes: _Optional[int] = ..., peers: _Optional[int] = ..., missing: _Optional[int] = ..., online: _Optional[bool] = ..., address: _Optional[str] = ..., status_url: _Optional[str] = ..., socket: _Optional[str] = ..., problems: _Optional[_Iterable[str]] = ..., state: _Optional[str] = ...) -> None: ...

class Peer(_message.Message):
    __slots__ = ("node", "state", "last_seen", "rtt_ms", "address", "lies", "resources")
    NODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_FIELD_NUMBER: _ClassVar[int]
    RTT_MS_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    LIES_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    node: str
    state: str
    last_seen: str
    rtt_ms: float
    address: str
    lies: _containers.RepeatedScalarFieldContainer[str]
    resources: str
    def __init__(self, node: _Optional[str] = ..., state: _Optional[str] = ..., last_seen: _Optional[str] = ..., rtt_ms: _Optional[float] = ..., address: _Optional[str] = ..., lies: _Optional[_Iterable[str]] = ..., resources: _Optional[str] = ...) -> None: ...

class PeersReply(_message.Message):
    __slots__ = ("peers",)
    PEERS_FIELD_NUMBER: _ClassVar[int]
    peers: _containers.RepeatedCompositeFieldContainer[Peer]
    def __init__(self, peers: _Optional[_Iterable[_Union[Peer, _Mapping]]] = ...) -> None: ...

class InviteRequest(_message.Message):
    __slots__ = ("hours",)
    HOURS_FIELD_NUMBER: _ClassVar[int]
    hours: int
    def __init__(self, hours: _Optional[int] = ...) -> None: ...

class InviteReply(_message.Message):
    __slots__ = ("ticket", "expires")
    TICKET_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    ticket: str
    expires: str
    def __init__(self, ticket: _Optional[str] = ..., expires: _Optional[str] = ...) -> None: ...

class JoinRequest(_message.Message):
    __slots__ = ("ticket",)
    TICKET_FIELD_NUMBER: _ClassVar[int]
    ticket: str
    def __init__(self, ticket: _Optional[str] = ...) -> None: ...

class JoinReply(_message.Message):
    __slots__ = ("node", "state")
    NODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    node: str
    state: str
    def __init__(self, node: _Optional[str] = ..., state: _Optional[str] = ...) -> None: ...

class SyncRequest(_message.Message):
    __slots__ = ("peer",)
    PEER_FIELD_NUMBER: _ClassVar[int]
    peer: str
    def __init__(self, peer: _Optional[str] = ...) -> None: ...

class SyncReply(_message.Message):
    __slots__ = ("sent", "received", "bytes_up", "bytes_down", "seconds", "cut", "done", "peers", "failed")
    SENT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    BYTES_UP_FIELD_NUMBER: _ClassVar[int]
    BYTES_DOWN_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    PEERS_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    sent: int
    received: int
    bytes_up: int
    bytes_down: int
    seconds: float
    cut: str
    done: bool
    peers: int
    failed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sent: _Optional[int] = ..., received: _Optional[int] = ..., bytes_up: _Optional[int] = ..., bytes_down: _Optional[int] = ..., seconds: _Optional[float] = ..., cut: _Optional[str] = ..., done: _Optional[bool] = ..., peers: _Optional[int] = ..., failed: _Optional[_Iterable[str]] = ...) -> None: ...

class GetBlobRequest(_message.Message):
    __slots__ = ("root",)
    ROOT_FIELD_NUMBER: _ClassVar[int]
    root: str
    def __init__(self, root: _Optional[str] = ...) -> None: ...

class GetVersionRequest(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: str
    def __init__(self, version: _Optional[str] = ...) -> None: ...

class GetVersionReply(_message.Message):
    __slots__ = ("manifest", "texts", "providers")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    manifest: int
    texts: int
    providers: _containers.RepeatedCompositeFieldContainer[BlobProvider]
    def __init__(self, manifest: _Optional[int] = ..., texts: _Optional[int] = ..., providers: _Optional[_Iterable[_Union[BlobProvider, _Mapping]]] = ...) -> None: ...

class BlobProvider(_message.Message):
    __slots__ = ("node", "pieces", "bad", "bytes_per_second", "standing")
    NODE_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    BAD_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    node: str
    pieces: int
    bad: int
    bytes_per_second: float
    standing: str
    def __init__(self, node: _Optional[str] = ..., pieces: _Optional[int] = ..., bad: _Optional[int] = ..., bytes_per_second: _Optional[float] = ..., standing: _Optional[str] = ...) -> None: ...

class GetBlobReply(_message.Message):
    __slots__ = ("pieces", "of", "bytes", "providers", "resumed", "seconds", "done")
    PIECES_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    pieces: int
    of: int
    bytes: int
    providers: _containers.RepeatedCompositeFieldContainer[BlobProvider]
    resumed: int
    seconds: float
    done: bool
    def __init__(self, pieces: _Optional[int] = ..., of: _Optional[int] = ..., bytes: _Optional[int] = ..., providers: _Optional[_Iterable[_Union[BlobProvider, _Mapping]]] = ..., resumed: _Optional[int] = ..., seconds: _Optional[float] = ..., done: _Optional[bool] = ...) -> None: ...

class BlockRequest(_message.Message):
    __slots__ = ("node", "unblock")
    NODE_FIELD_NUMBER: _ClassVar[int]
    UNBLOCK_FIELD_NUMBER: _ClassVar[int]
    node: str
    unblock: bool
    def __init__(self, node: _Optional[str] = ..., unblock: _Optional[bool] = ...) -> None: ...

class SubmitRequest(_message.Message):
    __slots__ = ("manifest", "inputs", "interactive", "follow")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    manifest: bytes
    inputs: _containers.RepeatedScalarFieldContainer[bytes]
    interactive: bool
    follow: bool
    def __init__(self, manifest: _Optional[bytes] = ..., inputs: _Optional[_Iterable[bytes]] = ..., interactive: _Optional[bool] = ..., follow: _Optional[bool] = ...) -> None: ...

class JobLine(_message.Message):
    __slots__ = ("job", "type", "state", "node", "reason", "position", "attempts", "made", "receipt")
    JOB_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    MADE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    job: str
    type: str
    state: str
    node: str
    reason: str
    position: int
    attempts: int
    made: str
    receipt: str
    def __init__(self, job: _Optional[str] = ..., type: _Optional[str] = ..., state: _Optional[str] = ..., node: _Optional[str] = ..., reason: _Optional[str] = ..., position: _Optional[int] = ..., attempts: _Optional[int] = ..., made: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...

class JobPiece(_message.Message):
    __slots__ = ("index", "text")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    index: int
    text: str
    def __init__(self, index: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class JobProgress(_message.Message):
    __slots__ = ("done", "of", "note", "figure")
    DONE_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    FIGURE_FIELD_NUMBER: _ClassVar[int]
    done: int
    of: int
    note: str
    figure: float
    def __init__(self, done: _Optional[int] = ..., of: _Optional[int] = ..., note: _Optional[str] = ..., figure: _Optional[float] = ...) -> None: ...

class JobRefusal(_message.Message):
    __slots__ = ("rule", "sentence")
    RULE_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    rule: str
    sentence: str
    def __init__(self, rule: _Optional[str] = ..., sentence: _Optional[str] = ...) -> None: ...

class JobEvent(_message.Message):
    __slots__ = ("line", "piece", "progress", "refused")
    LINE_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    line: JobLine
    piece: JobPiece
    progress: JobProgress
    refused: JobRefusal
    def __init__(self, line: _Optional[_Union[JobLine, _Mapping]] = ..., piece: _Optional[_Union[JobPiece, _Mapping]] = ..., progress: _Optional[_Union[JobProgress, _Mapping]] = ..., refused: _Optional[_Union[JobRefusal, _Mapping]] = ...) -> None: ...

class JobsRequest(_message.Message):
    __slots__ = ("all",)
    ALL_FIELD_NUMBER: _ClassVar[int]
    all: bool
    def __init__(self, all: _Optional[bool] = ...) -> None: ...

class JobsReply(_message.Message):
    __slots__ = ("jobs",)
    JOBS_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[JobLine]
    def __init__(self, jobs: _Optional[_Iterable[_Union[JobLine, _Mapping]]] = ...) -> None: ...

class JobRequest(_message.Message):
    __slots__ = ("job", "outputs", "forget")
    JOB_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    FORGET_FIELD_NUMBER: _ClassVar[int]
    job: str
    outputs: bool
    forget: bool
    def __init__(self, job: _Optional[str] = ..., outputs: _Optional[bool] = ..., forget: _Optional[bool] = ...) -> None: ...

class JobOutput(_message.Message):
    __slots__ = ("name", "data")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    data: bytes
    def __init__(self, name: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class JobReply(_message.Message):
    __slots__ = ("line", "papers", "outputs")
    LINE_FIELD_NUMBER: _ClassVar[int]
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    line: JobLine
    papers: _containers.RepeatedScalarFieldContainer[str]
    outputs: _containers.RepeatedCompositeFieldContainer[JobOutput]
    def __init__(self, line: _Optional[_Union[JobLine, _Mapping]] = ..., papers: _Optional[_Iterable[str]] = ..., outputs: _Optional[_Iterable[_Union[JobOutput, _Mapping]]] = ...) -> None: ...

class DrainRequest(_message.Message):
    __slots__ = ("off",)
    OFF_FIELD_NUMBER: _ClassVar[int]
    off: bool
    def __init__(self, off: _Optional[bool] = ...) -> None: ...
