"""The queue on disk: HOME/mesh/jobs.sqlite3. What a job is about lies in it sealed, under a key that goes with the job.

Every change is one transaction on disk before it is told (WAL, ``synchronous=FULL``). A job ends once: whoever comes
second changes nothing. Losing the file loses running jobs and unread results; the ledger keeps the digests of all
signed documents.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobs.rules import Refused
from compute_mesh.jobservice.database import SharedDatabase
from compute_mesh.jobservice.states import ENDS, JobLine, State
from substrate.record.documents import Document, read_document
from substrate.record.times import hours_after
from substrate.store.errors import NotFound, Tampered

NAME: Final = "jobs.sqlite3"
_COLUMNS: Final = "job, type, state, node, reason, attempts, made, receipt"
_OVER: Final = ",".join(f"'{state}'" for state in sorted(ENDS))
#: Parts of a job: inputs are numbered, outputs have their worker's names.
INPUT: Final = "input-"
OUTPUT: Final = "output-"
CHECKPOINT: Final = "checkpoint"
#: Later than every time.
_EVER: Final = "9999"


class JobStore(SharedDatabase):
    """The jobs of one home, for all threads of one process."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """``secret``: 32 bytes of the home's own, which wrap the key of each job.

        Raises:
            Tampered: the file is no such database.
        """
        super().__init__(path, "jobs.sql", "jobs that ran, and results, are lost")
        self._wrap = Aead(secret)

    def add(self, manifest: Manifest, inputs: Iterable[bytes], made: str, *, kept: bool) -> str:
        """Queue a job; its id, or that of the job for which its idempotency key was used before.

        Args:
            kept: whether its inputs outlive this process; those of answers for which somebody waits do not.
        """
        body = manifest.body
        if "selection" in manifest.data:
            self.forget_terms(hours_after(made, -1))
        with self._transaction() as database:
            row = database.execute("SELECT job FROM jobs WHERE idempotency = ?", (body["idempotency"],)).fetchone()
            if row is not None:
                return str(row[0])
            key = secrets.token_bytes(32)
            database.execute(
                "INSERT INTO jobs (job, idempotency, type, state, made, deadline, kept, wrapped_key, manifest)"
                " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?)",
                (
                    manifest.digest, body["idempotency"], manifest.job, made, body["deadline"], int(kept),
                    bytes(self._wrap.encrypt(key, manifest.digest.encode("ascii"))), manifest.document.raw,
                ),
            )  # fmt: skip
            if kept:
                parts = {f"{INPUT}{number}": data for number, data in enumerate(inputs)}
                self._seal(database, manifest.digest, key, parts)
            self._file(database, manifest.digest, [manifest.document])
        return manifest.digest

    def move(self, job: str, state: State, *, node: str | None = None, reason: str = "", tried: int = 0) -> bool:
        """Change a job that has not ended; False where it has. An end needs `end`."""
        with self._transaction() as database:
            done = database.execute(
                f"UPDATE jobs SET state = ?, node = coalesce(?, node), reason = ?, attempts = attempts + ?"  # noqa: S608 (constants)
                f" WHERE job = ? AND state NOT IN ({_OVER})",
                (state, node, reason, tried, job),
            )
            return done.rowcount == 1

    def end(
        self,
        job: str,
        state: State,
        *,
        node: str | None = None,
        reason: str = "",
        outputs: Mapping[str, bytes] | None = None,
        papers: Iterable[Document] = (),
        attempts: int | None = None,
    ) -> bool:
        """End a job with its outputs and papers, all at once; its inputs are destroyed. False: it had ended before."""
        listed = list(papers)
        receipt = next((one.digest for one in listed if one.kind == "JobReceipt"), "")
        with self._transaction() as database:
            self._file(database, job, listed)
            done = database.execute(
                f"UPDATE jobs SET state = ?, node = coalesce(?, node), reason = ?, receipt = ?,"  # noqa: S608 (constants)
                f" attempts = coalesce(?, attempts) WHERE job = ? AND state NOT IN ({_OVER})",
                (state, node, reason, receipt, attempts, job),
            )
            if done.rowcount != 1:
                return False
            database.execute("DELETE FROM parts WHERE job = ?", (job,))
            self._seal(database, job, self._key(database, job), {f"{OUTPUT}{k}": v for k, v in (outputs or {}).items()})
        return True

    def checkpoint(self, job: str, data: bytes) -> None:
        """Keep where a job can go on; nothing for one that has ended."""
        with self._transaction() as database:
            if not self._line(job).over:
                self._seal(database, job, self._key(database, job), {CHECKPOINT: data})

    def part(self, job: str, name: str) -> bytes | None:
        """One part of a job, or None where there is none.

        Raises:
            NotFound: no such job. Tampered: it was changed.
        """
        with self._turn:
            row = self._database.execute(
                "SELECT sealed FROM parts WHERE job = ? AND name = ?", (job, name)
            ).fetchone()  # fmt: skip
            return None if row is None else self._open(self._key(self._database, job), job, name, row[0])

    def parts(self, job: str, kind: str) -> dict[str, bytes]:
        """The inputs (`INPUT`) or outputs (`OUTPUT`) of a job, by name.

        Raises:
            NotFound: no such job. Tampered: one was changed.
        """
        with self._turn:
            key = self._key(self._database, job)
            query = "SELECT name, sealed FROM parts WHERE job = ? AND substr(name, 1, ?) = ? ORDER BY rowid"
            rows = self._database.execute(query, (job, len(kind), kind)).fetchall()
        return {name.removeprefix(kind): self._open(key, job, name, sealed) for name, sealed in rows}

    def line(self, job: str) -> JobLine:
        """How a job stands.

        Raises:
            NotFound: no such job.
        """
        with self._turn:
            return self._line(job)

    def lines(self, *, over: bool | None = None, most: int = 1000) -> list[JobLine]:
        """Jobs, the newest first; ``over``: only those that have ended, or have not."""
        where = "" if over is None else f"WHERE state {'' if over else 'NOT '}IN ({_OVER})"
        with self._turn:
            query = f"SELECT {_COLUMNS} FROM jobs {where} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 (constants)
            return [_of(row) for row in self._database.execute(query, (most,))]

    def find(self, prefix: str) -> str:
        """The one job whose id begins so.

        Raises:
            NotFound: there is none, or several.
        """
        with self._turn:
            query = "SELECT job FROM jobs WHERE substr(job, 1, ?) = ? LIMIT 2"
            rows = self._database.execute(query, (len(prefix), prefix)).fetchall()
        if not prefix or len(rows) != 1:
            raise NotFound(f"{'several jobs begin' if len(rows) > 1 else 'no job here begins'} with {prefix[:16]}")
        return str(rows[0][0])

    def manifest(self, job: str) -> Manifest:
        """What was asked for.

        Raises:
            NotFound: no such job. Tampered: it was changed.
        """
        with self._turn:
            row = self._database.execute("SELECT manifest FROM jobs WHERE job = ?", (job,)).fetchone()
        if row is None:
            raise NotFound(f"no job {job[:16]} is here")
        found = read_manifest(row[0])
        if isinstance(found, Refused):
            raise Tampered(f"the manifest of job {job[:16]} was changed")
        return found

    def recover(self) -> list[str]:
        """After a start: what ran goes back into the queue, or ends where its inputs are kept nowhere. Those queued.

        Terms of federated texts that nobody fetched are destroyed.
        """
        self.forget_terms(_EVER)
        with self._transaction() as database:
            database.execute(
                f"UPDATE jobs SET state = 'failed', reason = 'node-stopped' WHERE kept = 0 AND state NOT IN ({_OVER})"  # noqa: S608 (constants)
            )
            database.execute(
                f"UPDATE jobs SET state = 'queued', reason = '' WHERE state NOT IN ({_OVER})"  # noqa: S608 (constants)
            )
            rows = database.execute("SELECT job FROM jobs WHERE state = 'queued' ORDER BY rowid").fetchall()
        return [str(job) for (job,) in rows]

    def forget(self, job: str) -> bool:
        """Destroy what an ended job was about and what came of it; its papers stay. False: it has not ended."""
        with self._transaction() as database:
            if not self._line(job).over:
                return False
            database.execute("DELETE FROM parts WHERE job = ?", (job,))
            database.execute("UPDATE jobs SET wrapped_key = NULL WHERE job = ?", (job,))
        return True

    def forget_terms(self, before: str) -> None:
        """Destroy single terms of federated texts that nobody fetched, of jobs made before a time of the profile.

        Whoever asked for them was killed, or this node was: they are asked for again, and are not kept meanwhile.
        """
        query = (
            f"SELECT job FROM jobs WHERE type = 'lora' AND state IN ({_OVER}) AND wrapped_key IS NOT NULL AND made < ?"  # noqa: S608 (constants)
        )
        with self._turn:
            rows = self._database.execute(query, (before,)).fetchall()
        for (job,) in rows:
            if "selection" in self.manifest(job).data:
                self.forget(job)

    def papers(self, job: str = "", kind: str = "") -> Iterator[Document]:
        """Signed documents about one job, or about all; of one kind, or of all."""
        with self._turn:
            query = "SELECT body FROM papers WHERE (? = '' OR job = ?) AND (? = '' OR kind = ?) ORDER BY rowid"
            rows = self._database.execute(query, (job, job, kind, kind)).fetchall()
        for (body,) in rows:
            yield read_document(body)

    def manifests(self, most: int) -> list[Manifest]:
        """The manifests that were brought here or written here last, the newest first."""
        with self._turn:
            query = "SELECT body FROM papers WHERE kind = 'JobManifest' ORDER BY rowid DESC LIMIT ?"
            rows = self._database.execute(query, (most,)).fetchall()
        found = [read_manifest(body) for (body,) in rows]
        return [one for one in found if isinstance(one, Manifest)]

    def file(self, job: str, papers: Iterable[Document]) -> None:
        """Keep signed documents about a job."""
        with self._transaction() as database:
            self._file(database, job, papers)

    def give(self, manifest: Manifest, papers: Iterable[Document], tokens: int, day: str) -> None:
        """A job of a submitter was done here and taken there: its idempotency key is used from now on."""
        with self._transaction() as database:
            self._file(database, manifest.digest, papers)
            database.execute(
                "INSERT OR IGNORE INTO given (submitter, idempotency, job, deadline) VALUES (?, ?, ?, ?)",
                (manifest.submitter, manifest.body["idempotency"], manifest.digest, manifest.body["deadline"]),
            )
            database.execute(
                "INSERT INTO worked (day, tokens) VALUES (?, ?)"
                " ON CONFLICT (day) DO UPDATE SET tokens = tokens + excluded.tokens",
                (day, tokens),
            )

    def given(self, now: str) -> dict[tuple[str, str], str]:
        """By submitter and idempotency key the jobs that were done here, until their deadlines."""
        with self._transaction() as database:
            database.execute("DELETE FROM given WHERE deadline <= ?", (now,))
            rows = database.execute("SELECT submitter, idempotency, job FROM given").fetchall()
        return {(submitter, key): job for submitter, key, job in rows}

    def worked(self, day: str) -> int:
        """Tokens of others' jobs on a day."""
        with self._turn:
            row = self._database.execute("SELECT tokens FROM worked WHERE day = ?", (day,)).fetchone()
        return int(row[0]) if row else 0

    def _line(self, job: str) -> JobLine:
        query = f"SELECT {_COLUMNS} FROM jobs WHERE job = ?"  # noqa: S608 (constants)
        row = self._database.execute(query, (job,)).fetchone()
        if row is None:
            raise NotFound(f"no job {job[:16]} is here")
        return _of(row)

    def _key(self, database: sqlite3.Connection, job: str) -> bytes:
        row = database.execute("SELECT wrapped_key FROM jobs WHERE job = ?", (job,)).fetchone()
        if row is None or row[0] is None:
            raise NotFound(f"what job {job[:16]} was about is not here (any more)")
        try:
            return self._wrap.decrypt(row[0], job.encode("ascii"))
        except CryptoError:
            raise Tampered(f"the key of job {job[:16]} was changed, or the home's key is another") from None

    def _seal(self, database: sqlite3.Connection, job: str, key: bytes, parts: Mapping[str, bytes]) -> None:
        seal = Aead(key)
        database.executemany(
            "INSERT OR REPLACE INTO parts (job, name, sealed) VALUES (?, ?, ?)",
            [(job, name, bytes(seal.encrypt(data, _bound(job, name)))) for name, data in parts.items()],
        )

    def _open(self, key: bytes, job: str, name: str, sealed: bytes) -> bytes:
        try:
            return Aead(key).decrypt(sealed, _bound(job, name))
        except CryptoError:
            raise Tampered(f"{name} of job {job[:16]} was changed") from None

    def _file(self, database: sqlite3.Connection, job: str, papers: Iterable[Document]) -> None:
        database.executemany(
            "INSERT OR IGNORE INTO papers (digest, job, kind, body) VALUES (?, ?, ?, ?)",
            [(one.digest, job, one.kind, one.raw) for one in papers],
        )


def _bound(job: str, name: str) -> bytes:
    return f"lecs-job-1\n{job}\n{name}".encode()


def _of(row: tuple[str, str, State, str, str, int, str, str]) -> JobLine:
    job, kind, state, node, reason, attempts, made, receipt = row
    return JobLine(job, kind, state, node, reason, 0, attempts, made, receipt)
