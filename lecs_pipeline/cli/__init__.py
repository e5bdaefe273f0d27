"""The `lecs` command line. Modules import heavy rooms inside their commands, so that `--help` is quick."""

from lecs_pipeline.cli.app import main

__all__ = ["main"]
