"""Dagster logs to standard error by itself; the command line speaks for itself."""

import contextlib
import logging
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_dagster() -> Iterator[None]:
    """Only what goes wrong in Dagster itself is shown while this lasts."""
    import dagster  # noqa: F401 (its loggers exist from here on)

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
