"""The map of the corpus for the Dagster UI: two pictures, and the same groups in words."""

import base64

from assets.embedding.index import Index
from corpus.embedding.picture import in_words, picture
from corpus.embedding.plane import plane


def map_of(index: Index) -> str:
    """Markdown with one inline SVG by domain and one by language; counts only, no id and no text."""
    places, parts = plane(index.matrix), []
    for column in ("domain", "language"):
        groups = index.lines[column].to_pylist()
        drawn = picture(f"{len(groups)} texts, by {column}", places, groups)
        data = base64.b64encode(drawn.encode()).decode()
        parts.append(f"![By {column}](data:image/svg+xml;base64,{data})\n\nBy {column}: {in_words(groups)}")
    return "\n\n".join(parts)
