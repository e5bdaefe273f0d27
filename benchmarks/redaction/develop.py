"""A quick look while recognizers are written: `python -m benchmarks.redaction.develop [--count N] [--language en]`.

Scores the redactor on generator one and prints what leaked, by template. Generator two is never read here.
"""

import argparse
from collections import Counter

from benchmarks.redaction.first import texts
from benchmarks.redaction.labelled import GROUP_OF
from benchmarks.redaction.scorer import f2, held, leaked, over_redacted, precision, recall, score, touched
from benchmarks.redaction.systems import ours
from consent.redaction import Redactor


def main() -> None:
    """Score, print the figures, then the spans that leaked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=648)
    parser.add_argument("--language", default="")
    parser.add_argument("--group", default="", help="show leaks of this group only")
    parser.add_argument("--over", action="store_true", help="show what was redacted without need")
    options = parser.parse_args()
    chosen = [
        one for one in texts(options.seed, options.count) if options.language in ("", one.language) and not one.switched
    ]
    answers = ours(Redactor())(chosen)
    found = score(chosen, answers)
    for language in ["*", *found.languages()]:
        counts = found.counts(language)
        print(
            f"{language:3} texts {counts.texts:4} held {held(counts):.2f} spans {counts.planted:5} "
            f"recall {recall(counts):.3f} leaked {leaked(counts):.3f} precision {precision(counts):.3f} "
            f"F2 {f2(counts):.3f} over {over_redacted(counts):.3f} kept touched {touched(counts):.3f}"
        )
    for dimension in ("group", "label"):
        for value in found.values(options.language or "*", dimension):
            counts = found.counts(options.language or "*", dimension, value)
            print(f"  {value:15} spans {counts.planted:5} recall {recall(counts):.3f} leaked {leaked(counts):.3f}")
    leaks: Counter[str] = Counter()
    for text, answer in zip(chosen, answers, strict=True):
        if answer.held:
            continue
        if options.over:
            for a, b in answer.covered:
                if not any(p.start < b and a < p.end for p in text.planted):
                    leaks[f"{text.template:28} over {text.text[a:b]!r}"] += 1
            continue
        cover = {i for a, b in answer.covered for i in range(a, b)}
        for span in text.planted:
            if options.group in ("", GROUP_OF[span.label]) and not set(range(span.start, span.end)) <= cover | {
                i for i in range(span.start, span.end) if text.text[i].isspace()
            }:
                around = text.text[max(0, span.start - 25) : span.end + 15].replace("\n", "⏎")
                leaks[f"{text.template:28} {span.label:14} {text.text[span.start : span.end]!r}  …{around}…"] += 1
    for leak, _ in sorted(leaks.items()):
        print(leak)


if __name__ == "__main__":
    main()
