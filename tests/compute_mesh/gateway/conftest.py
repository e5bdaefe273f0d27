"""A gateway over a node whose engine pretends, as an HTTP client sees it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "jobservice"))
