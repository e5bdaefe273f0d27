"""The name of what reads: texts carry it, figures are kept under it."""

from typing import Final

VERSION: Final = "lecs-redactor-2"
