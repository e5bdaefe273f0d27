"""Boxes are really started; without bubblewrap there is nothing to try."""

import shutil

import pytest

collect_ignore: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("bwrap") is None:
        for item in items:
            if "sandbox" in item.path.parts and item.get_closest_marker("bare") is None:
                item.add_marker(pytest.mark.skip(reason="bubblewrap is not installed"))
