"""Reading the header of a GGUF file as hostile input, before llama.cpp sees a byte of the file.

Every count, length, alignment, offset and size is held against a bound and against the size of the file; tensors must
lie one after the other, as llama.cpp wants them, and end where the file ends. Memory is bounded by the bounds below,
not by what the file claims.

Format: GGUF versions 2 and 3, little-endian, as in ggml's ``docs/gguf.md``.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from substrate.store.files import plain_file

MOST_KEYS: Final = 4096
MOST_TENSORS: Final = 16_384
MOST_ENTRIES: Final = 4_194_304
MOST_KEY: Final = 256
MOST_NAME: Final = 63
MOST_STRING: Final = 1 << 20
#: Entries of an array that are kept; of a longer one only type and number are.
MOST_KEPT: Final = 64
_VERSIONS: Final = (2, 3)
_STRING, _ARRAY, _BOOL = 8, 9, 7
_PLAIN: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", _BOOL: "<B", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip

#: The reasons for which a file is refused, and what each means. docs/reference/models shows this table.
REASONS: Final[dict[str, str]] = {
    "not-gguf": "the file does not begin like a GGUF file",
    "version": "a version of GGUF that is not read, or a big-endian file",
    "truncated": "the file ends before what it announces",
    "too-many": "more keys, tensors or entries than a model has",
    "string": "a key, name or text that is too long or is not UTF-8",
    "value": "a value of an unknown type, an array of arrays, or one that is not of its key's type",
    "duplicate": "a key or a tensor that is there twice",
    "alignment": "an alignment that is not a power of two between 8 and 4096",
    "shape": "a tensor with no, more than four, or impossibly large dimensions",
    "type": "a tensor of an unknown type, or rows that do not divide into its blocks",
    "offset": "tensors that do not lie one after the other",
    "trailing": "bytes after the last tensor",
    "missing": "a key that every model or adapter of its kind has",
    "bound": "a number, such as the layers or the heads, beyond what a model has",
    "kind": "a model where an adapter is wanted, the other way round, or one part of several",
    "loading": "llama.cpp refused or ended while it loaded the file in a process of its own",
}


class BadGguf(ValueError):
    """A GGUF file that is refused; ``reason`` is a key of `REASONS`. No message quotes the file at length."""

    def __init__(self, reason: str, where: str) -> None:
        """``where`` names the key, tensor or place."""
        self.reason = reason
        super().__init__(f"{reason}: {where} ({REASONS[reason]})")


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the metadata: the GGUF type of its entries and how many there are; short ones with their values."""

    kind: int
    count: int
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its dimensions, the fastest first, its ggml type, and where its bytes are in the file."""

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the weights. ``size`` is that of the file in bytes."""

    metadata: dict[str, Any]
    tensors: tuple[Tensor, ...]
    size: int

    def text(self, key: str) -> str:
        """A text of the metadata.

        Raises:
            BadGguf: it is missing, or no text.
        """
        return str(self._value(key, str))

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number of the metadata.

        Raises:
            BadGguf: it is missing and has no default, no whole number, or outside ``least`` and ``most``.
        """
        if default is not None and key not in self.metadata:
            return default
        value = int(self._value(key, int))
        if not least <= value <= most:
            raise BadGguf("bound", f"{key} is {value}, outside {least} to {most}")
        return value

    def entries(self, key: str, kinds: tuple[int, ...]) -> int:
        """How many entries an array has whose type is one of ``kinds``.

        Raises:
            BadGguf: it is missing, or something else.
        """
        array = self._value(key, Array)
        if array.kind not in kinds:
            raise BadGguf("value", f"{key} has entries of type {array.kind}")
        return int(array.count)

    def _value(self, key: str, wanted: type) -> Any:
        if key not in self.metadata:
            raise BadGguf("missing", key)
        value = self.metadata[key]
        if type(value) is not wanted:
            raise BadGguf("value", key)
        return value


def read_header(path: Path) -> Header:
    """The header of a GGUF file, checked whole.

    Raises:
        BadGguf: with the reason. OSError: there is no plain file.
    """
    with plain_file(path).open("rb") as file:
        return _Reader(file, path.stat().st_size).read()


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        self.place = 0

    def read(self) -> Header:
        if self.take(4, "the first four bytes") != b"GGUF":
            raise BadGguf("not-gguf", "the first four bytes")
        version = self.one("<I", "the version")
        if version not in _VERSIONS:
            raise BadGguf("version", f"version {version}")
        tensors = self.count(MOST_TENSORS, "the number of tensors")
        keys = self.count(MOST_KEYS, "the number of keys")
        metadata = self.metadata(keys)
        infos = self.infos(tensors)
        return Header(metadata, self.laid(infos, self.alignment(metadata)), self.size)

    def metadata(self, keys: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number in range(keys):
            key = self.string(MOST_KEY, f"key {number}")
            if key in found:
                raise BadGguf("duplicate", f"key {number}")
            found[key] = self.value(self.one("<I", f"the type of key {number}"), f"key {number}")
        return found

    def value(self, kind: int, where: str) -> Any:
        if kind == _STRING:
            return self.string(MOST_STRING, where)
        if kind == _ARRAY:
            return self.array(where)
        if kind not in _PLAIN:
            raise BadGguf("value", f"{where} has type {kind}")
        value = self.one(_PLAIN[kind], where)
        if kind != _BOOL:
            return value
        if value not in (0, 1):
            raise BadGguf("value", f"{where} is neither true nor false")
        return bool(value)

    def array(self, where: str) -> Array:
        kind = self.one("<I", where)
        count = self.count(MOST_ENTRIES, where)
        if kind == _STRING:
            for _ in range(count):
                self.skip(self.length(MOST_STRING, where), where)
            return Array(kind, count)
        if kind not in _PLAIN:
            raise BadGguf("value", f"{where} is an array of type {kind}")
        width = struct.calcsize(_PLAIN[kind])
        if count <= MOST_KEPT:
            return Array(kind, count, tuple(self.one(_PLAIN[kind], where) for _ in range(count)))
        self.skip(width * count, where)
        return Array(kind, count)

    def infos(self, tensors: int) -> list[tuple[str, tuple[int, ...], int, int]]:
        found: dict[str, tuple[str, tuple[int, ...], int, int]] = {}
        for number in range(tensors):
            name = self.string(MOST_NAME, f"the name of tensor {number}")
            if name in found or not name:
                raise BadGguf("duplicate", f"the name of tensor {number}")
            dimensions = self.one("<I", f"tensor {number}")
            if not 1 <= dimensions <= 4:
                raise BadGguf("shape", f"tensor {number} has {dimensions} dimensions")
            shape = tuple(self.one("<Q", f"tensor {number}") for _ in range(dimensions))
            kind = self.one("<I", f"tensor {number}")
            found[name] = (name, shape, kind, self.one("<Q", f"tensor {number}"))
        return list(found.values())

    def alignment(self, metadata: dict[str, Any]) -> int:
        value = metadata.get("general.alignment", 32)
        if type(value) is not int or not 8 <= value <= 4096 or value & (value - 1):
            raise BadGguf("alignment", "general.alignment")
        return value

    def laid(self, infos: list[tuple[str, tuple[int, ...], int, int]], alignment: int) -> tuple[Tensor, ...]:
        """The tensors, each where the one before ends."""
        start = _padded(self.place, alignment)
        found, offset, end = [], 0, start if infos else self.place
        for number, (name, shape, kind, stated) in enumerate(infos):
            length = _bytes_of(shape, kind, number, self.size)
            if stated != offset:
                raise BadGguf("offset", f"tensor {number}")
            end = start + offset + length
            if end > self.size:
                raise BadGguf("truncated", f"tensor {number}")
            found.append(Tensor(name, shape, kind, start + offset, length))
            offset += _padded(length, alignment)
        if self.size - end >= alignment:
            raise BadGguf("trailing", f"{self.size - end} bytes")
        return tuple(found)

    def string(self, most: int, where: str) -> str:
        try:
            return self.take(self.length(most, where), where).decode("utf-8")
        except UnicodeDecodeError:
            raise BadGguf("string", where) from None

    def length(self, most: int, where: str) -> int:
        length: int = self.one("<Q", where)
        if length > most:
            raise BadGguf("string", f"{where}, {length} bytes")
        return length

    def count(self, most: int, where: str) -> int:
        count: int = self.one("<Q", where)
        if count > most:
            raise BadGguf("too-many", f"{where} is {count}, at most {most} are read")
        return count

    def one(self, form: str, where: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form), where))[0]

    def take(self, length: int, where: str) -> bytes:
        self._advance(length, where)
        data = self.file.read(length)
        if len(data) != length:
            raise BadGguf("truncated", where)
        return data

    def skip(self, length: int, where: str) -> None:
        self._advance(length, where)
        self.file.seek(length, 1)

    def _advance(self, length: int, where: str) -> None:
        self.place += length
        if self.place > self.size:
            raise BadGguf("truncated", where)


def _padded(length: int, alignment: int) -> int:
    return -(-length // alignment) * alignment


def _bytes_of(shape: tuple[int, ...], kind: int, number: int, size: int) -> int:
    """How many bytes the weights of a tensor take."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    if any(not 1 <= side < 1 << 31 for side in shape):
        raise BadGguf("shape", f"tensor {number}")
    try:
        block, width = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except (ValueError, KeyError):
        raise BadGguf("type", f"tensor {number} has type {kind}") from None
    if shape[0] % block:
        raise BadGguf("type", f"tensor {number}")
    length = shape[0] // block * width
    for side in shape[1:]:
        length *= side
    if length > size:
        raise BadGguf("truncated", f"tensor {number}")
    return length
