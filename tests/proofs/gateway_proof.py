"""Row 8 of issue 9: public chat clients against the gateway, and its errors; `prove_9.py` calls it.

Also by hand: ``python tests/proofs/gateway_proof.py``. Needs root and iproute2: node and clients share a network
namespace that leads nowhere, so nothing that a client tells about its use goes out. The clients are no part of this
project: they are installed once, pinned by version and hash (``clients/requirements.txt``), beside the other proofs'
files. Where they cannot be installed, the row is not met.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "stories"))
sys.path.insert(0, str(Path(__file__).parents[1] / "compute_mesh" / "runtime"))
from mesh_world import LECS, MeshNode, World
from running import ROOT, Shown, clean_environment, require, say

CLIENTS: Final = Path(__file__).parent / "clients"
ADDRESS: Final = "127.0.0.1:4180"
CHAT: Final = "smollm2-135m-instruct-q4-1"
VECTORS: Final = "all-minilm-l6-v2-0.1.0"
ABSENT: Final = "mill-1.0"
#: Nothing could go out; this keeps the clients from trying.
QUIET: Final = {
    "DO_NOT_TRACK": "1", "LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false", "ANONYMIZED_TELEMETRY": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
#: Tests of LangChain's two suites that a gateway without tools, pictures, sounds and formats can be put to.
LEAST_TESTS: Final = 26
#: What OpenAI's client raises for each case: class, status, code, the field that is named.
ERRORS: Final[dict[str, tuple[str, int, str, str | None]]] = {
    "no key": ("AuthenticationError", 401, "invalid_api_key", None),
    "another scope": ("PermissionDeniedError", 403, "insufficient_permissions", None),
    "unknown model": ("NotFoundError", 404, "model_not_found", "model"),
    "unknown model, listed": ("NotFoundError", 404, "model_not_found", "model"),
    "a model for something else": ("NotFoundError", 404, "model_not_found", "model"),
    "unknown path": ("NotFoundError", 404, "not_found", None),
    "another method": ("APIStatusError", 405, "method_not_allowed", None),
    "no JSON": ("BadRequestError", 400, "invalid_json", None),
    "no messages": ("BadRequestError", 400, "invalid_request", "messages"),
    "a picture": ("BadRequestError", 400, "invalid_request", "messages"),
    "too hot": ("BadRequestError", 400, "invalid_request", "temperature"),
    "a wrong type": ("BadRequestError", 400, "invalid_request", "max_tokens"),
    "tools": ("BadRequestError", 400, "unsupported_parameter", "tools"),
    "log probabilities": ("BadRequestError", 400, "unsupported_parameter", "logprobs"),
    "a response format": ("BadRequestError", 400, "unsupported_parameter", "response_format"),
    "a field that nobody knows": ("BadRequestError", 400, "unsupported_parameter", "mirostat"),
    "dimensions": ("BadRequestError", 400, "unsupported_parameter", "dimensions"),
    "too many tokens": ("BadRequestError", 400, "context_length_exceeded", None),
    "too many tokens, streamed": ("BadRequestError", 400, "context_length_exceeded", None),
    "too many bytes": ("APIStatusError", 413, "too_large", None),
    "another host": ("APIStatusError", 421, "wrong_host", None),
    "too often": ("RateLimitError", 429, "rate_limit_exceeded", None),
    "too many tokens today": ("RateLimitError", 429, "insufficient_quota", None),
    "nobody has it": ("InternalServerError", 503, "no-model", None),
    # The answer had begun when it came to light.
    "nobody has it, streamed": ("APIError", 200, "no-model", None),
}


def row_8(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """Public chat clients and a public test-suite work against the gateway; errors have OpenAI's shape."""
    require(World.possible(), "network namespaces cannot be made here")
    python = client_environment(ROOT / ".prove")
    home = founded(folder)
    with World(folder / "world") as world:
        node = world.node("gateway", home)
        node.start("--gateway", ADDRESS)
        there = Clients(node, python, folder)
        passed, skipped = there.suite()
        say(f"LangChain's standard tests: {passed} passed, {skipped} declared unsupported")
        turns = there.terminal()
        say("llm: asked once, asked on, talked")
        errors = there.errors()
    return Shown(
        "LangChain's standard tests of chat models and embeddings, unchanged; the terminal client llm asked, asked on "
        "and talked; OpenAI's own client raised its own class for each error, with OpenAI's error object",
        "python tests/proofs/gateway_proof.py",
        {
            "tests passed": passed, "tests of what is declared unsupported": skipped, "turns in a terminal": turns,
            "kinds of errors": errors,
            "clients": ", ".join(_pinned("langchain-tests", "langchain-openai", "llm", "openai")),
        },
    )  # fmt: skip


def client_environment(folder: Path) -> str:
    """Python with the pinned clients, installed where it is not there yet.

    Raises:
        NotMet: they cannot be had.
    """
    pinned = CLIENTS / "requirements.txt"
    place = folder / f"clients-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:16]}"
    python, ready = place / "bin" / "python", place / "ready"
    if ready.exists():
        return str(python)
    shutil.rmtree(place, ignore_errors=True)
    say("installing the clients, once")
    for command in (
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(pinned)],
    ):
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        require(done.returncode == 0, f"the clients cannot be installed: {done.stderr[-400:]}")
    ready.touch()
    return str(python)


def founded(folder: Path) -> Path:
    """A home with the packaged models, and one that is approved while its bytes are gone."""
    from small_gguf import small_model

    home, file = folder / "home", small_model(folder / "mill.gguf")
    named = ("--name", "mill", "--version", "1.0", "--licence", "MIT", "--source", "a test", "--use", "inference")
    for words in (("init",), ("node", "init"), ("model", "add", str(file), *named)):
        _lecs(home, *words)
    shutil.rmtree(home / "models" / ABSENT)
    return home


def _lecs(home: Path, *words: str) -> dict[str, Any]:
    command = [LECS, *words, "--json", "--home", str(home)]
    done = subprocess.run(
        command, env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    require(done.returncode == 0, f"{' '.join(words[:2])}: {done.stderr[-400:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _pinned(*names: str) -> list[str]:
    text = (CLIENTS / "requirements.txt").read_text("ascii")
    return [found[0].replace("==", " ") for name in names if (found := re.search(rf"^{name}==\S+", text, re.M))]


@dataclass
class Clients:
    """The clients beside the node, in its namespace."""

    node: MeshNode
    python: str
    folder: Path

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}/v1"

    def key(self, *more: str) -> str:
        """A new key."""
        return str(_lecs(self.node.home, "key", "api", "new", *more)["key"])

    def run(self, *words: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """A program of the clients' environment, without telemetry, with a home of its own."""
        given = {**QUIET, "HOME": str(self.folder), "LLM_USER_PATH": str(self.folder / "llm"), **environment}
        return self.node.there("env", *(f"{k}={v}" for k, v in given.items()), *words, stdin=stdin)

    def suite(self) -> tuple[int, int]:
        """LangChain's standard tests: how many passed, and how many are of what is declared unsupported."""
        done = self.run(
            self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(CLIENTS),
            "--confcutdir", str(CLIENTS), "--asyncio-mode=auto", "-o", "asyncio_default_test_loop_scope=session",
            str(CLIENTS / "langchain_suite.py"),
            GATEWAY_URL=self.url, GATEWAY_KEY=self.key(), GATEWAY_CHAT=CHAT, GATEWAY_VECTORS=VECTORS,
        )  # fmt: skip
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped|failed|error)", done.stdout)}
        require(done.returncode == 0, f"LangChain's tests: {done.stdout[-600:]}{done.stderr[-200:]}")
        require(counts["passed"] >= LEAST_TESTS, f"LangChain's tests: {counts} and not {LEAST_TESTS} passed")
        return counts["passed"], counts.get("skipped", 0)

    def terminal(self) -> int:
        """`llm` as a person uses it: a question, one on it, a talk; how many answers came."""
        (self.folder / "llm").mkdir(exist_ok=True)
        (self.folder / "llm" / "extra-openai-models.yaml").write_text(
            f"- model_id: mill\n  model_name: {CHAT}\n  api_base: {self.url}\n  api_key_name: lecs\n"
        )
        llm = str(Path(self.python).parent / "llm")
        short = ("-o", "max_tokens", "12", "-o", "temperature", "0")
        steps: list[tuple[tuple[str, ...], str]] = [
            (("keys", "set", "lecs", "--value", self.key("--scope", "inference")), ""),
            (("-m", "mill", "-s", "You are brief.", "Name a river.", *short), ""),
            (("-c", "And another one?", *short), ""),
            (("-m", "mill", "--no-stream", "Name a mill.", *short), ""),
            (("chat", "-m", "mill", *short), "Good day.\nWho works there?\nexit\n"),
        ]
        for words, stdin in steps:
            done = self.run(llm, *words, stdin=stdin)
            require(done.returncode == 0, f"llm {words[0]}: {done.stderr[-400:]}")
            require(words[0] == "keys" or done.stdout.strip(), f"llm {words[0]}: it said nothing")
        logged = json.loads(self.run(llm, "logs", "-n", "0", "--json").stdout)
        require(all(one["response"].strip() for one in logged), "an answer to llm was empty")
        require(len({one["conversation_id"] for one in logged}) == 3, "llm did not go on with its conversation")
        return len(logged)

    def errors(self) -> int:
        """Every case of `ERRORS` as OpenAI's own client tells it."""
        keys = {
            "good": self.key(), "chat only": self.key("--scope", "inference"), "few": self.key("--per-minute", "1"),
            "spent": self.key("--daily", "1"),
        }  # fmt: skip
        words = (self.python, str(CLIENTS / "error_cases.py"), self.url, CHAT, ABSENT, VECTORS)
        done = self.run(*words, stdin=json.dumps(keys))
        require(done.returncode == 0, f"the cases of errors: {done.stderr[-500:]}")
        told = {one["case"]: one for one in map(json.loads, done.stdout.splitlines())}
        require(told.keys() == ERRORS.keys(), f"cases: {told.keys() ^ ERRORS.keys()}")
        for case, one in told.items():
            found = (one["class"], one.get("status"), one.get("code"), one.get("param"))
            require(found == ERRORS[case], f"{case}: {found}, and not {ERRORS[case]}")
            require(one["whole"] and one["seen"] and one["type"], f"{case}: not OpenAI's error object: {one}")
        return len(told)


if __name__ == "__main__":
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as name:
        say(str(row_8(Path(name), None, {})))
