"""Other people's verifiers over the documents of a receipt bundle: Digital Bazaar's (npm) and apsig (PyPI)."""

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from running import clean_environment, require

FOLDER = Path(__file__).parent / "other_verifiers"
#: The signed documents of a bundle. (Its lists hold more of the same kinds.)
SIGNED = ("receipt", "record", "fact", "notice", "charter")


def signed_parts(bundle: dict[str, Any]) -> dict[str, Any]:
    """Every document of a bundle that carries a proof."""
    lists = {
        f"{name} {i}": one
        for name in ("coConsents", "changes", "redactions")
        for i, one in enumerate(bundle.get(name, []))
    }
    return {**{name: bundle[name] for name in SIGNED}, **lists}


class DigitalBazaar:
    """`jsonld-signatures` with `eddsa-jcs-2022`, installed into a scratch folder from the committed lock file."""

    def __init__(self, folder: Path) -> None:
        for file in ("package.json", "package-lock.json", "verify.mjs"):
            shutil.copy(FOLDER / file, folder / file)
        self.folder = folder
        done = self._run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        require(done.returncode == 0, f"npm ci: {done.stderr[-300:]}")

    def verify(self, parts: dict[str, Any]) -> dict[str, bool]:
        """Which of these documents hold."""
        file = self.folder / "parts.json"
        file.write_text(json.dumps(parts), "utf-8")
        done = self._run("node", "verify.mjs", str(file))
        require(done.returncode == 0, f"node: {done.stderr[-300:]}")
        return {name: found is True for name, found in json.loads(done.stdout).items()}

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=self.folder, env=clean_environment(), capture_output=True, text=True, check=False
        )


class Apsig:
    """`apsig.ProofVerifier`, which takes the key apart itself."""

    def verify(self, parts: dict[str, Any]) -> dict[str, bool]:
        """Which of these documents hold."""
        from apsig import ProofVerifier

        found = {}
        for name, document in parts.items():
            own = copy.deepcopy(document)  # It takes the proof out of what it is given.
            key = own["proof"]["verificationMethod"].partition("#")[2]
            found[name] = ProofVerifier(key).verify_proof(own) is not None
        return found


def changed(parts: dict[str, Any]) -> dict[str, Any]:
    """The same documents, each with one letter of one value changed: nobody may accept any of them."""
    found = copy.deepcopy(parts)
    for document in found.values():
        name = next(key for key, value in sorted(document.items()) if isinstance(value, str) and key != "type")
        document[name] = document[name][:-1] + ("0" if document[name][-1] != "0" else "1")
    return found
