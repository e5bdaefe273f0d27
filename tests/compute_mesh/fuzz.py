"""Coverage-guided fuzzing of one decoder: ``fuzz.py NAME SECONDS CORPUS``; needs atheris, and fails at a crash.

Atheris instruments what is imported inside its block, so that inputs that reach new branches are kept.
"""

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
with atheris.instrument_imports(include=["compute_mesh", "substrate"]):
    from decoders import decoders, try_one


def main() -> None:
    name, seconds, corpus = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    decoder = decoders()[name]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(decoder.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-rss_limit_mb=1024", "-timeout=20", "-verbosity=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: try_one(decoder, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
