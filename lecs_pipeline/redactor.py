"""The redactor of a home: it runs on the model that the stewards approved, checked byte for byte."""

from consent.redaction import Redactor
from lecs_pipeline.clock import now
from substrate.store.home import Home
from substrate.store.models import approved, verify_model


def redactor_of(home: Home) -> Redactor:
    """A redactor on the approved model of this home.

    Raises:
        NotFound: no approval is in force, or the bytes are missing. Tampered: they were changed.
    """
    approval = approved(home.roles(), "en-core-web-sm", "redaction", now())
    folder = home.models / f"{approval.body['name']}-{approval.body['version']}"
    verify_model(folder, approval.body)
    return Redactor(folder)
