"""The filter of system calls as the kernel takes it: a classic BPF program, written by a small assembler of our own.

Layout of what a program reads: ``struct seccomp_data`` of ``linux/seccomp.h`` (number, architecture, address, six
arguments of 64 bits), instructions as ``struct sock_filter`` of ``linux/filter.h``. A program is a list of lines: most
are a test that skips one line when it fails, and an answer, so that no jump is ever long.
"""

import struct
from typing import Final

from compute_mesh.sandbox.calls import ALLOWED, CONDITIONAL, DANGEROUS, NUMBERS, UNKNOWN_FROM

#: ``linux/audit.h``
ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: Set in the numbers of the x32 way of calling, which would pass a list of other numbers.
X32: Final = 0x40000000

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
_ERROR: Final = 0x00050000
EPERM: Final = _ERROR | 1
ENOSYS: Final = _ERROR | 38

_LOAD, _EQUAL, _GREATER_OR_EQUAL, _BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

#: ``linux/sched.h``: a thread of the same process, and every kind of new namespace.
CLONE_THREAD: Final = 0x00010000
NEW_NAMESPACES: Final = 0x7E020080
#: What `ioctl` may ask: is this a terminal, how much is there to read, close on exec, do not block.
IOCTLS: Final = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)
#: What `prctl` may do: name a thread, name memory, ask for the parent's signal, dumpability and capabilities.
PRCTLS: Final = (15, 16, 2, 3, 23, 0x53564D41)

Line = tuple[int, int, int, int]


def filter_program(machine: str) -> bytes:
    """The program for a machine, as `platform.machine` names it.

    Raises:
        KeyError: there are no numbers for this machine.
    """
    numbers = NUMBERS[machine]
    lines: list[Line] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, ARCHITECTURES[machine]),
        _answer(KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        lines += [(_GREATER_OR_EQUAL, 0, 1, X32), _answer(KILL)]
    lines += [(_GREATER_OR_EQUAL, 0, 1, UNKNOWN_FROM), _answer(ENOSYS)]
    for names, answer in ((ALLOWED, ALLOW), (DANGEROUS, KILL)):
        for number in sorted(numbers[name] for name in names if name in numbers):
            lines += [(_EQUAL, 0, 1, number), _answer(answer)]
    for name in sorted(CONDITIONAL):
        rule = _RULES[name]()
        lines += [(_EQUAL, 0, len(rule), numbers[name]), *rule]
    lines.append(_answer(EPERM))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _answer(value: int) -> Line:
    return (_RETURN, 0, 0, value)


def _load(argument: int, *, high: bool = False) -> Line:
    """The low half of an argument is all that these calls look at, except for pointers."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * argument + (4 if high else 0))


def _clone() -> list[Line]:
    """Threads, and nothing else: no process, no namespace."""
    return [
        _load(0),
        (_BITS, 0, 1, NEW_NAMESPACES),
        _answer(EPERM),
        (_BITS, 0, 1, CLONE_THREAD),
        _answer(ALLOW),
        _answer(EPERM),
    ]


def _clone3() -> list[Line]:
    """Its flags are behind a pointer, which no filter reads: the C library then takes `clone`."""
    return [_answer(ENOSYS)]


def _one_of(argument: int, values: tuple[int, ...]) -> list[Line]:
    lines = [_load(argument)]
    for value in values:
        lines += [(_EQUAL, 0, 1, value), _answer(ALLOW)]
    return [*lines, _answer(EPERM)]


def _prlimit64() -> list[Line]:
    """Limits may be read: the pointer to new ones is null."""
    return [
        _load(2),
        (_EQUAL, 1, 0, 0),
        _answer(EPERM),
        _load(2, high=True),
        (_EQUAL, 1, 0, 0),
        _answer(EPERM),
        _answer(ALLOW),
    ]


_RULES: Final = {
    "clone": _clone,
    "clone3": _clone3,
    "ioctl": lambda: _one_of(1, IOCTLS),
    "prctl": lambda: _one_of(0, PRCTLS),
    "prlimit64": _prlimit64,
}
