"""The redactor of a home: it runs on the models that the stewards approved, checked byte for byte."""

from pathlib import Path

from consent.redaction import Redactor
from consent.redaction.engine import OUTSIDE, readers_with
from consent.redaction.tagger import NAME as TAGGER
from lecs_pipeline.clock import now
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home
from substrate.store.models import approved, verify_model


def redactor_of(home: Home) -> Redactor:
    """A redactor on the approved models of this home; without an approved tagger it is another version.

    Raises:
        NotFound: no approval is in force, or the bytes are missing. Tampered: they were changed.
    """
    approval = approved(home.roles(), "en-core-web-sm", "redaction", now())
    folder = home.models / f"{approval.body['name']}-{approval.body['version']}"
    verify_model(folder, approval.body)
    tagger = tagger_of(home)
    if tagger is None:
        return Redactor(folder, readers={})
    from consent.redaction.tagger.tagger import Tagger

    return Redactor(folder, readers=readers_with(Tagger(tagger, outside=OUTSIDE)))


def redactor_at(path: Path) -> Redactor:
    """`redactor_of` for the home at ``path``, which another process can be told to make.

    Raises:
        NoHome: there is none. NotFound, Tampered: as `redactor_of`.
    """
    with open_home(path) as home:
        return redactor_of(home)


def tagger_of(home: Home) -> Path | None:
    """The folder of the approved tagger of this home, or None where no approval of it is in force.

    A commons founded before the tagger existed has no approval of it; its redactor reads without it.

    Raises:
        NotFound: it is approved, and bytes are missing. Tampered: they were changed.
    """
    try:
        approval = approved(home.roles(), TAGGER, "redaction", now())
    except NotFound:
        return None
    folder = home.models / f"{approval.body['name']}-{approval.body['version']}"
    verify_model(folder, approval.body)
    return folder
