"""The redactor does not load what it does not use, and nobody else is kept from it."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from consent.sparing import SPARED, spare

_LOADED = """
import sys
import consent.redaction.english
import consent.redaction.tagger.tagger
print(*sorted({"thinc", "presidio_analyzer", "torch", "transformers"} & sys.modules.keys()))
"""


@pytest.mark.models
def test_the_redactor_loads_neither_torch_nor_transformers() -> None:
    """Its own libraries are there, and what they try is not."""
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["presidio_analyzer", "thinc"]


def test_others_find_them() -> None:
    """Embeddings need them in the same process."""
    assert all(find_spec(name) is not None for name in SPARED)


def test_asked_for_twice_it_is_there_once() -> None:
    """Importing `consent` again and again adds nothing."""
    before = list(sys.meta_path)
    spare()
    assert sys.meta_path == before
