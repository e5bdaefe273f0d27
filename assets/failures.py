"""The one place where broken rules become Dagster failures. Nothing is retried: a rule stays broken.

The cause is cut off, so that no traceback with local values reaches Dagster's database.
"""

import contextlib
from collections.abc import Iterator

import dagster as dg

from assets.stages import StageGone
from corpus.errors import CorpusError
from substrate.record.errors import RecordError
from substrate.store.errors import HomeError

RULE = "rule"


@contextlib.contextmanager
def as_failure() -> Iterator[None]:
    """Raise `dagster.Failure` with the sentence and the name of a broken rule."""
    try:
        yield
    except (HomeError, RecordError, CorpusError) as error:
        raise dg.Failure(str(error), metadata={RULE: type(error).__name__}, allow_retries=False) from None
    except FileNotFoundError as error:
        if "stages" not in str(error):
            raise
        sentence = "a stage was removed while it was read, by an erasure: build again"
        raise dg.Failure(sentence, metadata={RULE: StageGone.__name__}, allow_retries=False) from None
