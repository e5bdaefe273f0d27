"""A map of texts as SVG: places of the same group share a shape and a name. It holds counts, no id and no text.

Places are put into the cells of a grid, and a cell shows its most frequent group, larger where it holds more. So a map
of a hundred thousand texts is as small as one of a hundred.
"""

import math
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import numpy as np

from corpus.embedding.labels import spread_labels

COLUMNS, ROWS, CELL, EDGE = 44, 28, 14, 16
#: Shapes first, colours second: a group is known by its shape and its name, also without colour.
SHAPES: Final = ("circle", "square", "triangle", "diamond", "cross", "ring", "dot")
_COLOURS: Final = ("#1b6ca8", "#c1440e", "#2e7d32", "#7b1fa2", "#795548", "#00838f", "#757575")
OTHERS: Final = "(others)"
NONE: Final = "(not declared)"


def picture(title: str, places: np.ndarray[Any, Any], groups: Sequence[str]) -> str:
    """The map of ``places`` (n x 2, within [0, 1]), marked by ``groups`` (n names)."""
    names = _names(groups)
    shown = [name if name in names else OTHERS for name in (group or NONE for group in groups)]
    cells: dict[tuple[int, int], Counter[str]] = {}
    for (x, y), name in zip(places, shown, strict=True):
        cell = min(int(x * COLUMNS), COLUMNS - 1), min(int((1 - y) * ROWS), ROWS - 1)
        cells.setdefault(cell, Counter())[name] += 1
    order = [*names, OTHERS] if OTHERS in shown else names
    marks = [_cell(cell, counts, order) for cell, counts in sorted(cells.items())]
    labels = _labels(names, places, shown)
    height = 2 * EDGE + 20 + ROWS * CELL
    legend = [_legend(number, name, shown.count(name)) for number, name in enumerate(order)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * EDGE + COLUMNS * CELL + 190}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
        f'<text x="{EDGE}" y="{EDGE}" font-size="14">{escape(title)}</text>'
        f"{''.join(marks)}{''.join(labels)}{''.join(legend)}</svg>"
    )


def in_words(groups: Sequence[str]) -> str:
    """The same groups as words, the largest first."""
    counts = Counter(group or NONE for group in groups)
    listed = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{name} {count}" for name, count in listed) or "nothing"


def _names(groups: Sequence[str]) -> list[str]:
    counts = Counter(group or NONE for group in groups)
    most = len(SHAPES) - 1
    return [name for name, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))][:most]


def _cell(cell: tuple[int, int], counts: Counter[str], order: list[str]) -> str:
    name = min(counts, key=lambda one: (-counts[one], order.index(one)))
    size = min(3.0 + 1.2 * math.log2(counts.total()), CELL * 0.75)
    x, y = EDGE + (cell[0] + 0.5) * CELL, EDGE + 20 + (cell[1] + 0.5) * CELL
    return _mark(_style(order, name), x, y, size)


def _style(order: list[str], name: str) -> int:
    return len(SHAPES) - 1 if name == OTHERS else order.index(name)


def _mark(style: int, x: float, y: float, size: float) -> str:
    shape, fill = SHAPES[style], f'fill="{_COLOURS[style]}"'
    if shape in ("circle", "dot"):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size if shape == "circle" else 1.5:.1f}" {fill}/>'
    if shape == "ring":
        stroke = f'fill="none" stroke="{_COLOURS[style]}" stroke-width="2"'
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" {stroke}/>'
    third = size / 3
    corners = {
        "square": [(-size, -size), (size, -size), (size, size), (-size, size)],
        "triangle": [(0, -size), (size, size), (-size, size)],
        "diamond": [(0, -1.3 * size), (1.3 * size, 0), (0, 1.3 * size), (-1.3 * size, 0)],
        "cross": [
            (-third, -size), (third, -size), (third, -third), (size, -third), (size, third), (third, third),
            (third, size), (-third, size), (-third, third), (-size, third), (-size, -third), (-third, -third),
        ],
    }[shape]  # fmt: skip
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" {fill}/>'


def _labels(names: Sequence[str], places: np.ndarray[Any, Any], shown: Sequence[str]) -> list[str]:
    """The name of each group, written where the middle of it lies or as near as there is room."""
    middles = [np.median(places[[one == name for one in shown]], axis=0) for name in names]
    wanted = [
        (name, (float(x) * COLUMNS * CELL, float(1 - y) * ROWS * CELL))
        for name, (x, y) in zip(names, middles, strict=True)
    ]
    spread = spread_labels(wanted, COLUMNS * CELL, ROWS * CELL)
    halo = 'text-anchor="middle" font-weight="bold" stroke="white" stroke-width="4" paint-order="stroke" fill="#111"'
    return [
        f'<text x="{EDGE + x:.1f}" y="{EDGE + 20 + y:.1f}" {halo}>{escape(name)}</text>'
        for name, (x, y) in zip(names, spread, strict=True)
    ]


def _legend(number: int, name: str, count: int) -> str:
    x, y = EDGE * 2 + COLUMNS * CELL, EDGE + 34 + number * 20
    style = len(SHAPES) - 1 if name == OTHERS else number
    return _mark(style, x, y - 4, 5) + f'<text x="{x + 14}" y="{y}">{escape(name)}: {count}</text>'
