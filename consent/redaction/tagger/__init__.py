"""A small tagger for people and the places that point to them, in six languages, in one pass.

It was trained for this project on text that the project generates (`training/redaction_tagger`), so nothing of
anybody's life and nobody's licence is in it. It reads what identifier shapes cannot: names without a title,
in lower case, in the turns of a conversation, towns and street addresses. Importing this package loads nothing;
`tagger.Tagger` loads the weights.
"""

from pathlib import Path
from typing import Final

#: The name under which it is approved, and that its spans carry.
NAME: Final = "lecs-tagger-1"


def packaged_weights() -> Path:
    """The weights that came with the package."""
    return Path(__file__).parent / "weights"
