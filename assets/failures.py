"""The one place where broken rules become Dagster failures. Nothing is retried: a rule stays broken.

The cause is cut off, so that no traceback with local values reaches Dagster's database.
"""

import contextlib
from collections.abc import Iterator

import dagster as dg

from assets.stages import StageGone
from compute_mesh.node.asking import JobCancelled, JobNotDone, JobRefused
from compute_mesh.node.control.client import NodeSaid, NoNode
from consent.sources import UnreadableSource
from corpus.errors import CorpusError
from substrate.record.errors import RecordError
from substrate.store.errors import HomeError
from substrate.store.full import disk_full

RULE = "rule"
_JOBS = (JobRefused, JobNotDone, JobCancelled, NoNode, NodeSaid)


@contextlib.contextmanager
def as_failure() -> Iterator[None]:
    """Raise `dagster.Failure` with the sentence and the name of a broken rule."""
    try:
        yield
    except (HomeError, RecordError, CorpusError, UnreadableSource, *_JOBS) as error:
        raise _failure(error) from None
    except FileNotFoundError as error:
        if "stages" not in str(error):
            raise
        raise _failure(StageGone("a stage was removed while it was read, by an erasure: build again")) from None
    except Exception as error:
        if (full := disk_full(error)) is None:
            raise
        raise _failure(full) from None


def _failure(error: Exception) -> dg.Failure:
    return dg.Failure(str(error), metadata={RULE: type(error).__name__}, allow_retries=False)
