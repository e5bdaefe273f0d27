"""Nodes that give each other jobs, over the simulated network or iroh, with an engine that pretends."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
