"""Write docs/reference/failpoints.md from the registry: `python docs/generate_failpoints.py`."""

from pathlib import Path

from substrate.store.failpoints import REGISTRY

PAGE = Path(__file__).parent / "reference" / "failpoints.md"

HEAD = """\
# Failpoints

Places at which tests let a process die, or the disk be full. They are off unless the environment names one:

| variable | what happens at the place |
|---|---|
| `LECS_FAILPOINT=NAME` or `NAME:3` | the process is killed (SIGKILL) there, at the first or the third time |
| `LECS_FAILPOINT_ERROR=NAME:ENOSPC` or `NAME:ENOSPC:3` | the system's error is raised there, as a full disk would |

A name that is not in this table is refused before any command starts. Every one is killed once, and filled once, in
`tests/stories/test_kills.py`; `make prove ISSUE=3` kills a hundred times at random. To add one, read the docstring of
`substrate/store/failpoints.py`, then run `python docs/generate_failpoints.py`.

| name | command | what holds after a kill there |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = (f"| `{name}` | {', '.join(place.commands)} | {place.holds} |" for name, place in REGISTRY.items())
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
