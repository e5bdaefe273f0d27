"""Real short texts in several languages: Debian's fortune files, fetched for one run and thrown away after it.

`apt-get download` and `dpkg -x` into a temporary folder: nothing is installed, nothing is shipped. Where they cannot
be had (another system, no network), there are none, and whoever asked says so.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

#: Debian packages; ru, zh and bg are left out: the words of a text are found by spaces.
PACKAGES: Final = {
    "fortunes": "English",
    "fortunes-br": "Portuguese",
    "fortunes-cs": "Czech",
    "fortunes-de": "German",
    "fortunes-es": "Spanish",
    "fortunes-it": "Italian",
    "fortunes-pl": "Polish",
}


def fortunes() -> dict[str, list[str]]:
    """Texts by language, each longer than twenty characters, of files in UTF-8; empty where none can be had."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for package, language in PACKAGES.items():
            place = Path(folder) / package
            place.mkdir()
            if _fetched(package, place):
                texts = [text for file in _files(place) for text in _texts(file)]
                if texts:
                    found[language] = texts
    return found


def _fetched(package: str, place: Path) -> bool:
    try:
        subprocess.run(["apt-get", "download", package], cwd=place, check=True, capture_output=True, timeout=120)
        for archive in place.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(archive), str(place)], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _files(place: Path) -> list[Path]:
    """Every fortune file; its index (`.dat`) and its other names are left out."""
    found = (place / "usr/share/games/fortunes").rglob("*")
    return sorted(p for p in found if p.is_file() and not p.is_symlink() and p.suffix not in (".dat", ".u8"))


def _texts(file: Path) -> list[str]:
    try:
        whole = file.read_text("utf-8")
    except UnicodeDecodeError:
        return []
    return [text for text in (part.strip() for part in whole.split("\n%\n")) if len(text) > 20]
