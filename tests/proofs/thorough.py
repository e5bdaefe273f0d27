"""A pytest plugin: the property tests with many more examples (`-p thorough --hypothesis-profile thorough`).

A test that asks for fewer examples by itself, since `make test` has little time, gets as many as the others. How many
each was tried with, at least, stands in the summary, so that a proof claims no more than was done.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("LECS_EXAMPLES", "1500"))
_OWN = "_hypothesis_internal_use_settings"

settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
_least: list[int] = []


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Raise what tests say themselves; note the least of all."""
    for item in items:
        function = getattr(item, "obj", None)
        if not getattr(function, "is_hypothesis_test", False):
            continue
        own = getattr(function, _OWN, None)
        if own is not None and own.max_examples < EXAMPLES:
            setattr(getattr(function, "__func__", function), _OWN, settings(own, max_examples=EXAMPLES, deadline=None))
        _least.append(EXAMPLES)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many properties there were, and with how many examples each, at least."""
    if _least:
        terminalreporter.write_line(f"properties: {len(_least)}; examples of each, at least: {min(_least)}")
