"""Rows 3, 5 (second half), 6 and 8 of issue 6: conversion, hostile files, plain libraries, questions.

Each function shows one row and returns its figures; the proofs of the issue call them. Alone:

    python tests/proofs/models_proof.py 3 5 6 8
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "proofs"), str(ROOT / "tests" / "compute_mesh" / "runtime")]
_QUIET = {
    "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}  # fmt: skip
for name, value in _QUIET.items():
    os.environ.setdefault(name, value)

from running import Shown, clean_environment, require, say  # noqa: E402

WINDOWS, WINDOW = 8, 250
#: Nats per token by which the KL of an adapted model may exceed that of the base, and what the control must exceed.
MOST_MORE: Final = 0.002
TENFOLD: Final = 10
RANK, ALPHA = 8, 16
#: Standard deviation of the random adapter's ``lora_B``; how much that changes is measured and told.
NORMS: Final = {"attention": 0.2, "attention and MLP": 0.12}
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
MLP = ["gate_proj", "up_proj", "down_proj"]
MUTATIONS: Final = 500


def packaged() -> Path:
    """The packaged base model."""
    from compute_mesh.runtime.model import FILES, packaged_folder

    return packaged_folder() / FILES[0]["path"]


def plain_base(folder: Path) -> Path:
    """The base model as transformers reads it, dequantised, in ``folder``."""
    import torch
    from transformers import AutoModelForCausalLM

    if not (folder / "config.json").exists():
        file = packaged()
        model: Any = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
        del model.config.quantization_config
        model.hf_quantizer, model.is_quantized = None, False
        model.save_pretrained(folder)
    return folder


def adapted(base: Path, targets: list[str], norm: float, seed: int) -> Any:
    """A PEFT model whose adapter is random and large: entries of ``lora_B`` have the standard deviation ``norm``."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = get_peft_model(plain, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=targets, task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "lora_B" in name:
                tensor.normal_(0.0, norm)
    return model.eval()


def tensors_of(model: Any) -> dict[str, Any]:
    """The adapter's tensors as numpy arrays, by PEFT's names."""
    from peft import get_peft_model_state_dict

    return {name: tensor.detach().numpy() for name, tensor in get_peft_model_state_dict(model).items()}


def log_probabilities(model: Any, windows: list[list[int]]) -> list[Any]:
    """By transformers and PEFT: for each window a table (token, word)."""
    import torch

    with torch.inference_mode():
        return [torch.log_softmax(model(torch.tensor([window])).logits[0].float(), -1).numpy() for window in windows]


def divergence(loaded: Any, windows: list[list[int]], tables: list[Any]) -> float:
    """Mean KL (nats per token) from the tables to what llama.cpp says, over every place of every window."""
    import numpy as np

    from compute_mesh.runtime.scoring import passes

    total, places = 0.0, 0
    for window, table in zip(windows, tables, strict=True):
        for start, scores in passes(loaded, window):
            theirs = scores.astype(np.float64)
            theirs -= theirs.max(axis=1, keepdims=True)
            theirs -= np.log(np.exp(theirs).sum(axis=1, keepdims=True))
            ours = table[start : start + len(scores)].astype(np.float64)
            total += float((np.exp(ours) * (ours - theirs)).sum())
            places += len(scores)
    return total / places


def row_3(folder: Path) -> Shown:
    """An adapter does in llama.cpp what it does in PEFT, attention alone and with MLP; the control does not."""
    from compute_mesh.adapters.gguf import write_adapter
    from compute_mesh.runtime.loaded import Adapter, Limits, Loaded

    base = plain_base(folder / "base")
    with Loaded(packaged(), Limits(context=WINDOW + 8)) as loaded:
        text = (ROOT / "examples" / "archive" / "archive.jsonl").read_text("utf-8").splitlines()
        english = " ".join(row["text"] for row in map(json.loads, text) if row.get("language") == "en")
        tokens = loaded.tokens(english)[: WINDOWS * WINDOW]
        require(len(tokens) == WINDOWS * WINDOW, f"only {len(tokens)} tokens")
        windows = [tokens[start : start + WINDOW] for start in range(0, len(tokens), WINDOW)]
        from transformers import AutoModelForCausalLM

        plain = log_probabilities(AutoModelForCausalLM.from_pretrained(base, dtype="float32").eval(), windows)
        figures: dict[str, Any] = {"tokens": len(tokens)}
        own = figures["base KL"] = divergence(loaded, windows, plain)
        heads = {"heads": loaded.shape.heads, "kv_heads": loaded.shape.kv_heads}
        for label, targets in (("attention", ATTENTION), ("attention and MLP", ATTENTION + MLP)):
            model = adapted(base, targets, NORMS[label], seed=6)
            tables, tensors = log_probabilities(model, windows), tensors_of(model)
            del model
            effect = _mean_divergence(plain, tables)
            require(effect > 0.1, f"{label}: the adapter hardly changes anything ({effect:.3f} nats)")
            # A file of its own each time: what was loaded from a path stays loaded.
            file = folder / f"{label}.gguf"
            write_adapter(file, tensors, alpha=ALPHA, rank=RANK, **heads)
            loaded.use([Adapter(file)])
            more = divergence(loaded, windows, tables) - own
            say(f"{label}: {more:+.5f} nats more than the base's {own:.5f}; the adapter itself changes {effect:.2f}")
            figures[f"{label}: more"] = more
            figures[f"{label}: effect of the adapter"] = effect
            require(more <= MOST_MORE, f"{label}: {more:.5f} nats more")
            if targets == ATTENTION:
                loaded.use([Adapter(_unpermuted(folder, tensors, heads))])
                figures["without permutation: more"] = without = divergence(loaded, windows, tables) - own
                say(f"without the permutation of q and k: {without:+.5f} nats more")
                require(without >= TENFOLD * max(more, MOST_MORE), f"the control shows only {without:.5f} nats")
            loaded.use([])
    what = "KL(PEFT, llama.cpp) of large random adapters, and of one whose q and k were not permuted"
    return Shown(what, "python tests/proofs/models_proof.py 3", {k: round(v, 5) for k, v in figures.items()})


def _unpermuted(folder: Path, tensors: dict[str, Any], heads: dict[str, int]) -> Path:
    """The same adapter with the rows of q and k put so that the conversion turns them back."""
    from compute_mesh.adapters.gguf import write_adapter

    turned = dict(tensors)
    for name, tensor in tensors.items():
        for part, count in (("q_proj.lora_B", heads["heads"]), ("k_proj.lora_B", heads["kv_heads"])):
            if part in name:
                width = tensor.shape[0] // count // 2
                turned[name] = tensor.reshape(count, width, 2, -1).swapaxes(1, 2).reshape(tensor.shape)
    write_adapter(folder / "control.gguf", turned, alpha=ALPHA, rank=RANK, **heads)
    return folder / "control.gguf"


def _mean_divergence(one: list[Any], other: list[Any]) -> float:
    import numpy as np

    kl = [(np.exp(a) * (a - b)).sum(-1).mean() for a, b in zip(one, other, strict=True)]
    return float(np.mean(kl))


def row_5b(folder: Path, count: int = MUTATIONS) -> Shown:
    """Mutated GGUF files: each is refused by a named reason, or loads in a process of its own; ours goes on."""
    from small_gguf import small_model

    from compute_mesh.runtime.header import REASONS, BadGguf
    from compute_mesh.runtime.trial import try_model
    from substrate.store.errors import Tampered
    from substrate.store.models import describe_file, verify_model

    whole = small_model(folder / "small.gguf").read_bytes()
    approval = {"files": [describe_file(folder / "small.gguf", folder)]}
    chance = random.Random(20_261_129)
    reasons: dict[str, int] = {}
    file = folder / "small.gguf"
    for number in range(count):
        file.write_bytes(mutated(whole, chance))
        try:
            try_model(file, seconds=120)
            reason = "loads"
        except BadGguf as error:
            require(error.reason in REASONS, f"mutation {number}: {error.reason} is no reason")
            reason = error.reason
        reasons[reason] = reasons.get(reason, 0) + 1
        if file.read_bytes() != whole:
            try:
                verify_model(folder, approval, alone=False)
                require(False, f"mutation {number} passes for the approved file")
            except Tampered:
                pass
        if number % 50 == 49:
            say(f"{number + 1} files: {reasons}")
    require(sum(reasons.values()) == count, "a file without an answer")
    what = "mutated GGUF files through the reader and a first loading apart; each is altered by its hashes too"
    return Shown(what, "python tests/proofs/models_proof.py 5", {"files": count, **dict(sorted(reasons.items()))})


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """A file with a few bytes changed (mostly in its header), a number made large, a piece more or less, or no end."""
    data, kind = bytearray(whole), chance.randrange(6)
    place = chance.randrange(min(len(data), 6000) if chance.random() < 0.9 else len(data))
    if kind == 0:
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(min(len(data), 6000))] = chance.randrange(256)
    elif kind == 1:
        data[place] ^= 1 << chance.randrange(8)
    elif kind == 2:
        value = chance.choice([0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, len(data)])
        data[place : place + 8] = value.to_bytes(8, "little")
    elif kind == 3:
        del data[place : place + chance.randint(1, 64)]
    elif kind == 4:
        data[place:place] = data[place : place + chance.randint(1, 64)]
    else:
        del data[place:]
    return bytes(data)


_PLAIN_LLAMA: Final = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
assert importlib.util.find_spec("compute_mesh") is None and importlib.util.find_spec("substrate") is None
from llama_cpp import Llama
def best(adapter):
    model = Llama(sys.argv[2], lora_path=adapter, n_ctx=64, n_threads=1, logits_all=True, verbose=False)
    model.eval(model.tokenize(b"The old mill by the river", add_bos=False))
    found = model.scores[: model.n_tokens].copy()
    model.close()
    return found
with_it, without = best(sys.argv[3]), best(None)
print(json.dumps({"best": with_it.argmax(-1).tolist(), "changed": float(abs(with_it - without).max())}))
"""
_PLAIN_PEFT: Final = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
assert importlib.util.find_spec("compute_mesh") is None and importlib.util.find_spec("substrate") is None
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(sys.argv[2], dtype=torch.float32), sys.argv[3])
with torch.inference_mode():
    logits = model.eval()(torch.tensor([json.loads(sys.argv[4])])).logits[0]
print(json.dumps({"best": logits.argmax(-1).tolist()}))
"""


def row_6(folder: Path, gguf: Path | None = None, peft: Path | None = None) -> Shown:
    """An adapter loads in plain llama-cpp-python, and its PEFT folder in plain PEFT: nothing of ours can be imported.

    ``gguf`` and ``peft`` are the two forms of one adapter; without them a random one is made.
    """
    from compute_mesh.adapters.gguf import write_adapter
    from compute_mesh.runtime.loaded import Loaded

    base = plain_base(folder / "base")
    if gguf is None or peft is None:
        model = adapted(base, ATTENTION + MLP, 0.005, seed=7)
        peft, gguf = folder / "peft", folder / "adapter.gguf"
        model.save_pretrained(peft)
        write_adapter(gguf, tensors_of(model), alpha=ALPHA, rank=RANK, heads=9, kv_heads=3)
    with Loaded(packaged()) as loaded:
        tokens = loaded.tokens("The old mill by the river")
    packages = str(Path(next(p for p in sys.path if p.endswith("site-packages"))))
    by_llama = _apart(_PLAIN_LLAMA, packages, str(packaged()), str(gguf))
    by_peft = _apart(_PLAIN_PEFT, packages, str(base), str(peft), json.dumps(tokens))
    require(by_llama["changed"] > 0.01, "the adapter changes nothing in llama.cpp")
    same = sum(a == b for a, b in zip(by_llama["best"], by_peft["best"], strict=True))
    require(same >= len(tokens) - 1, f"the two agree in {same} of {len(tokens)} places")
    figures = {"places": len(tokens), "same likeliest token": same, "largest change of a score": by_llama["changed"]}
    what = "one adapter in plain llama-cpp-python and in plain PEFT, in processes that cannot import this program"
    return Shown(what, "python tests/proofs/models_proof.py 6", figures)


def _apart(program: str, *arguments: str) -> dict[str, Any]:
    """Run a program without site packages but the ones it adds: what is installed as editable is not found."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, *arguments], capture_output=True, text=True, check=False,
        env=clean_environment(HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1"), cwd=tempfile.gettempdir(),
    )  # fmt: skip
    require(done.returncode == 0, done.stderr[-600:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def row_8(home: Path) -> Shown:
    """Thirty questions about the example archive, of a home that holds it: citations hold, and none is made up."""
    from consent.searchable import may_be_found
    from lecs_pipeline.asking import ask_home
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    rows = [json.loads(line) for line in (ROOT / "tests/stories/asking/questions.jsonl").read_text().splitlines()]
    right, silent, wrong, quoted = 0, 0, [], 0
    for row in rows:
        answer = ask_home(home, row["question"])
        with open_home(home) as opened:
            for one in answer.quotations:
                kept = opened.vault.get(one.contribution)
                require(one.words in kept.text.decode("utf-8"), "a quotation that its text does not hold")
                admitted = may_be_found(opened, opened.roles(), one.contribution, kept.row, now())
                require(admitted, "a quotation of a text that may not be searched")
                quoted += 1
        said = answer.text.casefold()
        if row["says"]:
            right += any(word in said for word in row["says"])
        else:
            silent += not answer.found
        if not (any(word in said for word in row["says"]) if row["says"] else not answer.found):
            wrong.append(row["question"])
    figures = {"answerable": 20, "answered rightly": right, "unanswerable": 10, "said to be so": silent,
               "quotations": quoted, "not as wanted": wrong}  # fmt: skip
    require(silent == len(rows) - 20, f"{len(rows) - 20 - silent} questions without an answer were answered: {wrong}")
    what = (
        "30 questions: every quotation stands in a text that may be searched; what has no answer is said to have none"
    )
    return Shown(what, "python tests/proofs/models_proof.py 8", figures)


def _demo(folder: Path) -> Path:
    """A home with the example archive."""
    given = os.environ.get("LECS_PROOF_HOME")
    if given:
        return Path(given)
    from running import LECS

    home = folder / "home"
    subprocess.run([LECS, "demo", "--home", str(home), "--json"], check=True, capture_output=True)
    return home


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["3", "5", "6", "8"]
    with tempfile.TemporaryDirectory() as scratch:
        for name in wanted:
            place = Path(scratch) / name
            place.mkdir()
            shown = {"3": row_3, "5": row_5b, "6": row_6, "8": lambda at: row_8(_demo(at))}[name](place)
            say(f"row {name}: {json.dumps(shown.figures)}")
