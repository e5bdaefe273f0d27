"""GGUF is hostile input: each broken rule is refused by its name, and nothing that a file claims costs memory."""

import random
import struct
import sys
import tracemalloc
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from small_gguf import small_model

from compute_mesh.runtime.header import REASONS, BadGguf, read_header
from compute_mesh.runtime.shape import check_adapter, model_shape


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def key(name: bytes, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def tensor(name: bytes = b"t", shape: tuple[int, ...] = (4,), kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def file(keys: list[bytes], tensors: list[bytes], data: bytes = b"", version: int = 3, magic: bytes = b"GGUF") -> bytes:
    head = magic + struct.pack("<IQQ", version, len(tensors), len(keys)) + b"".join(keys + tensors)
    return head + b"\0" * (-len(head) % 32) + data


ARCHITECTURE = key(b"general.architecture", 8, text(b"llama"))
CASES = {
    "empty": (b"", "truncated"),
    "another format": (file([], [], magic=b"GGML"), "not-gguf"),
    "a version to come": (file([], [], version=4), "version"),
    "big endian": (b"GGUF" + struct.pack(">I", 3) + b"\0" * 16, "version"),
    "cut in the counts": (file([], [])[:20], "truncated"),
    "a billion tensors": (b"GGUF" + struct.pack("<IQQ", 3, 10**9, 0), "too-many"),
    "a billion keys": (b"GGUF" + struct.pack("<IQQ", 3, 0, 10**9), "too-many"),
    "a long key": (file([key(b"k" * 300, 0, b"\1")], []), "string"),
    "a text longer than the file": (file([key(b"k", 8, struct.pack("<Q", 1000) + b"x")], []), "truncated"),
    "a text of 2^63 bytes": (file([key(b"k", 8, struct.pack("<Q", 1 << 63))], []), "string"),
    "a text that is not UTF-8": (file([key(b"k", 8, text(b"\xff\xfe"))], []), "string"),
    "an unknown type": (file([key(b"k", 99, b"\0" * 8)], []), "value"),
    "an array of arrays": (file([key(b"k", 9, struct.pack("<IQ", 9, 1) + b"\0" * 12)], []), "value"),
    "a long array": (file([key(b"k", 9, struct.pack("<IQ", 0, 1 << 40))], []), "too-many"),
    "an array beyond the end": (file([key(b"k", 9, struct.pack("<IQ", 10, 1000))], []), "truncated"),
    "neither true nor false": (file([key(b"k", 7, b"\2")], []), "value"),
    "a key twice": (file([ARCHITECTURE, ARCHITECTURE], []), "duplicate"),
    "a tensor twice": (file([], [tensor(), tensor(offset=32)], b"\0" * 64), "duplicate"),
    "an alignment of 3": (file([key(b"general.alignment", 4, struct.pack("<I", 3))], []), "alignment"),
    "an alignment of 2^31": (file([key(b"general.alignment", 4, struct.pack("<I", 1 << 31))], []), "alignment"),
    "no dimension": (file([], [tensor(shape=())]), "shape"),
    "five dimensions": (file([], [tensor(shape=(1, 1, 1, 1, 1))]), "shape"),
    "a side of nothing": (file([], [tensor(shape=(0,))]), "shape"),
    "a side of 2^40": (file([], [tensor(shape=(1 << 40,))]), "shape"),
    "a product beyond 64 bits": (file([], [tensor(shape=(1 << 30, 1 << 30, 1 << 30))]), "truncated"),
    "an unknown tensor type": (file([], [tensor(kind=77)]), "type"),
    "half a block": (file([], [tensor(shape=(33,), kind=3)], b"\0" * 64), "type"),
    "an offset of its own": (file([], [tensor(offset=32)], b"\0" * 64), "offset"),
    "tensors that overlap": (file([], [tensor(), tensor(b"u")], b"\0" * 64), "offset"),
    "weights cut short": (file([], [tensor(shape=(400,))], b"\0" * 64), "truncated"),
    "something behind the weights": (file([], [tensor()], b"\0" * 4096), "trailing"),
    "no architecture": (file([key(b"general.name", 8, text(b"x"))], []), "missing"),
    "an architecture that is no name": (file([key(b"general.architecture", 8, text(b"../x"))], []), "value"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_broken_rule_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    data, reason = CASES[name]
    (tmp_path / "x.gguf").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(BadGguf) as caught:
        model_shape(tmp_path / "x.gguf")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason == reason
    assert reason in REASONS
    assert str(caught.value).startswith(reason)
    assert peak < 4_000_000


def test_a_folder_and_a_missing_file_are_no_models(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(OSError, match=str(path)):
            read_header(path)


def test_a_whole_model_is_read(tmp_path: Path) -> None:
    shape = model_shape(small_model(tmp_path / "m.gguf"))
    assert (shape.layers, shape.width, shape.heads, shape.kv_heads, shape.key) == (2, 32, 4, 2, 8)
    assert shape.template_digest is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"llama__block_count": (10**6, 4)}, "bound"),
        ({"llama__attention__head_count": (0, 4)}, "bound"),
        ({"llama__attention__head_count_kv": (3, 4)}, "bound"),
        ({"llama__context_length": ("long", 8)}, "value"),
        ({"tokenizer__ggml__eos_token_id": (999_999, 4)}, "bound"),
        ({"general__type": ("adapter", 8)}, "kind"),
        ({"split__count": (2, 2)}, "kind"),
    ],
)
def test_what_no_model_has_is_refused(tmp_path: Path, changed: dict, reason: str) -> None:
    import gguf

    given = {name: (value, gguf.GGUFValueType(kind)) for name, (value, kind) in changed.items()}
    with pytest.raises(BadGguf) as caught:
        model_shape(small_model(tmp_path / "m.gguf", **given))
    assert caught.value.reason == reason


def test_a_model_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(BadGguf, match="kind"):
        check_adapter(small_model(tmp_path / "m.gguf"))


def test_no_mutation_of_the_header_makes_the_reader_fail_otherwise(tmp_path: Path) -> None:
    whole = small_model(tmp_path / "m.gguf").read_bytes()
    chance = random.Random(5)
    reasons = set()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(3000)] = chance.randrange(256)
        (tmp_path / "m.gguf").write_bytes(data)
        try:
            model_shape(tmp_path / "m.gguf")
        except BadGguf as error:
            reasons.add(error.reason)
    assert reasons <= REASONS.keys()
    assert len(reasons) >= 4
