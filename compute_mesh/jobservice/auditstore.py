"""What an auditor keeps: HOME/mesh/audits.sqlite3. What its probes cost, and the evidence for its verdicts, sealed.

A bundle is on disk before the verdict that cites it is told. It holds prompts and answers: each lies sealed under a key
of its own, which the home's key wraps, and goes when it has served.
"""

import secrets
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from compute_mesh.jobservice.database import SharedDatabase
from substrate.record.documents import Document
from substrate.store.errors import NotFound, Tampered

NAME: Final = "audits.sqlite3"


class AuditStore(SharedDatabase):
    """The audits of one home, for all threads of one process."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """``secret``: 32 bytes of the home's own, which wrap the key of each bundle.

        Raises:
            Tampered: the file is no such database.
        """
        super().__init__(path, "audits.sql", "evidence of audits is lost")
        self._wrap = Aead(secret)

    def begin(self, job: str, worker: str, day: str) -> None:
        """A probe goes out."""
        with self._transaction() as database:
            database.execute("INSERT OR IGNORE INTO probes (job, worker, day) VALUES (?, ?, ?)", (job, worker, day))

    def spend(self, job: str, tokens: int) -> None:
        """What a probe cost."""
        with self._transaction() as database:
            database.execute("UPDATE probes SET tokens = ? WHERE job = ?", (tokens, job))

    def spent(self, day: str) -> int:
        """Tokens of all probes of a day."""
        with self._turn:
            (tokens,) = self._database.execute(
                "SELECT coalesce(sum(tokens), 0) FROM probes WHERE day = ?", (day,)
            ).fetchone()
        return int(tokens)

    def keep(self, verdict: Document, bundle: bytes) -> None:
        """Keep the evidence that a verdict cites."""
        key, body = secrets.token_bytes(32), verdict.body
        sealed = bytes(Aead(key).encrypt(bundle, _bound(verdict.digest)))
        wrapped = bytes(self._wrap.encrypt(key, verdict.digest.encode("ascii")))
        with self._transaction() as database:
            database.execute(
                "INSERT OR IGNORE INTO bundles (verdict, receipt, word, day, wrapped_key, sealed)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (verdict.digest, body["receipt"], body["verdict"], body["time"][:10], wrapped, sealed),
            )

    def bundle(self, verdict: str) -> bytes:
        """The evidence that a verdict (its digest) cites.

        Raises:
            NotFound: it is not here (any more). Tampered: it was changed.
        """
        with self._turn:
            row = self._database.execute(
                "SELECT wrapped_key, sealed FROM bundles WHERE verdict = ?", (verdict,)
            ).fetchone()
        if row is None:
            raise NotFound(f"no evidence of the verdict {verdict[:16]} is here (any more)")
        try:
            return Aead(self._wrap.decrypt(row[0], verdict.encode("ascii"))).decrypt(row[1], _bound(verdict))
        except CryptoError:
            raise Tampered(f"the evidence of the verdict {verdict[:16]} was changed") from None

    def tidy(self, before: str) -> None:
        """Destroy evidence of days before ``before`` with which nobody can be accused."""
        with self._transaction() as database:
            database.execute("DELETE FROM bundles WHERE day < ? AND word <> 'inconsistent'", (before,))


def _bound(verdict: str) -> bytes:
    return f"lecs-audit-1\n{verdict}".encode("ascii")
