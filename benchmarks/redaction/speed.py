"""What a document costs: CPU milliseconds, workers, memory and start-up, with the recall they buy beside it.

    python -m benchmarks.redaction.speed [--count 400] [--skip-workers]

Documents are texts of set one joined to about 160 words. CPU time of the process is the figure to trust on a
busy machine; workers are compared by wall-clock time, which is not.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.redaction.first import texts
from consent.redaction import Passage, Redactor
from consent.redaction.pool import RedactorPool

WORDS = 160
_START = (
    "import time; a = time.process_time(); from consent.redaction import Passage, Redactor; Redactor()"
    ".redact([Passage('We met Anna in the old town.', 'en')]); print(time.process_time() - a)"
)


def documents(count: int) -> list[str]:
    """English documents of about 160 words."""
    result: list[str] = []
    gathered: list[str] = []
    for one in texts(1, count * 4):
        if one.language != "en" or one.switched:
            continue
        gathered.append(one.text)
        if sum(len(text.split()) for text in gathered) >= WORDS:
            result.append("\n\n".join(gathered))
            gathered = []
    return [result[i % len(result)] + f"\nPage {i}." for i in range(count)]


def naive(found: Sequence[str]) -> float:
    """CPU ms per document of stock Presidio, `analyze()` document by document."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from consent.redaction.nlp import packaged_model

    model = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": str(packaged_model())}])
    engine = AnalyzerEngine(nlp_engine=model, supported_languages=["en"])
    engine.analyze(text=found[0], language="en")
    return _per_document(lambda: [engine.analyze(text=text, language="en") for text in found], len(found))


def ours(found: Sequence[str], **options: frozenset[str]) -> tuple[float, float]:
    """CPU ms per document of this project's redactor in one process, and the share of documents held."""
    redactor = Redactor(**options)  # type: ignore[arg-type]
    redactor.redact([Passage(found[0], "en")])
    held: list[bool] = []
    cost = _per_document(
        lambda: held.extend(one.action == "held" for one in redactor.redact([Passage(text, "en") for text in found])),
        len(found),
    )
    return cost, sum(held) / len(held)


def _per_document(work: Callable[[], object], count: int) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start) / count


def workers(found: Sequence[str], processes: int) -> float:
    """Documents per second of wall-clock time, workers started and warm."""
    passages = [Passage(text, "en") for text in found]
    with RedactorPool(processes=processes) as pool:
        pool.redact(passages[: 64 * 2 * processes])
        start = time.perf_counter()
        pool.redact(passages)
        return len(found) / (time.perf_counter() - start)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--skip-workers", action="store_true")
    options = parser.parse_args()
    found = documents(options.count)
    print(f"{len(found)} documents, mean {sum(len(text.split()) for text in found) / len(found):.0f} words")
    cost, held = ours(found)
    print(f"this project, everything on  {cost:7.1f} CPU ms a document ({held:.1%} held)")
    print(f"  memory so far              {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7.0f} MiB")
    print(
        f"  without the entity model   {ours(found, without=frozenset({'names-by-model'}))[0]:7.1f} CPU ms a document"
    )
    plain = naive(found)
    print(f"stock Presidio, one by one   {plain:7.1f} CPU ms a document: {plain / cost:.2f} times ours")
    started = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    print(f"start-up with first text     {float(started.stdout):7.1f} CPU s")
    if not options.skip_workers:
        one, two = workers(found, 1), workers(found, 2)
        print(f"workers: one {one:.0f} documents/s, two {two:.0f}: {two / one:.2f} times (wall-clock)")


if __name__ == "__main__":
    main()
