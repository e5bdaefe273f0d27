"""``python -m training.redaction_tagger.speed [FOLDER]``: CPU per document of the tagger and of spaCy's NER.

Documents of about 160 words, cut from the English rows of the example archive, in batches of 64; the least of
five rounds, since others may be using the machine. CPU time of the process, all threads together.
"""

import sys
import time
from pathlib import Path

from consent.redaction.tagger.tagger import Tagger
from training.redaction_tagger.measure import Finder, read_archive, read_dev, spacy_finder

WORDS = 160


def documents() -> list[str]:
    """English text of the example archive and the held-out sets, each word once, in pieces of `WORDS` words."""
    samples = [*read_archive(Path("examples/archive"), "en"), *read_dev("en"), *read_dev("en", "last")]
    words = " ".join(sample.text for sample in samples).split(" ")
    return [" ".join(words[i : i + WORDS]) for i in range(0, len(words) - WORDS, WORDS)]


def cost(find: Finder, texts: list[str]) -> float:
    """Milliseconds of CPU per document."""
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for at in range(0, len(texts), 64):
            find(texts[at : at + 64])
        rounds.append(time.process_time() - started)
    return 1000 * min(rounds) / len(texts)


def main() -> None:
    """Print both."""
    texts = documents()
    started = time.process_time()
    tagger = Tagger(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    loading = time.process_time() - started
    print(f"{len(texts)} documents")
    print(f"tagger: {cost(tagger.find, texts):.2f} ms a document, loaded in {loading:.2f} s of CPU")
    print(f"spaCy NER: {cost(spacy_finder(), texts):.2f} ms a document")


if __name__ == "__main__":
    main()
