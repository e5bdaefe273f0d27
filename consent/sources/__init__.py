"""Where rows come from: a folder, ``.jsonl``, ``.csv`` or ``.parquet``. Streamed, never all at once.

Whatever the form, the same rows come out as the same JSON objects, so that a text that was given before is
known again.
"""

from consent.sources.opening import open_source
from consent.sources.source import Source, SourceLine, UnreadableSource, in_chunks

__all__ = ["Source", "SourceLine", "UnreadableSource", "in_chunks", "open_source"]
