"""How the redactor's CPU time grows with hostile texts: at n, 2n and 4n code points, for each of many shapes.

    python tests/proofs/redaction_growth.py [--size 12000]

Linear growth gives 2 and 4. The run fails if four times the text costs more than six times the time.
"""

import argparse
import sys
import time

from consent.redaction import Passage, Redactor

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
FLOOR_SECONDS = 0.02


def seconds(redactor: Redactor, text: str) -> float:
    """CPU seconds for one reviewed English text."""
    start = time.process_time()
    redactor.redact([Passage(text, "en", reviewed=True)])
    return time.process_time() - start


def main() -> int:
    """Measure, print the table, and say whether every shape grew in proportion."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=12_000)
    size = parser.parse_args().size
    redactor = Redactor()
    seconds(redactor, "We met Anna in the old town.")
    worst = 0.0
    for name, unit in SHAPES.items():
        text = unit * (4 * size // len(unit) + 1)
        one, two, four = (seconds(redactor, text[: factor * size]) for factor in (1, 2, 4))
        ratio = four / max(one, FLOOR_SECONDS)
        worst = max(worst, ratio)
        print(f"{name:16} {one:6.2f} s  {two:6.2f} s  {four:6.2f} s   x{ratio:.1f}")  # noqa: T201
    print(f"worst growth over four times the text: x{worst:.1f}")  # noqa: T201
    return 1 if worst > 6 else 0


if __name__ == "__main__":
    sys.exit(main())
