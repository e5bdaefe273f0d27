"""Boxes are really started here; where none can be had there is nothing to try."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from boxes import skip_without


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_without(items, "sandbox")
