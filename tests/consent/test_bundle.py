"""Receipt bundles: what makes one valid, apart from the command line."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from consent.bundle import issue_bundle, verify_bundle
from substrate.record.errors import BadInclusion, NoAuthority, UnknownCommons
from substrate.store.home import Home

TIME = "2026-11-22T12:00:00Z"
Adopt = Callable[[Path, Any], AbstractContextManager[Home]]


def _bundle(home: Home, contribution: str) -> bytes:
    fact = next(home.ledger.documents(kinds=["ConsentFact"], subject=contribution))
    return issue_bundle(home, fact, TIME)


def test_a_receipt_of_an_admitted_node_is_valid(home_with_texts: Callable[..., Any], tmp_path: Path) -> None:
    """With and without the home at hand."""
    texts = home_with_texts(tmp_path / "home", count=1)
    with texts.open() as home:
        raw = _bundle(home, next(iter(texts.texts)))
        assert verify_bundle(raw).problem is None
        assert verify_bundle(raw, pinned=(home.commons, home.charter)).problem is None


def test_a_receipt_of_a_node_that_nobody_admitted_is_refused(
    home_with_texts: Callable[..., Any], adopted_home: Adopt, tmp_path: Path
) -> None:
    """Such a node speaks for itself alone: its receipt holds in its own home and nowhere else."""
    texts = home_with_texts(tmp_path / "home", count=1)
    with adopted_home(tmp_path / "other", texts) as other:
        with other.ledger.write() as writer:
            for document in texts.commons.founding:
                writer.add(document)
        contribution = texts.give(other, 7)
        raw = _bundle(other, contribution)
        assert verify_bundle(raw, nodes=other.roles().nodes).problem is None
    with texts.open() as home:
        found = verify_bundle(raw, pinned=(home.commons, home.charter), nodes=home.roles().nodes)
    assert isinstance(found.problem, NoAuthority)
    assert isinstance(verify_bundle(raw).problem, NoAuthority)


def test_another_commons_and_another_text_are_named(home_with_texts: Callable[..., Any], tmp_path: Path) -> None:
    """A pinned commons that differs, and a text that was not signed over."""
    texts = home_with_texts(tmp_path / "home", count=1)
    with texts.open() as home:
        raw = _bundle(home, next(iter(texts.texts)))
        kept = home.vault.get(next(iter(texts.texts))).text
        assert isinstance(verify_bundle(raw, pinned=(home.commons, "0" * 64)).problem, UnknownCommons)
        assert verify_bundle(raw, text=kept).checks["text"] == "fits the commitment"
        assert isinstance(verify_bundle(raw, text=kept + b"!").problem, BadInclusion)


def test_no_bit_of_a_bundle_can_change(home_with_texts: Callable[..., Any], tmp_path: Path) -> None:
    """One letter or digit changed anywhere is noticed, or the bundle says the same thing as before."""
    texts = home_with_texts(tmp_path / "home", count=1)
    with texts.open() as home:
        raw = _bundle(home, next(iter(texts.texts)))
        kept = home.vault.get(next(iter(texts.texts))).text
    places = [match.start() for match in re.finditer(rb"[A-Za-z0-9]", raw)][::97]
    for place in places:
        changed = raw[:place] + (b"b" if raw[place : place + 1] != b"b" else b"c") + raw[place + 1 :]
        found = verify_bundle(changed, text=kept)
        assert found.problem is not None or json.loads(changed) == json.loads(raw), f"byte {place}"
