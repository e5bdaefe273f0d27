"""The models of a commons: what is approved and where it stands; approving, adding and revoking as steward."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from blake3 import blake3

from compute_mesh.runtime.model import EVALUATION, INFERENCE
from compute_mesh.runtime.model import folder_of as folder_of_language_model
from compute_mesh.workloads.model import USE as EMBEDDING
from compute_mesh.workloads.model import packaged_folder as embedding_folder
from consent.approving import ModelStanding, approve_models, revoke_model
from consent.founding import FirstModel
from lecs_pipeline.clock import now
from lecs_pipeline.founding import first_models
from substrate.record.authority import Roles
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document
from substrate.record.times import check_time
from substrate.store.errors import NotFound, Tampered
from substrate.store.files import plain_file
from substrate.store.home import Home, open_home
from substrate.store.models import (
    ModelRefused,
    describe_file,
    has_expired,
    identity,
    packaged_only,
    verify_model,
)

State = Literal["approved", "waiting", "unapproved", "expired", "revoked", "missing", "altered"]
KINDS: Final = {INFERENCE: "language", EMBEDDING: "embedding", "redaction": "redaction"}
#: What a model from disk is approved for unless the steward says otherwise.
USES: Final = (INFERENCE, EVALUATION)


@dataclass(frozen=True, slots=True)
class ModelHere:
    """A model as this commons sees it; ``state`` says whether it runs, ``reason`` why not.

    ``sha256`` and ``blake3`` are those of its file; of several files, of the canonical list of their paths and hashes.
    """

    id: str
    kind: str
    name: str
    version: str
    architecture: str
    licence: str
    source: str
    uses: list[str]
    bytes: int
    sha256: str
    blake3: str
    chat_template: str | None
    expires: str | None
    digest: str | None
    state: State
    reason: str | None

    @property
    def approved(self) -> bool:
        """Whether it may run."""
        return self.state == "approved"

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {**asdict(self), "approved": self.approved}


def models_here(path: Path) -> list[ModelHere]:
    """Every model that the stewards of this home decided about or that comes with the program. Reads no bytes."""
    with open_home(path) as home:
        return [model for _, model in _models(home)]


def verify_models(path: Path, names: Sequence[str]) -> list[ModelHere]:
    """Hold every byte of approved models against their approvals; a name may be followed by its version.

    Raises:
        ModelRefused: no model of this name is known.
    """
    with open_home(path) as home:
        found = [(act, model) for act, model in _models(home) if act is not None]
        known = {name for _, model in found for name in (model.name, model.id)}
        if unknown := [name for name in names if name not in known]:
            raise ModelRefused("unknown", f"no approval of {', '.join(unknown)} is known here")
        wanted = [(act, model) for act, model in found if not names or {model.name, model.id} & set(names)]
        return [_verified(home, act, model) for act, model in wanted]


def approve_packaged(path: Path, names: Sequence[str]) -> list[ModelStanding]:
    """Sign the approvals of packaged models as steward; one that is in force, or waits for others, is not repeated.

    Raises:
        NotFound: no model of this name comes with the program, or this home has no steward key.
        NoAuthority: the key is not a steward's of this commons.
    """
    packaged = {str(model.fields["name"]): model for model in first_models()}
    if unknown := [name for name in names if name not in packaged]:
        raise NotFound(f"no model {', '.join(unknown)} comes with the program; it has {', '.join(packaged)}")
    with open_home(path) as home:
        return approve_models(home, [packaged[name] for name in names or packaged], now())


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a model from disk is and needs for a context: bytes in ordinary memory, or on a graphics card."""

    architecture: str
    context: int
    trained_context: int
    weights: int
    cache: int
    ram: int
    vram: int
    available: int


def estimate(file: Path, context: int) -> Estimate:
    """What loading a GGUF file would need; only its header is read.

    Raises:
        BadGguf: the file is refused. OSError: there is no plain file.
    """
    from compute_mesh.runtime.needs import available_memory, needs
    from compute_mesh.runtime.shape import model_shape

    shape = model_shape(plain_file(file))
    told = min(context, shape.context)
    needed = needs(shape, told)
    words = (
        f"{shape.architecture}, {shape.layers} layers, {shape.width} wide, {shape.heads} heads, {shape.kv_heads} kept"
    )
    return Estimate(
        words, told, shape.context, needed.weights, needed.cache, needed.ram, needed.vram, available_memory()
    )


def add_model(
    path: Path, file: Path, *, name: str, version: str, licence: str, source: str, uses: Sequence[str] = USES,
    expires: str | None = None,
) -> ModelStanding:  # fmt: skip
    """Copy a GGUF file into the home and approve it as steward. The file is read strictly and loaded once, elsewhere.

    Raises:
        BadGguf: the file is refused. TooLarge: it cannot be loaded here. Tampered: other bytes lie in its place.
        NotFound, NoAuthority: as `approve_packaged`. MalformedDocument: a field that no approval may have.
    """
    from compute_mesh.runtime.trial import try_model

    shape = try_model(plain_file(file))
    fields: dict[str, Any] = {
        "name": name,
        "version": version,
        "architecture": estimate(file, shape.context).architecture,
        "licence": licence,
        "source": source,
        "uses": list(uses),
    }
    if shape.template_digest is not None:
        fields["chatTemplate"] = shape.template_digest
    if expires is not None:
        fields["expires"] = check_time(expires)
    described = describe_file(file, file.parent)
    with open_home(path) as home:
        model = FirstModel(file.parent, fields, copied=True, pinned=[described])
        (standing,) = approve_models(home, [model], now())
        return standing


def revoke(path: Path, name: str, reason: str) -> list[ModelStanding]:
    """Take back the approvals of a model as steward.

    Raises:
        ModelRefused: none is in force. NotFound, NoAuthority: as `approve_packaged`.
    """
    with open_home(path) as home:
        return revoke_model(home, name, reason, now())


def _models(home: Home) -> Iterator[tuple[Document | None, ModelHere]]:
    roles = home.roles()
    decided = [
        act
        for act in home.ledger.documents(kinds=["ModelApproval"])
        if act.digest in roles.acts or act.signer in roles.stewards
    ]
    in_force = {act.digest for act in roles.in_force("ModelApproval")}
    shown = [act for act in decided if act.digest in in_force or act.digest not in roles.acts]
    for act in sorted(shown, key=lambda one: (identity(one.body), one.digest)):
        yield act, _of(act.body, act.digest, *_standing(home, roles, act))
    known = {identity(act.body) for act in shown}
    for model in first_models():
        if identity(model.fields) not in known:
            why = f"no steward approved it: `lecs model approve {model.fields['name']}` does"
            yield None, _of(model.approval_fields(), None, "unapproved", why)


def _standing(home: Home, roles: Roles, act: Document) -> tuple[State, str | None]:
    revoked = roles.revoked_models()
    if act.digest in revoked:
        return "revoked", str(revoked[act.digest].body["reason"])
    if act.digest not in roles.acts:
        return "waiting", f"other stewards have to approve it: `lecs approve {act.digest}`"
    if has_expired(act.body, now()):
        return "expired", f"its approval ended on {act.body['expires']}"
    try:
        missing = not all((_folder(home, act.body) / file["path"]).is_file() for file in act.body["files"])
    except ModelRefused:
        missing = True
    return ("missing", "its bytes are not in this home") if missing else ("approved", None)


def _folder(home: Home, approval: dict[str, Any]) -> Path:
    if INFERENCE in approval["uses"]:
        return folder_of_language_model(home, approval)
    copied = home.models / identity(approval)
    return embedding_folder() if packaged_only(approval) and not copied.exists() else copied


def _verified(home: Home, act: Document, model: ModelHere) -> ModelHere:
    if model.state != "approved":
        return model
    folder = _folder(home, act.body)
    try:
        verify_model(folder, act.body, alone=folder.parent == home.models)
    except Tampered as error:
        return replace(model, state="altered", reason=str(error).removeprefix("altered: "))
    return model


def _of(body: dict[str, Any], digest: str | None, state: State, reason: str | None) -> ModelHere:
    files = body["files"]
    if len(files) == 1:
        sha256, other = files[0]["sha256"], files[0]["blake3"]
    else:
        listed = [canonical_bytes([[file["path"], file[key]] for file in files]) for key in ("sha256", "blake3")]
        sha256, other = hashlib.sha256(listed[0]).hexdigest(), blake3(listed[1]).hexdigest()
    return ModelHere(
        id=identity(body),
        kind=next((kind for use, kind in KINDS.items() if use in body["uses"]), "other"),
        name=body["name"],
        version=body["version"],
        architecture=body["architecture"],
        licence=body["licence"],
        source=body["source"],
        uses=body["uses"],
        bytes=sum(file["bytes"] for file in files),
        sha256=sha256,
        blake3=other,
        chat_template=body.get("chatTemplate"),
        expires=body.get("expires"),
        digest=digest,
        state=state,
        reason=reason,
    )
