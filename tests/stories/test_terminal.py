"""What others wrote is shown by a terminal, and obeyed by none: words of proposals, of models at peers, of reasons."""

import os
import pty
import subprocess
import sys

import pytest

from lecs_pipeline.cli.output import show_table, visible

NASTY = "a\x1b]0;title\x07b\x1b[31mc\rd\x9b2Je\u202ef"
SHOWN = "a␛]0;title␇b␛[31mc␍d<U+009B>2Je<U+202E>f"
SPEAKING = """
from lecs_pipeline.cli.output import say, tell
tell({0!r} + "\\n")
say({0!r})
"""


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert visible(NASTY) == SHOWN
    kept = "Zeile eins\n\tZeile zwei: שלום, 你好, \u200fimmer"
    assert visible(kept) == kept


def test_into_a_pipe_words_go_as_they_are_and_onto_a_terminal_visibly() -> None:
    command = [sys.executable, "-c", SPEAKING.format(NASTY)]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stdout.decode() == NASTY + "\n"
    assert piped.stderr.decode() == NASTY + "\n"
    mine, theirs = pty.openpty()
    subprocess.run(command, stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(mine, 4096).decode()
    os.close(mine)
    assert said == (SHOWN + "\r\n") * 2


def test_tables_are_safe_wherever_they_go(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("T", ["c"], [["x\x1b[2Jy"]])
    assert "x␛[2Jy" in capsys.readouterr().out
