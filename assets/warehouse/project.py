"""Where the dbt project lies, and its manifest: made by set-up, or at the first load where it is missing."""

from pathlib import Path
from typing import Final

from dagster_dbt import DbtProject

FOLDER: Final = Path(__file__).resolve().parents[2] / "dbt"
PROJECT: Final = DbtProject(project_dir=FOLDER, profiles_dir=FOLDER, target_path=Path("target"))


def manifest() -> Path:
    """The manifest that the assets are read from; parsed now if nobody did."""
    if not PROJECT.manifest_path.exists():
        PROJECT.preparer.prepare(PROJECT)
    return PROJECT.manifest_path


if __name__ == "__main__":
    # `python -m assets.warehouse.project`: what set-up runs.
    PROJECT.preparer.prepare(PROJECT)
