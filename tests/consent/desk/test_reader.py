"""The redactor apart: the same readings from another process, started again when it dies, gone with its parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consent.desk.reader import LONG, Reader, ReaderGone
from consent.redaction import Redactor
from consent.redaction.types import Passage, Redaction

TEXT = "Su correo es rosa@example.org y vive cerca del río."


def plain() -> Redactor:
    """A redactor without a model."""
    return Redactor(readers={})


class Faulty:
    """A redactor whose faults hold the text."""

    version = "faulty"

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """Die where the text says so, else raise."""
        if not passages:
            return []
        if passages[0].text == "die":
            os._exit(3)
        raise RuntimeError(f"cannot read {passages[0].text}")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One for all tests of this file."""
    made = Reader(plain)
    yield made
    made.close()


def test_another_process_finds_the_same(reader: Reader) -> None:
    """Short and long texts, from several threads at once, and under the same version."""
    passages = [
        Passage(TEXT, "es"),
        Passage("Nada.", "es", (), True),
        Passage(f"{TEXT} " * (LONG // 40), "es", (), True),
    ]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: reader.redact([one])[0], passages * 2))
    assert found == plain().redact(passages) * 2
    assert reader.version == plain().version


def test_a_process_that_died_is_started_again() -> None:
    reader = Reader(Faulty)
    assert reader.redact([]) == []
    process = reader._short._process
    process.kill()
    process.join()
    assert reader.redact([]) == []
    assert reader._short._process.pid != process.pid
    reader.close()
    assert not _runs(process.pid)


@pytest.mark.parametrize(("text", "said"), [("a secret of Zoraida", "RuntimeError"), ("die", "the process that reads")])
def test_a_fault_there_says_its_name_and_nothing_else(text: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    faulty = Reader(Faulty)
    with pytest.raises(ReaderGone, match=said):
        faulty.redact([Passage(text, "es")])
    faulty.close()
    assert "Zoraida" not in "".join(capfd.readouterr())


def test_it_ends_with_its_parent_however_that_goes() -> None:
    """`kill -9` of the process that serves leaves no process that reads."""
    program = (
        "from consent.desk.reader import Reader; from consent.redaction import Redactor; import time\n"
        "if __name__ == '__main__':\n"
        "  reader = Reader(Redactor); reader.redact([])\n"
        "  print(reader._short._process.pid, flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while _runs(child):
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
