"""Large libraries that the redactor's libraries try, and that the redactor never uses.

thinc (under spaCy and the tagger) and Presidio import PyTorch and transformers when they are installed, for
layers and recognizers that we do not load. They are installed, for embeddings: so every process that redacts would
pay some four seconds of processor time and 300 MB for nothing. Both libraries do without when the import fails;
here it fails for them, and for nobody else.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Final

SPARED: Final = frozenset({"torch", "transformers"})
ASKING: Final = frozenset({"thinc", "presidio_analyzer"})


class _Sparing(MetaPathFinder):
    """Says "not installed" to the packages in `ASKING`; has no say in any other import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None, which leaves the search to the other finders.

        Raises:
            ModuleNotFoundError: a package in `ASKING` looks for one in `SPARED`.
        """
        if fullname in SPARED and _asking(sys._getframe(1)) in ASKING:
            raise ModuleNotFoundError(f"{fullname} is spared: the redactor does not use it", name=fullname)
        return None


def _asking(frame: FrameType | None) -> str:
    """The top-level package of the code that has the import statement."""
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package != "importlib":
            return package
        frame = frame.f_back
    return ""


def spare() -> None:
    """From here on, in this process. May be called again."""
    if not any(isinstance(finder, _Sparing) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Sparing())
