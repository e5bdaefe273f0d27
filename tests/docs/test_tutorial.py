"""The tutorial runs from top to bottom, as a newcomer would type it."""

from typing import Any

import pytest

pytestmark = [pytest.mark.models, pytest.mark.dagster]


def test_every_block_of_the_first_hour_runs_in_order(markdown: Any, shell: Any, tmp_path: Any) -> None:
    session = shell()
    blocks = [b for b in markdown.blocks(markdown.root / "docs/tutorial/first-hour.md") if b.language == "bash"]
    assert len(blocks) > 10
    for block in blocks:
        session.run(block)
