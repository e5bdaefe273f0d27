"""Names on a map can be read: none lies across another one, and none leaves the map."""

from hypothesis import given
from hypothesis import strategies as st

from corpus.embedding.labels import LETTER, LINE, spread_labels

NAMES = st.lists(
    st.tuples(st.text("abcdefgh", min_size=1, max_size=20), st.tuples(st.floats(0, 600), st.floats(0, 390))),
    min_size=1, max_size=6,
)  # fmt: skip


@given(NAMES)
def test_no_name_crosses_another_one_or_leaves_the_map(wanted: list[tuple[str, tuple[float, float]]]) -> None:
    places = spread_labels(wanted, 616, 392)
    boxes = [(x, y, len(name) * LETTER / 2) for (name, _), (x, y) in zip(wanted, places, strict=True)]
    for number, (x, y, half) in enumerate(boxes):
        assert half <= x <= 616 - half
        assert LINE <= y <= 392
        for other_x, other_y, wide in boxes[:number]:
            assert abs(y - other_y) >= LINE - 1e-9 or abs(x - other_x) >= half + wide - 1e-9


def test_a_name_with_room_stays_where_it_belongs() -> None:
    wanted = [("letter", (100.0, 100.0)), ("recipe", (400.0, 100.0)), ("poem", (110.0, 104.0))]
    first, second, moved = spread_labels(wanted, 616, 392)
    assert (first, second) == ((100.0, 100.0), (400.0, 100.0))
    assert moved == (110.0, 104.0 + LINE), "one line up would still touch the first"
