"""Wiring of the page that shows two versions side by side."""

from collections.abc import Mapping

import polars as pl

from assets.dataset.manifests import read_manifest
from consent.lookup import all_states
from consent.survey import survey_one
from corpus.comparison import Consent, Side, comparison_page
from corpus.export import publishes_text
from lecs_pipeline.clock import now
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home


def page_of_difference(home: Home, before: Document, after: Document) -> str:
    """The page for two versions of this home.

    Raises:
        NotFound: a manifest is not in this home.
    """
    frames = [read_manifest(home, version) for version in (before, after)]
    lengths = _published_lengths(home, pl.concat(frames))
    consents = {
        state.contribution: Consent(state.standing, state.preview, state.size_class, state.word)
        for state in all_states(home, home.roles())
    }
    sides = [_side(version, frame, lengths) for version, frame in zip((before, after), frames, strict=True)]
    return comparison_page(sides[0], sides[1], consents)


def _side(version: Document, manifest: pl.DataFrame, lengths: Mapping[str, int]) -> Side:
    body = version.body
    shown = [lengths[row] for row in manifest.filter(publishes_text())["row"].to_list() if row in lengths]
    return Side(body["version"], body["time"], body["recipe"], manifest, len(shown), sum(shown))


def _published_lengths(home: Home, manifest: pl.DataFrame) -> dict[str, int]:
    """Characters by row, of texts that are here and that the gate lets be published now; no other is opened."""
    roles, time = home.roles(), now()
    lengths = {}
    for row, contribution in manifest.filter(publishes_text()).select("row", "contribution").unique().iter_rows():
        verdict = survey_one(home, roles, contribution, time)
        if verdict is None or verdict.state.row != row or "publish-text" not in verdict.purposes:
            continue
        try:
            lengths[row] = len(home.vault.get(contribution).text.decode("utf-8"))
        except NotFound:
            continue  # Erased in this very moment.
    return lengths
