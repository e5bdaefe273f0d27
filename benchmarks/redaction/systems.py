"""The redactors that are measured: this project's, and stock Presidio beside it."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.redaction.labelled import Labelled
from benchmarks.redaction.scorer import Answer
from consent.redaction import VALIDATED, Passage, Redactor
from consent.redaction.words import SUPPORTED

System = Callable[[Sequence[Labelled]], list[Answer]]

#: What stock Presidio finds and these sets do not plant; left out of its second line, to its advantage.
NOT_PLANTED: Final = frozenset({"DATE_TIME", "NRP", "ORGANIZATION"})


#: Languages that have a recognizer set of their own, whether or not their figures let them pass.
READ: Final = frozenset(SUPPORTED)


def installed(validated: frozenset[str] = VALIDATED, without: frozenset[str] = frozenset()) -> Redactor:
    """The redactor as a home runs it: the one place that says what is measured. Both arguments are for trying."""
    return Redactor(validated=validated, without=without)


def ours(redactor: Redactor, declared: str | None = "") -> System:
    """The project's redactor. ``declared``: "" declares each text's own language, None declares nothing."""

    def answer(texts: Sequence[Labelled]) -> list[Answer]:
        passages = [Passage(text.text, text.language if declared == "" else declared) for text in texts]
        return [
            Answer(one.action == "held", tuple((span.start, span.end) for span in one.spans))
            for one in redactor.redact(passages)
        ]

    return answer


@cache
def _stock() -> Any:
    """`AnalyzerEngine` as it comes, over the packaged small English model instead of the large one."""
    import presidio_analyzer
    import tldextract
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from consent.redaction.nlp import packaged_model

    # Its e-mail recognizer would ask the network for the list of public suffixes; the packaged list does.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    defaults = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    configuration = yaml.safe_load(defaults.read_text("utf-8"))
    configuration["models"] = [{"lang_code": "en", "model_name": str(packaged_model())}]
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return presidio_analyzer.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def stock_results(texts: Sequence[Labelled]) -> list[list[tuple[int, int, str]]]:
    """What stock Presidio finds in each text, read as English whatever it is: it knows no language gate."""
    return [
        [(found.start, found.end, found.entity_type) for found in _stock().analyze(text=text.text, language="en")]
        for text in texts
    ]


def stock_answers(results: Sequence[Sequence[tuple[int, int, str]]], *, without: frozenset[str]) -> list[Answer]:
    """Answers from what stock Presidio found, leaving out the entity types ``without``."""
    return [Answer(False, tuple((a, b) for a, b, kind in found if kind not in without)) for found in results]
