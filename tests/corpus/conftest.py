"""Lets the tests of this folder import `corpus_samples`: import mode "importlib" adds no folder by itself."""

import sys
from pathlib import Path

from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

sys.path.insert(0, str(Path(__file__).parent))
