"""The tagger at work, on a small network with random weights: its spans mean nothing, its manners do."""

import json
from pathlib import Path

import numpy as np
import pytest

from consent.redaction.chunks import CHUNK
from consent.redaction.tagger import NAME
from consent.redaction.tagger.features import COLUMNS
from consent.redaction.tagger.network import Sizes, initialised, parameters
from consent.redaction.tagger.tagger import Tagger
from consent.redaction.types import RecognizerFailed

SMALL = Sizes(rows=(40,) * len(COLUMNS), widths=(4,) * len(COLUMNS), hidden=8, pieces=2, depth=2)
TEXTS = [
    "Marta Quill lived at 14 Saltmarsh Lane.",
    "",
    "  \n\t ",
    "nadie conoce a elena ríos en villarta",
    "Frau Kümmerling, Gerbergraben 31, sagte nein. " * 8,
]


def write_weights(folder: Path, *, outside: float = 0.99) -> Path:
    """Random weights of a small network in ``folder``."""
    model = initialised(SMALL)
    chance = np.random.default_rng(5)
    arrays = {k: chance.normal(0, 0.5, v.shape).astype(np.float16) for k, v in parameters(model).items()}
    np.savez(folder / "weights.npz", vocabulary=np.array([3, 5], dtype=np.uint32), **arrays)
    about = {"languages": ["en"], "outside": outside, "sizes": SMALL.as_json()}
    (folder / "tagger.json").write_text(json.dumps(about), "utf-8")
    return folder


@pytest.fixture
def tagger(tmp_path: Path) -> Tagger:
    return Tagger(write_weights(tmp_path))


def test_spans_lie_in_their_text_and_carry_name_and_score(tagger: Tagger) -> None:
    found = tagger.find(TEXTS)
    assert len(found) == len(TEXTS)
    assert found[1] == found[2] == []
    assert any(found)
    for text, spans in zip(TEXTS, found, strict=True):
        for span in spans:
            assert 0 <= span.start < span.end <= len(text)
            assert text[span.start : span.end].strip() == text[span.start : span.end]
            assert span.label in {"PERSON", "LOCATION"}
            assert span.recognizer == NAME == "lecs-tagger-1"
            assert 0 < span.score <= 1


def test_a_text_is_read_alike_alone_and_in_company(tagger: Tagger) -> None:
    together = tagger.find(TEXTS)
    alone = [tagger.find([text])[0] for text in TEXTS]
    assert [[(s.start, s.end, s.label) for s in spans] for spans in together] == [
        [(s.start, s.end, s.label) for s in spans] for spans in alone
    ]


def test_two_taggers_with_the_same_weights_find_the_same(tmp_path: Path, tagger: Tagger) -> None:
    assert Tagger(tmp_path).find(TEXTS) == tagger.find(TEXTS)


def test_a_long_text_is_read_to_its_end(tagger: Tagger) -> None:
    text = "Marta Quill lived here. " * (3 * CHUNK // 24)
    assert max(s.end for s in tagger.find([text])[0]) > len(text) - CHUNK


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    write_weights(tmp_path)
    about = json.loads((tmp_path / "tagger.json").read_text("utf-8"))
    about["sizes"]["hidden"] = 12
    (tmp_path / "tagger.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ValueError, match="another shape"):
        Tagger(tmp_path)


def test_a_failure_says_who_and_nothing_of_the_text(tagger: Tagger) -> None:
    with pytest.raises(RecognizerFailed) as failure:
        tagger.find(["a text", None])  # type: ignore[list-item]
    assert str(failure.value) == NAME
    assert failure.value.__cause__ is None
