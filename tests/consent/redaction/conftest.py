"""One loaded redactor for all tests of the redaction."""

import pytest

from consent.redaction import Redactor


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    return Redactor()
