"""Before and after as pairs of bars: an outlined bar above a filled one, with the shares in figures.

Readable without colour, and in words for those who do not see it.
"""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from html import escape
from typing import Final

from corpus.decimals import ARITHMETIC

MOST_VALUES: Final = 20
_LEFT: Final = 170
_WIDTH: Final = 260
_ROW: Final = 38


def percent(part: int, whole: int) -> str:
    """A share in percent with one decimal, rounded half even: "12.5 %"."""
    return f"{share(part, whole) * 100:.1f} %"


def share(part: int, whole: int) -> Decimal:
    """part / whole, 0 of nothing."""
    with localcontext(ARITHMETIC):
        return Decimal(part) / whole if whole else Decimal(0)


def paired_bars(title: str, before: Mapping[str, int], after: Mapping[str, int], labels: tuple[str, str]) -> str:
    """An SVG with a pair of bars per value: its share of the sum of ``before``, and of ``after``.

    ``labels`` say what the two are ("items", "weight"). The largest twenty values are shown.
    """
    totals = sum(before.values()), sum(after.values())
    values = sorted(before.keys() | after.keys(), key=lambda value: (-after.get(value, 0), value))[:MOST_VALUES]
    rows = []
    for place, value in enumerate(values):
        parts = before.get(value, 0), after.get(value, 0)
        name = escape(value if len(value) <= 22 else f"{value[:21]}…")
        y = 30 + place * _ROW
        rows.append(f'<text x="{_LEFT - 8}" y="{y + 20}" text-anchor="end">{name}</text>')
        for line, (part, total) in enumerate(zip(parts, totals, strict=True)):
            wide = max(1, int(share(part, total) * _WIDTH))
            top = y + 2 + line * 15
            look = 'fill="none" stroke="#3b6ea5"' if line == 0 else 'fill="#3b6ea5" stroke="#3b6ea5"'
            rows.append(f'<rect x="{_LEFT}" y="{top}" width="{wide}" height="12" {look}/>')
            rows.append(f'<text x="{_LEFT + wide + 6}" y="{top + 11}" font-size="11">{percent(part, total)}</text>')
    words = in_words(before, after, labels)
    legend = f"outlined: {labels[0]}; filled: {labels[1]}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_LEFT + _WIDTH + 70}" '
        f'height="{36 + len(values) * _ROW}" font-family="sans-serif" font-size="13">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>"
        f'<text x="8" y="18">{escape(title)} ({escape(legend)})</text>{"".join(rows)}</svg>'
    )


def in_words(before: Mapping[str, int], after: Mapping[str, int], labels: tuple[str, str]) -> str:
    """The same figures as a sentence."""
    totals = sum(before.values()), sum(after.values())
    values = sorted(before.keys() | after.keys(), key=lambda value: (-after.get(value, 0), value))[:MOST_VALUES]
    parts = [
        f"{value}: {percent(before.get(value, 0), totals[0])} of {labels[0]}, "
        f"{percent(after.get(value, 0), totals[1])} of {labels[1]}"
        for value in values
    ]
    return "; ".join(parts) or "nothing"
