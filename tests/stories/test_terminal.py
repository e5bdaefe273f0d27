"""A person at a terminal: questions for what a text lacks, the redacted text before anything is signed."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

LECS = Path(sys.executable).with_name("lecs")
TEXT = "Dear Marta Quill, the garden is full of beans this year and I think of your mother every morning."

#: What the program asks (a part of the question) and what the person types.
ANSWERS = {
    "Name of the commons": "The Garden",
    "(controller)": "Invented Garden Club",
    "(contact)": "garden@example.org",
    "Jurisdiction": "",
    "Number of cohorts": "2",
    "Days to think it over": "",
    "Must a second person": "n",
    "Language of the text": "en",
    "What is it": "letter",
    "Who may have it": "public",
    "What may it be used for": "train, evaluate",
    "Licence": "CC-BY-4.0",
    "How do you want to be known": "pseudonym",
    "Under which name": "Bean",
    "On what ground": "author",
    "Do other people speak": "no",
    "Are you an adult": "yes",
    "Does it tell of minors": "none",
    "Does it tell of pupils": "none",
    "Sensitive matters": "none",
    "Version of the notice": "2026-11",
}


def _talk(command: list[str], answers: dict[str, str], home: Path) -> tuple[int, str]:
    """Run a command on a terminal of its own, answering each question once it appears."""
    master, slave = pty.openpty()
    environment = {**os.environ, "LECS_HOME": str(home), "TERM": "dumb", "COLUMNS": "200"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True)
    os.close(slave)
    seen, asked_from, open_questions = "", 0, dict(answers)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.2)
        if ready:
            try:
                seen += os.read(master, 4096).decode("utf-8", "replace")
            except OSError:
                break
            continue
        # Quiet for a while: the whole question stands there.
        question = next((q for q in open_questions if q in seen[asked_from:]), None)
        if question is not None:
            asked_from = len(seen)
            os.write(master, (open_questions.pop(question) + "\n").encode())
        elif process.poll() is not None:
            break
    os.close(master)
    return process.wait(10), seen


@pytest.mark.models
@pytest.mark.parametrize(("yes", "status"), [("y", "accepted"), ("n", "refused")])
def test_questions_then_preview_then_signature(tmp_path: Path, yes: str, status: str) -> None:
    """Nothing is assumed, the redacted text is shown, and only a yes signs it."""
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "one.txt").write_text(TEXT, "utf-8")
    home = tmp_path / "home"
    code, seen = _talk([str(LECS), "contribute", str(letters)], {**ANSWERS, "Sign and give this text?": yes}, home)
    assert "Who answers for the texts" in seen
    assert "This is what would be kept" in seen
    shown = seen.split("This is what would be kept")[1].split("Sign and give")[0]
    assert "<PERSON_1>" in shown
    assert "Quill" not in shown
    listed = subprocess.run(
        [str(LECS), "consent", "list", "--json", "--home", str(home)], capture_output=True, text=True, check=True
    )
    given = json.loads(listed.stdout)["contributions"]
    if status == "accepted":
        assert code == 0
        assert [g["preview"] for g in given] == ["contributor"]
    else:
        assert code == 3
        assert given == []
