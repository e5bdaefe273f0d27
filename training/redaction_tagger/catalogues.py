"""Text in which nobody is named: the translated messages of programs, read from their wheels.

Only programs whose licence allows any use: Django and Wagtail (BSD-3-Clause) and Indico (MIT).
`requirements.txt` pins the wheels.
"""

import gettext
import io
import re
import zipfile
from pathlib import Path

#: Folders of message catalogues in the wheels, by language; English is what the messages are called by.
_FOLDERS = {
    "es": ("es", "es_ES"),
    "de": ("de", "de_DE"),
    "fr": ("fr", "fr_FR"),
    "it": ("it", "it_IT"),
    "pt": ("pt", "pt_BR", "pt_PT"),
}
_WHEELS = ("django-", "wagtail-", "indico-")
_MARKUP = re.compile(r"%\(?\w*\)?[sdif]?|\{[^}]*\}|<[^>]*>|&\w+;|https?://\S+")
_LONGEST = 400
#: A word with a capital inside a sentence: a product, a title, perhaps a name.
_CAPITAL = re.compile(r"[^\W\d_][,;'’\"“)]* [(\"“'’]*[A-ZÀ-Þ]")


def messages(folder: Path, language: str) -> tuple[str, ...]:
    """The messages in ``language``, sorted, without markup and gaps, and but for German without inner capitals."""
    found: set[str] = set()
    for wheel in sorted(folder.glob("*.whl")):
        if wheel.name.startswith(_WHEELS):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    found |= _read(archive, name, language)
    clean = sorted(clean for text in found if (clean := _clean(text)))
    return tuple(text for text in clean if language == "de" or not _CAPITAL.search(text))


def _read(archive: zipfile.ZipFile, name: str, language: str) -> set[str]:
    folders = _FOLDERS.get(language, ("de", "de_DE"))
    if not name.endswith(".mo") or not any(f"/{folder}/LC_MESSAGES/" in name for folder in folders):
        return set()
    catalogue = gettext.GNUTranslations(io.BytesIO(archive.read(name)))
    texts: set[str] = set()
    for key, value in catalogue._catalog.items():  # type: ignore[attr-defined]
        text = (key[0] if isinstance(key, tuple) else key) if language == "en" else value
        texts.add(str(text).split("\x04")[-1])
    return texts


def _clean(text: str) -> str:
    """The text if it has words, else nothing. Messages with gaps may have had a name there: they are left out."""
    if _MARKUP.search(text) or len(text) > _LONGEST or "Project-Id-Version" in text:
        return ""
    text = re.sub(r"[ \t]+", " ", text).strip()
    return text if re.search(r"[^\W\d_]{3}", text) else ""
