"""The page of failpoints says what the registry says."""

import runpy
from typing import Any


def test_the_failpoints_page_is_what_the_registry_gives(markdown: Any) -> None:
    generator = runpy.run_path(str(markdown.root / "docs/generate_failpoints.py"))
    assert markdown.read("docs/reference/failpoints.md") == generator["page"](), "run docs/generate_failpoints.py"
