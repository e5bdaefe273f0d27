"""How the redactor's CPU time grows with hostile texts: at n, 2n and 4n code points, for each of many shapes.

    python tests/proofs/redaction_growth.py [--size 12000]

Linear growth gives 2 and 4. The run fails if four times the text costs more than six times the time. Each shape
begins with ``size`` code points, doubled until they take long enough to be told from noise, and each text is
timed twice: other work on the machine only adds to the time, so the shorter one counts.
"""

import argparse
import sys
import time

from consent.redaction import Passage, Redactor
from consent.redaction.engine import MAX_CODE_POINTS

SHAPES = {
    "digits": "1234567890",
    "letters": "abcdefghij",
    "points": "a.",
    "hyphens": "a-",
    "spaced digits": "12 34 ",
    "spelled letters": "M-A-",
    "number words": "one two ",
    "at signs": "a@",
    "streets": "14 Mill ",
    "names": "Anna Kowalska met Omar Haddad. ",
    "labels": "Anna: yes.\n",
    "zero-width": "a\u200b",
    "letters with accents": "éabcdefghi",
    "sentences of unknown words": "Zorkanil left them. ",
    "unknown words in small letters": "zorkanil so ",
    "dashes": "-",
    "quotation marks": '" ',
}
#: A base as short as this is noise: it is doubled, as long as four times the text is not too long to be read.
BASE_SECONDS = 0.3


def seconds(redactor: Redactor, text: str) -> float:
    """CPU seconds for one reviewed English text."""
    start = time.process_time()
    redactor.redact([Passage(text, "en", reviewed=True)])
    return time.process_time() - start


def best(redactor: Redactor, text: str) -> float:
    """The shorter of two measurements."""
    return min(seconds(redactor, text) for _ in range(2))


def timed(redactor: Redactor, unit: str, size: int) -> tuple[int, tuple[float, float, float]]:
    """The code points of the base, and the seconds for once, twice and four times as many."""
    while True:
        text = unit * (4 * size // len(unit) + 1)
        one = best(redactor, text[:size])
        if one >= BASE_SECONDS or 8 * size > MAX_CODE_POINTS:
            return size, (one, best(redactor, text[: 2 * size]), best(redactor, text[: 4 * size]))
        size *= 2


def main() -> int:
    """Measure, print the table, and say whether every shape grew in proportion."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=12_000)
    least = parser.parse_args().size
    redactor = Redactor()
    seconds(redactor, "We met Anna in the old town.")
    worst = 0.0
    for name, unit in SHAPES.items():
        size, (one, two, four) = timed(redactor, unit, least)
        ratio = four / one
        worst = max(worst, ratio)
        print(f"{name:30} {size:7,} {one:6.2f} s  {two:6.2f} s  {four:6.2f} s   x{ratio:.1f}", flush=True)  # noqa: T201
    print(f"worst growth over four times the text: x{worst:.1f}")  # noqa: T201
    return 1 if worst > 6 else 0


if __name__ == "__main__":
    sys.exit(main())
