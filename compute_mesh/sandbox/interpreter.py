"""The files of this Python that a program in a box needs, and no others.

The interpreter, its standard library without what is installed in it, the shared libraries that the dynamic loader
names for them, and of the installed packages those that are asked for with what they require. No shell, no other
program.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from compute_mesh.sandbox.box import Bind, CannotSandbox

PYTHON: Final = "/python"
SITE: Final = "/site"
CODE: Final = "/code"
EXECUTABLE: Final = f"{PYTHON}/bin/python"
STANDARD: Final = f"{PYTHON}/lib/python{sys.version_info.major}.{sys.version_info.minor}"
#: Set in every box that runs Python.
ENVIRONMENT: Final = {
    "LD_LIBRARY_PATH": f"{PYTHON}/lib",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "ignore",
    "HOME": "/scratch",
    "TMPDIR": "/scratch",
    "LANG": "C.UTF-8",
}
_LIBRARY: Final = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
#: Parts of the standard library for terminals, windows and tests; their libraries stay outside.
_DESKTOP: Final = re.compile(
    r"_tkinter|_curses|readline|nis|_gdbm|_dbm|_crypt|ossaudiodev|spwd|_?xx|_test|_ctypes_test"
)
#: What any extension module of the package index may load (PEP 600), beside the C library itself.
_STANDARD: Final = (
    "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6",
    "libz.so.1", "libexpat.so.1",
)  # fmt: skip
_NOT_A_PACKAGE: Final = frozenset({"..", "__pycache__", "bin", "lib", "include", "share"})


def python_command(program: str) -> tuple[str, ...]:
    """The command that runs a program text with the packages and the code of the box, and nothing of the user's."""
    return EXECUTABLE, "-I", "-S", "-B", "-c", f"import sys; sys.path += [{CODE!r}, {SITE!r}]\n{program}"


@cache
def interpreter() -> tuple[Bind, ...]:
    """Python itself: the executable, the standard library, and every library that these load.

    Raises:
        CannotSandbox: there is no way to ask which libraries those are.
    """
    executable, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    extensions = (path for path in sorted((library / "lib-dynload").glob("*.so")) if not _DESKTOP.match(path.name))
    return Bind(executable, EXECUTABLE), Bind(library, STANDARD), *libraries((executable, *extensions))


def covered() -> tuple[str, ...]:
    """Folders within the standard library that an empty one covers: what somebody installed there is not needed."""
    library = Path(sysconfig.get_path("stdlib"))
    return tuple(f"{STANDARD}/{name}" for name in ("site-packages", "dist-packages") if (library / name).is_dir())


@cache
def libraries(files: tuple[Path, ...]) -> tuple[Bind, ...]:
    """The shared libraries of the system that files load, where they are; the interpreter's own beside it.

    Raises:
        CannotSandbox: `ldd`, which tells, is not there.
    """
    try:
        asked = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise CannotSandbox("ldd", "`ldd` of the C library is needed to find what Python loads") from None
    named = {Path(path) for path in _LIBRARY.findall(asked.stdout)}
    standard = {path.with_name(name) for path in named if path.name.startswith("libc.so") for name in _STANDARD}
    found = sorted(named | {path for path in standard if path.exists()})
    return tuple(_library(path) for path in found if SITE_PACKAGES not in path.parents)


SITE_PACKAGES: Final = Path(sysconfig.get_path("purelib"))


def _library(path: Path) -> Bind:
    own = Path(sys.base_prefix).resolve() in path.resolve().parents and not str(path).startswith("/lib")
    own = own and Path(sys.base_prefix) != Path("/usr")
    return Bind(path.resolve(), f"{PYTHON}/lib/{path.name}" if own else str(path))


@cache
def packages(names: tuple[str, ...]) -> tuple[Bind, ...]:
    """Installed distributions and all that they require, each file or folder under `SITE`.

    Raises:
        CannotSandbox: one of ``names`` is not installed.
    """
    tops: dict[str, Path] = {}
    for one in _closure(names):
        for file in one.files or ():
            if file.parts[0] not in _NOT_A_PACKAGE and not file.name.endswith(".pth"):
                tops.setdefault(file.parts[0], Path(str(one.locate_file(file.parts[0]))))
    return tuple(Bind(path, f"{SITE}/{name}") for name, path in sorted(tops.items()) if path.exists())


def _closure(names: Sequence[str]) -> Iterator[Distribution]:
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            if name in names:
                raise CannotSandbox("packages", f"{name} is not installed: run `make setup`") from None
            continue
        yield found
        waiting += _required(found)


def _required(of: Distribution) -> Iterator[str]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in of.requires or ():
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield canonicalize_name(needed.name)


@cache
def code(rooms: tuple[str, ...]) -> tuple[Bind, ...]:
    """Our own code: of the packages named, such as ``compute_mesh.runtime``, the folders."""
    root = Path(__file__).resolve().parent.parent.parent
    binds = []
    for room in rooms:
        parts = room.split(".")
        binds.append(Bind(root.joinpath(*parts), f"{CODE}/{'/'.join(parts)}"))
        for length in range(1, len(parts)):
            above = "/".join(parts[:length])
            binds.append(Bind(root / above / "__init__.py", f"{CODE}/{above}/__init__.py"))
    return tuple(dict.fromkeys(binds))
