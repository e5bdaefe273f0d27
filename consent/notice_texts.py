"""The notices that come with the program, version by version. Their texts are never edited: a change is a version."""

from importlib.resources import files
from typing import Final

#: Oldest first. A new commons is founded with all of them, so that rows that name an older one can still come in.
NOTICE_VERSIONS: Final = ("2026-11", "2026-12")
#: Each version is signed in each of these; the first one binds where they differ.
NOTICE_LANGUAGES: Final = ("en", "de", "es")


def notice_text(version: str, language: str) -> str:
    """The text of a notice, as it is signed."""
    return files("consent").joinpath(f"notices/{version}.{language}.md").read_text("utf-8")
