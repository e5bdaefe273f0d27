"""The bytes of the protocol of blobs, against the vectors that a second implementation has."""

import hashlib
from typing import Any

from blake3 import blake3

from compute_mesh.blobs.messages import Op, Request, Status, answer_head, bits_of, check_bits, has_bit
from substrate.record.pieces import hashes_in, layout_from_ends, layout_of, piece_name, root_of


def test_blobs_are_cut_and_named_as_the_vectors_say(vectors: Any) -> None:
    for vector in vectors("mesh-blobs.json")["blobs"]:
        size = vector["size"]
        data = (hashlib.sha256(b"lecs blob vector").digest() * (size // 32 + 1))[:size]
        layout = layout_of(size)
        index = b"".join(piece_name(data[layout.start(n) :][: layout.length(n)]) for n in range(layout.pieces))
        assert (layout.piece, layout.pieces) == (vector["piece"], vector["pieces"])
        assert root_of(index) == vector["root"]
        assert blake3(data).hexdigest() == vector["blake3"]
        assert [one.hex() for one in hashes_in(index)][:2] == vector["firstHashes"]
        if size:
            assert layout_from_ends(layout.pieces, layout.length(0), layout.length(layout.pieces - 1)) == layout


def test_messages_have_the_bytes_of_the_vectors(vectors: Any) -> None:
    found = vectors("mesh-blobs.json")
    for vector in found["requests"]:
        request = Request(Op[vector["op"]], vector["name"], vector["number"])
        assert request.to_bytes().hex() == vector["bytes"]
        assert Request.from_bytes(bytes.fromhex(vector["bytes"])) == request
    for vector in found["answers"]:
        data = bytes.fromhex(vector["data"])
        assert (answer_head(Status[vector["status"]], len(data)) + data).hex() == vector["bytes"]
    for vector in found["bits"]:
        bits = bits_of(set(vector["have"]), vector["pieces"])
        assert bits.hex() == vector["bits"]
        assert [n for n in range(vector["pieces"]) if has_bit(check_bits(bits, vector["pieces"]), n)] == vector["have"]
