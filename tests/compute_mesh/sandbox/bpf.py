"""The kernel's rules for a filter program, as far as ours uses them: for asking what it would answer."""

import struct

_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def answer(program: bytes, number: int, architecture: int, arguments: tuple[int, ...] = ()) -> int:
    """What the program answers to a call."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    lines = list(struct.iter_unpack("=HBBI", program))
    place, loaded = 0, 0
    while True:
        code, true, false, value = lines[place]
        place += 1
        if code == _LOAD:
            (loaded,) = struct.unpack_from("=I", data, value)
        elif code == _RETURN:
            return value
        else:
            holds = {_EQUAL: loaded == value, _AT_LEAST: loaded >= value, _BITS: bool(loaded & value)}[code]
            place += true if holds else false
