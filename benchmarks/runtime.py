"""Writing and scoring against bare llama-cpp-python, and four texts at once: `python benchmarks/runtime.py`.

The same model file, context, and one thread each, in turns within one run; tokens per second of CPU time. Bare means
`Llama.create_completion`, and for scores `Llama.eval` with all logits and a log-softmax in numpy.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from llama_cpp import Llama
from side_by_side import Row, publish, rate

from compute_mesh.runtime.loaded import Limits, Loaded
from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.scoring import score_tokens
from compute_mesh.runtime.together import write_together
from compute_mesh.runtime.writing import write

MODEL: Final = packaged_folder() / FILES[0]["path"]
CONTEXT: Final = 512
START: Final = "Once upon a time there was a mill by the river, and"


def main() -> None:
    """Measure and publish."""
    bare = Llama(str(MODEL), n_ctx=CONTEXT, n_threads=1, n_threads_batch=1, verbose=False)
    all_logits = Llama(
        str(MODEL), n_ctx=CONTEXT, n_threads=1, n_threads_batch=1, logits_all=True, verbose=False, n_batch=256
    )
    text = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")
    with Loaded(MODEL, Limits(context=CONTEXT)) as one, Loaded(MODEL, Limits(context=CONTEXT, sequences=4)) as four:
        prompt = one.tokens(START)
        tokens = one.tokens(text)[:300]

        def ours() -> int:
            return len(write(one, prompt, Sampling(tokens=64, temperature=0)).tokens)

        def theirs() -> int:
            bare.reset()
            answer = bare.create_completion(prompt, max_tokens=64, temperature=0.0)
            return int(answer["usage"]["completion_tokens"])  # type: ignore[index, call-overload]

        def scored() -> int:
            return score_tokens(one, one.first, tokens).tokens

        def scored_bare() -> int:
            all_logits.reset()
            all_logits.eval([*one.first, *tokens])
            logits = all_logits.scores[: len(tokens)]
            most = logits.max(axis=1, keepdims=True)
            total = most[:, 0] + np.log(np.exp(logits - most).sum(axis=1))
            return len(logits[np.arange(len(tokens)), tokens] - total)

        many = Sampling(tokens=256, temperature=1.0, seed=3)
        # A model goes on counting: a story that it ends early would leave the others to be written with fewer.
        prompts = [one.tokens(", ".join(str(n) for n in range(start, start + 12)) + ",") for start in (1, 20, 50, 200)]

        def together() -> int:
            return whole(len(answer.tokens) for answer in write_together(four, prompts, many))

        def in_turn() -> int:
            return whole(
                len(write(one, each, Sampling(tokens=256, temperature=1.0, seed=3 + number)).tokens)
                for number, each in enumerate(prompts)
            )

        def whole(lengths: Iterable[int]) -> int:
            found = list(lengths)
            if found != [256] * 4:
                raise SystemExit(f"a text ended early, so four at once were not measured: {found}")
            return sum(found)

        clock = time.process_time
        rows = [
            Row("writing 64 tokens", "tokens", *rate(ours, theirs, 5, clock), "Llama.create_completion", "0.98"),
            Row("scoring 300 tokens", "tokens", *rate(scored, scored_bare, 3, clock), "Llama.eval, numpy", "0.98"),
            Row("four texts of 256 tokens", "tokens", *rate(together, in_turn, 3, clock), "one after another", "1.4"),
        ]
    publish("runtime", "python benchmarks/runtime.py", rows, "Per second of CPU time; the prompt is read in it too.")


if __name__ == "__main__":
    main()
