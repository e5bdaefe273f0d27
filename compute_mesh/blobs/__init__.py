"""Passing blobs between nodes: who may have what, checked piece by piece, each wrong byte put down to its sender."""

from typing import Final

#: The name of the protocol, in the handshake of a connection.
PROTOCOL: Final = b"lecs/blob/1"
