"""Where the dbt project lies, and its manifest: made by set-up, and again when a file of the project changes.

The manifest is named after what it was made from, so a stale one is simply not there. dbt reaches no other
machine: it sends no statistics, looks for no newer version, and the project needs no packages.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

from substrate.store.errors import NotFound

FOLDER: Final = Path(__file__).resolve().parents[2] / "dbt"
DBT: Final = Path(sys.executable).with_name("dbt")
#: The variable by which the project finds lake and warehouse of a home.
HOME_VARIABLE: Final = "LECS_HOME"
#: What keeps dbt from the network.
OFFLINE: Final = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
_PARTS: Final = ("*.yml", "models/**/*.sql", "models/**/*.yml", "tests/*.sql")
_MADE: Final = FOLDER / "target"


class ManifestMissing(NotFound):
    """dbt's manifest is not there and could not be made."""


def manifest_path() -> Path:
    """Where the manifest of the project as it is now lies, whether it was made or not."""
    digest = hashlib.sha256(" ".join(map(version, ("dbt-core", "dbt-duckdb"))).encode())
    for file in sorted(file for pattern in _PARTS for file in FOLDER.glob(pattern)):
        content = file.read_bytes()
        digest.update(f"\n{file.relative_to(FOLDER)} {len(content)}\n".encode() + content)
    return _MADE / f"manifest-{digest.hexdigest()[:16]}.json"


def manifest() -> Path:
    """The manifest, parsed now if set-up did not (some seconds).

    Raises:
        ManifestMissing: dbt is not installed, or cannot read the project.
    """
    path = manifest_path()
    return path if path.exists() else prepare()


def prepare() -> Path:
    """Let dbt read the project, and keep its manifest; older ones are removed.

    Raises:
        ManifestMissing: as `manifest`.
    """
    path = manifest_path()
    _MADE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_MADE, prefix=".parse-") as folder:
        command = [str(DBT), "--quiet", "parse", "--project-dir", str(FOLDER), "--profiles-dir", str(FOLDER)]
        command += ["--target-path", folder, "--log-path", folder]
        try:
            done = subprocess.run(command, env={**os.environ, **OFFLINE}, capture_output=True, text=True, check=False)
        except OSError as error:
            raise ManifestMissing(f"dbt cannot be started ({error.strerror}): run `make setup`") from None
        if done.returncode:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            raise ManifestMissing(f"dbt cannot read {FOLDER}: {' '.join(last)}. Mend it, then run `make setup`")
        others = [old for old in _MADE.glob("manifest-*.json") if old != path]
        shutil.copy(Path(folder, "manifest.json"), Path(folder, path.name))
        Path(folder, path.name).replace(path)
    for old in others:
        old.unlink(missing_ok=True)
    return path


if __name__ == "__main__":
    # `python -m assets.warehouse.project`: what set-up runs.
    manifest()
