"""A small tagger for people and the places that point to them, in six languages, in one pass.

It was trained for this project on text that the project generates (`training/redaction_tagger`), so nothing of
anybody's life and nobody's licence is in it. It reads what identifier shapes cannot: names without a title,
in lower case, in the turns of a conversation, towns and street addresses. Importing this package loads nothing;
`Tagger` loads the weights.
"""

from consent.redaction.tagger.tagger import NAME, Tagger, packaged_weights

__all__ = ["NAME", "Tagger", "packaged_weights"]
