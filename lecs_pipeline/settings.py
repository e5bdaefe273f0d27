"""Where things are. The only place that reads the environment."""

import os
from pathlib import Path
from typing import Final

HOME_VARIABLE: Final = "LECS_HOME"
INBOX_VARIABLE: Final = "LECS_INBOX"
ROOT: Final = Path(__file__).resolve().parent.parent
ARCHIVE: Final = ROOT / "examples" / "archive"


def home_path() -> Path:
    """The home that commands work on: ``LECS_HOME``, or ``~/.lecs``."""
    return Path(os.environ.get(HOME_VARIABLE) or Path.home() / ".lecs").expanduser().absolute()


def choose_home(path: Path | None) -> Path:
    """Remember ``path`` (from ``--home``) for this process and those it starts."""
    if path is not None:
        os.environ[HOME_VARIABLE] = str(path.expanduser().absolute())
    return home_path()


def inbox_path() -> Path | None:
    """The folder in which archives are dropped: ``LECS_INBOX``; None where no inbox is configured."""
    chosen = os.environ.get(INBOX_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else None


def wants_trace() -> bool:
    """Developers may ask for the trace of a fault (``LECS_TRACE=1``); it can hold texts, so nobody gets it unasked."""
    return os.environ.get("LECS_TRACE") == "1"


def quiet_libraries() -> None:
    """Switch off what libraries would send, look up elsewhere or say in between, before any of them is imported."""
    for name, value in {
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_OFFLINE": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "GRPC_VERBOSITY": "ERROR",  # Else the control of a node talks of forks.
    }.items():
        os.environ.setdefault(name, value)
