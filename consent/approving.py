"""Approving models that came with the program after a commons was founded: as at founding, by its stewards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from consent.founding import FirstModel, steward_of
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.store.home import Home
from substrate.store.models import ModelRefused, copy_model, identity, verify_model


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """Where a packaged model stands: the digest of its approval, and whether that is in force.

    ``fresh`` says that this call signed it. While it is not in force other stewards have to approve the digest.
    """

    name: str
    version: str
    digest: str
    in_force: bool
    fresh: bool


def approve_models(home: Home, models: Sequence[FirstModel], time: str) -> list[ModelStanding]:
    """Approve with this home's steward key what of ``models`` the stewards have not approved, and copy their bytes.

    What is approved already is left alone, and what waits for other stewards is not signed twice.

    Raises:
        NotFound: this home has no steward's key. NoAuthority: the key is not a steward's of this commons.
        Tampered: other bytes lie where the model belongs.
    """
    check_steward(home)
    signed = [(model, *_approval(home, model, time)) for model in models]
    for model, approval, _ in signed:
        if model.copied:
            _place(home, model, approval)
    with home.ledger.write() as writer:
        for _, approval, fresh in signed:
            if fresh:
                writer.add(approval)
    return [_standing(home.roles(), approval, fresh=fresh) for _, approval, fresh in signed]


def revoke_model(home: Home, name: str, reason: str, time: str) -> list[ModelStanding]:
    """Take back, as steward, every approval in force of a model; ``name`` may be followed by its version.

    Returns:
        the approvals, each with the digest of its revocation; ``in_force`` tells whether it still is: then other
        stewards have to approve that digest.

    Raises:
        ModelRefused: nothing of that name is in force. NotFound, NoAuthority: as `approve_models`.
    """
    check_steward(home)
    roles = home.roles()
    revoked = roles.revoked_models()
    wanted = [act for act in roles.in_force("ModelApproval") if name in (act.body["name"], identity(act.body))]
    if not wanted:
        raise ModelRefused("unknown", f"model {name}: no approval by the stewards is in force")
    stewards = roles.stewards
    signed = [act for act in home.ledger.documents(kinds=["ModelRevocation"]) if act.signer in stewards]
    waiting = {act.body["approval"]: act for act in signed} | revoked
    fresh = {
        act.digest: _signed(home, "ModelRevocation", {"approval": act.digest, "reason": reason}, time)
        for act in wanted
        if act.digest not in waiting
    }
    with home.ledger.write() as writer:
        for revocation in fresh.values():
            writer.add(revocation)
    now_revoked = home.roles().revoked_models()
    return [
        ModelStanding(
            act.body["name"], act.body["version"], (fresh.get(act.digest) or waiting[act.digest]).digest,
            in_force=act.digest not in now_revoked, fresh=act.digest in fresh,
        )
        for act in wanted
    ]  # fmt: skip


def check_steward(home: Home) -> None:
    """Whether this home speaks for a steward.

    Raises:
        NotFound: it has no steward's key. NoAuthority: the key is not a steward's of this commons.
    """
    if steward_of(home).did not in home.roles().stewards:
        raise NoAuthority("the key in keys/steward.json is not a steward's of this commons")


def _signed(home: Home, kind: str, fields: JsonObject, time: str) -> Document:
    return write_document(kind, f"urn:uuid:{uuid.uuid4()}", home.commons, fields, steward_of(home), time)


def _approval(home: Home, model: FirstModel, time: str) -> tuple[Document, bool]:
    """The approval of exactly these bytes that the ledger holds, one in force before others, or a fresh one."""
    fields = model.approval_fields()
    roles = home.roles()
    revoked = roles.revoked_models()
    known = [
        document
        for document in home.ledger.documents(kinds=["ModelApproval"])
        if {key: document.body.get(key) for key in fields} == fields and document.digest not in revoked
    ]
    own = [document for document in known if document.digest in roles.acts] or known
    if own:
        return own[0], False
    return _signed(home, "ModelApproval", fields, time), True


def _place(home: Home, model: FirstModel, approval: Document) -> None:
    """Copy the bytes to where the redactor of this home looks for them; those that are there have to be the same."""
    target = home.models / identity(approval.body)
    if target.exists():
        verify_model(target, approval.body)
    else:
        copy_model(model.folder, target, approval.body)


def _standing(roles: Roles, approval: Document, *, fresh: bool) -> ModelStanding:
    body = approval.body
    return ModelStanding(body["name"], body["version"], approval.digest, approval.digest in roles.acts, fresh)
