"""Workers without a model in real boxes, and what every test of workers looks at in the end."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("bwrap") is None:
        for item in items:
            if "workers" in item.path.parts and item.get_closest_marker("bare") is None:
                item.add_marker(pytest.mark.skip(reason="bubblewrap is not installed"))
