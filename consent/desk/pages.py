"""Rendering: Jinja with everything escaped, words from the catalogue, nothing inline."""

import base64
import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from consent.desk.trouble import TROUBLES
from consent.desk.words import LANGUAGES, Language, language

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"


class Pages:
    """The templates of the desk, and the two static files that they name by their digest."""

    def __init__(self, name: str, *, pseudo: bool = False) -> None:
        """``name`` is that of the commons; ``pseudo`` offers the pseudo-language of the tests."""
        self.name = name
        self.pseudo = pseudo
        self.style = (STATIC / "desk.css").read_bytes()
        self.script = (STATIC / "desk.js").read_bytes()
        self._environments: dict[str, Environment] = {}

    @cached_property
    def script_hash(self) -> str:
        """As Content-Security-Policy and ``integrity`` write it."""
        return "sha256-" + base64.b64encode(hashlib.sha256(self.script).digest()).decode("ascii")

    def _environment(self, spoken: Language) -> Environment:
        """The templates with the words of one language, compiled once."""
        found = self._environments.get(spoken.code)
        if found is None:
            found = Environment(
                loader=FileSystemLoader(FOLDER / "templates"),
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                extensions=["jinja2.ext.i18n"],
            )
            found.filters["bar"] = bar
            found.filters["duration"] = duration
            found.install_gettext_callables(  # type: ignore[attr-defined]
                spoken.say, lambda one, many, n: spoken.say(one if n == 1 else many), newstyle=True
            )
            self._environments[spoken.code] = found
        return found

    def render(self, template: str, spoken: Language, **values: Any) -> str:
        """A page in this language."""
        common = {
            "site": self.name,
            "spoken": spoken,
            "languages": LANGUAGES,
            "script_hash": self.script_hash,
            "say": spoken.say,
            "token": "",
            "address": "/",
            "governed": False,
        }
        return self._environment(spoken).get_template(template).render({**common, **values})

    def trouble(self, status: int, path: str, code: str) -> bytes:
        """The page of a trouble. The path is not shown: somebody may have typed anything there."""
        words = TROUBLES.get(status, TROUBLES[500])
        return self.render("trouble.html", language(code), words=words, status=status).encode("utf-8")


def bar(number: int, most: int) -> int:
    """The width of a bar out of 100; something is always to be seen."""
    return max(1, round(100 * number / most)) if most else 0


def duration(seconds: int) -> str:
    """Seconds in the largest fitting unit, such as ``3 h``."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def qr(text: str) -> Markup:
    """``text`` as a QR code: SVG without styles, which scales."""
    import segno

    drawn = segno.make(text, error="m")
    return Markup(drawn.svg_inline(scale=4, border=2, dark="#000", light="#fff", omitsize=True))  # noqa: S704
