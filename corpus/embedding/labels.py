"""Where the names on a map go: each beside the place it names, none across another one."""

from collections.abc import Sequence
from typing import Final

#: A line of bold letters of 12 pixels: its height, and the width of a letter, both rounded up.
LINE, LETTER = 15.0, 7.6
#: How far from its place a name may move, in lines: as little as helps, upwards first.
_STEPS: Final = (0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6)

Place = tuple[float, float]


def spread_labels(wanted: Sequence[tuple[str, Place]], width: float, height: float) -> list[Place]:
    """The middle of the baseline of each name, in the order given; the first ones stay nearest to their places.

    Args:
        wanted: names, and where each would stand, in pixels from the top left corner.
        width, height: of the map; a name is moved inwards until it lies within.

    Returns:
        places at which no name crosses another, as long as there is room within six lines of where it belongs.
    """
    found: list[Place] = []
    taken: list[tuple[float, float, float]] = []
    for name, (x, y) in wanted:
        half = min(len(name) * LETTER, width) / 2
        middle = min(max(x, half), width - half)
        heights = [min(max(y + step * LINE, LINE), height) for step in _STEPS]
        free = [one for one in heights if not _crosses(taken, middle, one, half)]
        place = middle, (free or heights)[0]
        taken.append((*place, half))
        found.append(place)
    return found


def _crosses(taken: Sequence[tuple[float, float, float]], x: float, y: float, half: float) -> bool:
    return any(abs(y - other_y) < LINE and abs(x - other_x) < half + wide for other_x, other_y, wide in taken)
