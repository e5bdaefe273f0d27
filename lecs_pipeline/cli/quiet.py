"""Dagster logs to standard error by itself, and dbt to standard output; the command line speaks for itself."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_dagster() -> Iterator[None]:
    """Only what goes wrong in Dagster itself is shown while this lasts; standard output belongs to the answer."""
    import dagster  # noqa: F401 (its loggers exist from here on)

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
