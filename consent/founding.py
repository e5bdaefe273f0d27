"""Founding a commons: who answers for it, what it admits, and the first signed acts.

The charter is valid because its digest is pinned at init, join or first import. The policy, the notice, the
recipe and the approvals of the first models are signed before it; the charter cites the first three.
"""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from consent.notice_texts import NOTICE_LANGUAGES, NOTICE_VERSIONS, notice_text
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer
from substrate.record.plain_yaml import NotPlainYaml, load_plain
from substrate.store.failpoints import failpoint
from substrate.store.home import Home, create_home, open_home
from substrate.store.models import copy_model, describe_files

#: The same for every commons that does not choose its own: it decides which contributors share a cohort, so
#: that the same archive gives the same cohorts anywhere. It is public in any case.
DEFAULT_COHORT_SEED: Final = "4c454353c0407275303030303030303030303030303030303030303030303031"

POLICY: Final[JsonObject] = {
    "format": "lecs-policy-1",
    "minors": "exclude",
    "students": "exclude",
    "sensitiveTiers": ["federated"],
    "conversation": ["all-party-consent", "redacted"],
    "rights": ["author", "rights-holder", "public-domain"],
}

#: What may be answered in a charter file, and what a commons has that answers nothing.
CHARTER_DEFAULTS: Final[JsonObject] = {
    "name": "A commons without a name yet",
    "controller": {"name": "The people of this home", "contact": "not stated: set one with `lecs init`"},
    "jurisdiction": "EU",
    "threshold": 1,
    "panel": 1,
    "cohorts": 8,
    "cohortSeed": DEFAULT_COHORT_SEED,
    "holdDays": 0,
    "secondReader": False,
    "standings": ["contributor", "assisted-steward", "assisted-operator"],
    "previews": ["contributor", "steward", "none"],
    "floor": {"tokensPerDay": 10000, "queueHours": 24},
    "settlementDays": 1,
    "enactment": "stewards",
}


class InvalidCharter(ValueError):
    """A charter file that cannot be used; the message names the key."""


@dataclass(frozen=True, slots=True)
class FirstModel:
    """A model that is approved at founding: where its bytes are, and the fields of its approval.

    ``copied``: whether its bytes go into the home. A large one is read where it is installed, and held against its
    approval, byte for byte, each time it is loaded. ``pinned``: its files as this program names them; without, they
    are read.
    """

    folder: Path
    fields: JsonObject
    copied: bool = True
    pinned: Sequence[JsonObject] | None = None

    def approval_fields(self) -> JsonObject:
        """The fields of the approval, with every file."""
        files = describe_files(self.folder) if self.pinned is None else list(self.pinned)
        return {**self.fields, "files": files}


def read_charter_answers(text: str) -> JsonObject:
    """The answers of a charter file (YAML), completed by the defaults.

    Raises:
        InvalidCharter: not YAML, an unknown key, or a value that cannot stand in a document.
    """
    try:
        answers = load_plain(text) or {}
    except NotPlainYaml as error:
        raise InvalidCharter(f"the charter file is or holds what is not read: {error}") from None
    if not isinstance(answers, dict):
        raise InvalidCharter("the charter file must hold keys and values")
    for key in answers:
        if key not in CHARTER_DEFAULTS:
            known = ", ".join(CHARTER_DEFAULTS)
            shown = f"«{key}»" if isinstance(key, str) and key.isidentifier() and len(key) <= 32 else "a key"
            raise InvalidCharter(f"{shown} is not what a charter file answers; it answers {known}")
    return {**CHARTER_DEFAULTS, **answers}


def found_commons(
    path: Path, answers: JsonObject, recipe: JsonObject, models: Sequence[FirstModel], time: str,
    versions: Sequence[str] = NOTICE_VERSIONS,
) -> tuple[str, str]:  # fmt: skip
    """Make a home at ``path`` with a new commons; returns (commons id, digest of the charter).

    ``versions`` are those of the notice that its charter cites.

    Raises:
        HomeExists: there is something at ``path``. InvalidCharter: an answer does not fit.
    """
    commons = f"urn:lecs:commons:{secrets.token_hex(16)}"
    with create_home(path, commons) as founding:
        home = founding.home
        steward = home.keyring.create("steward")
        acts = _acts(commons, recipe, steward, time)
        notices = [
            write_notice(commons, version, language, steward, time)
            for version in versions
            for language in NOTICE_LANGUAGES
        ]
        approvals = [_approval(commons, model, steward, time) for model in models]
        charter = _charter(commons, answers, acts, notices, steward, home.node, time)
        for model, approval in zip(models, approvals, strict=True):
            body = approval.body
            if model.copied:
                copy_model(model.folder, home.models / f"{body['name']}-{body['version']}", body)
        with home.ledger.write() as writer:
            for act in (*acts.values(), *notices, *approvals):
                writer.add(act)
            writer.add(charter)
        failpoint("init.logged")
        founding.charter = charter.digest
    return commons, charter.digest


def adopt_commons(path: Path, charter: Document) -> None:
    """Make a home for a commons that exists: its charter is pinned, and nothing else is known yet."""
    with create_home(path, charter.body["audience"], charter.digest):
        pass


def steward_of(home: Home) -> Signer:
    """The steward key of this home.

    Raises:
        NotFound: this home has none.
    """
    return home.keyring.signer("steward")


def summary(path: Path) -> JsonObject:
    """What to tell a person about the commons of a home."""
    with open_home(path) as home:
        body = home.roles().charter.body
        return {
            "home": str(path),
            "commons": home.commons,
            "charter": home.charter,
            "name": body["name"],
            "node": home.node.did,
        }


def _acts(commons: str, recipe: JsonObject, steward: Signer, time: str) -> dict[str, Document]:
    fields: dict[str, JsonObject] = {
        "Policy": {"content": POLICY},
        "Recipe": {"content": recipe},
    }
    return {
        kind: write_document(kind, f"urn:uuid:{uuid.uuid4()}", commons, body, steward, time)
        for kind, body in fields.items()
    }


def write_notice(commons: str, version: str, language: str, steward: Signer, time: str) -> Document:
    """A notice that comes with the program, signed."""
    fields = {"version": version, "language": language, "text": notice_text(version, language)}
    return write_document("Notice", f"urn:uuid:{uuid.uuid4()}", commons, fields, steward, time)


def _approval(commons: str, model: FirstModel, steward: Signer, time: str) -> Document:
    return write_document("ModelApproval", f"urn:uuid:{uuid.uuid4()}", commons, model.approval_fields(), steward, time)


def _charter(
    commons: str, answers: JsonObject, acts: dict[str, Document], notices: list[Document],
    steward: Signer, node: Signer, time: str,
) -> Document:  # fmt: skip
    fields: dict[str, Any] = {
        **answers,
        "stewards": [steward.did],
        "moderators": [steward.did],
        "nodes": [node.did],
        "members": [],
        "policy": acts["Policy"].digest,
        "notices": [notice.digest for notice in notices],
        "recipe": acts["Recipe"].digest,
    }
    try:
        return write_document("Charter", f"urn:uuid:{uuid.uuid4()}", commons, fields, steward, time)
    except MalformedDocument as error:
        raise InvalidCharter(str(error)) from None
