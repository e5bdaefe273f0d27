"""The filter, asked call by call; and its numbers against the kernel's own headers where these are installed."""

import platform
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from bpf import answer

from compute_mesh.sandbox.calls import ALLOWED, CONDITIONAL, DANGEROUS, NUMBERS, UNKNOWN_FROM
from compute_mesh.sandbox.program import ALLOW, ARCHITECTURES, ENOSYS, EPERM, KILL, X32, filter_program

pytestmark = pytest.mark.bare
THREAD = 0x003D0F00
FORK = 0x01200011
I386 = 0x40000003
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_number_has_the_answer_of_its_name(machine: str) -> None:
    program, numbers = filter_program(machine), NUMBERS[machine]
    names = {number: name for name, number in numbers.items()}
    for number in range(UNKNOWN_FROM):
        name = names.get(number)
        if name in CONDITIONAL:
            continue
        wanted = ALLOW if name in ALLOWED else KILL if name in DANGEROUS else EPERM
        assert answer(program, number, ARCHITECTURES[machine]) == wanted, (number, name)
    assert {"socket", "connect", "kill", "fork", "vfork", "memfd_create", "mknod"}.isdisjoint(numbers)
    assert answer(program, UNKNOWN_FROM, ARCHITECTURES[machine]) == ENOSYS


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_what_depends_on_arguments(machine: str) -> None:
    program, numbers = filter_program(machine), NUMBERS[machine]

    def asked(name: str, *arguments: int) -> int:
        return answer(program, numbers[name], ARCHITECTURES[machine], arguments)

    assert asked("clone", THREAD) == ALLOW
    assert asked("clone", FORK) == EPERM
    for namespace in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x08000000, 0x04000000, 0x02000000, 0x80):
        assert asked("clone", THREAD | namespace) == EPERM
    assert asked("clone3", 0, 88) == ENOSYS
    assert asked("ioctl", 0, 0x5401) == ALLOW
    assert asked("ioctl", 0, 0x5412) == EPERM, "putting characters into a terminal"
    assert asked("prctl", 15) == ALLOW
    assert asked("prctl", 22) == EPERM
    assert asked("prlimit64", 0, 7, 0, 1) == ALLOW
    assert asked("prlimit64", 0, 7, 1 << 40) == EPERM
    assert asked("prlimit64", 0, 7, 1) == EPERM


def test_other_ways_of_calling_end_the_process() -> None:
    program = filter_program("x86_64")
    read = NUMBERS["x86_64"]["read"]
    assert answer(program, read, I386) == KILL
    assert answer(program, read | X32, ARCHITECTURES["x86_64"]) == KILL
    assert answer(program, read, ARCHITECTURES["aarch64"]) == KILL


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip(f"{HEADERS[machine]} is not installed on this {platform.machine()}")
    text = HEADERS[machine].read_text("utf-8")
    theirs = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    theirs.setdefault("newfstatat", theirs.get("fstatat", -1))
    assert {name: theirs.get(name) for name in NUMBERS[machine]} == NUMBERS[machine]


def test_no_list_names_a_call_that_another_names() -> None:
    assert not ALLOWED & DANGEROUS
    assert not (ALLOWED | DANGEROUS) & CONDITIONAL
    assert NUMBERS["x86_64"].keys() | NUMBERS["aarch64"].keys() == ALLOWED | DANGEROUS | CONDITIONAL
