"""Which jobs run: each rule refuses by its name, and of a thousand forged or changed manifests none runs."""

import json
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compute_mesh.jobs.checking import Accepted, Offer, World, check
from compute_mesh.jobs.manifest import MOST_BYTES
from compute_mesh.jobs.models import StandingModel, model_digest, standing_models
from compute_mesh.jobs.rules import RULES, Refused
from corpus.training.recipe import default_training_recipe
from governance.disputes.stops import Stop
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document
from substrate.record.proof import secure

NOW, LATER = "2026-11-22T10:30:00Z", "2026-11-22T11:00:00Z"
TIME = "2026-11-22T10:00:00Z"
MODEL = StandingModel("a" * 64, "a-model-1.0", "b" * 64, frozenset({"inference", "training", "evaluation"}))
OFFER = Offer(memory=2048, seconds=3600, output=1 << 24, inputs=1 << 24)
OWN = {"own": {"texts": 3}}
STOP = Stop("a" * 64, MODEL.digest, "", "It answers with what it was told.", "2026-12-01T00:00:00Z")
ADAPTER = {"sha256": "e" * 64, "blob": {"root": "f" * 64, "bytes": 100}}


def world(commons: Any, **changed: Any) -> World:
    known: dict[str, Any] = {
        "commons": commons.id, "now": NOW, "models": {MODEL.approval: MODEL},
        "submitters": frozenset({commons.node.did, commons.other_node.did}), "offer": OFFER,
    }  # fmt: skip
    return World(**{**known, **changed})


def manifest(commons: Any, label: str = "", **changed: Any) -> Document:
    model = {"approval": MODEL.approval, "digest": MODEL.digest}
    return commons.write("JobManifest", commons.other_node, label, **{"model": model, **changed})


def training(commons: Any, **changed: Any) -> Document:
    parameters = {"data": OWN, "recipe": default_training_recipe().content(), **changed}
    return manifest(commons, job="lora", inference=None, lora=parameters)


def resigned(commons: Any, document: Document, **changed: Any) -> bytes:
    """The same with other values, properly signed, past the schema of whoever writes."""
    plain = {key: value for key, value in {**document.body, **changed}.items() if key != "proof" and value is not None}
    return canonical_bytes(secure(plain, commons.other_node, TIME))


def rule(found: Accepted | Refused) -> str:
    return found.rule if isinstance(found, Refused) else "accepted"


def test_each_type_runs_when_it_is_in_order(commons) -> None:
    evaluation = {"job": "evaluation", "inference": None, "adapter": ADAPTER, "evaluation": {"data": OWN, "texts": 3}}
    embeddings = {"job": "embeddings", "inference": None, "embeddings": {"texts": 5}}
    embedder = {MODEL.approval: replace(MODEL, uses=frozenset({"embedding"}))}
    selection = {"selection": {"purpose": "train", "recipe": "c" * 64, "language": "en"}}
    federated = manifest(commons, job="lora", inference=None, inputs=[], lora={
        "data": selection, "recipe": default_training_recipe().content(), "clip": 1000})  # fmt: skip
    here = world(commons, texts_for=frozenset({commons.other_node.did}))
    for document in (manifest(commons), training(commons), manifest(commons, **evaluation), federated):
        assert isinstance(found := check(document.raw, here), Accepted), found
        assert found.manifest.digest == document.digest
    assert isinstance(check(manifest(commons, **embeddings).raw, replace(here, models=embedder)), Accepted)


def test_each_rule_has_its_name(commons, make_commons) -> None:
    """Every rule of the table is broken once, alone, and is named."""
    plain, here = manifest(commons), world(commons)
    elsewhere = make_commons(label="another commons")
    stranger = commons.write("JobManifest", commons.stranger, model=plain.body["model"])
    seen = {(plain.signer, plain.body["idempotency"]): "d" * 64}
    models = {
        "model-unknown": {},
        "model-revoked": {MODEL.approval: replace(MODEL, revoked="Its licence was not what it said.")},
        "model-expired": {MODEL.approval: replace(MODEL, expires=NOW)},
        "model-use": {MODEL.approval: replace(MODEL, uses=frozenset({"redaction"}))},
        "model-other": {MODEL.approval: replace(MODEL, digest="c" * 64)},
    }
    sampling = plain.body["inference"]
    learnt = {"recipe": default_training_recipe().content(), "clip": 1000}
    selection = {"purpose": "train", "recipe": "c" * 64, "holder": commons.node.did}
    selected = manifest(commons, job="lora", inference=None, inputs=[], lora={
        "data": {"selection": selection}, **learnt})  # fmt: skip
    broken_recipe = training(commons).body["lora"] | {"recipe": {"format": "lecs-training-1"}}
    cases: dict[str, tuple[bytes, World]] = {
        "not-a-manifest": (commons.fact.raw, here),
        "form": (resigned(commons, plain, deadline="tomorrow"), here),
        "unknown-type": (resigned(commons, plain, job="shell"), here),
        "extra-field": (resigned(commons, plain, code="import os"), here),
        "size": (resigned(commons, plain, inputs=[{"root": "a" * 64, "bytes": 1 << 40}]), here),
        "bounds": (resigned(commons, plain, inference={**sampling, "tokens": 10**6}), here),
        "signature": (canonical_bytes({**plain.body, "privacy": "trusted"}), here),
        "audience": (elsewhere.write("JobManifest", commons.other_node, model=plain.body["model"]).raw, here),
        "stranger": (stranger.raw, here),
        "blocked": (plain.raw, replace(here, blocked=frozenset({plain.signer}))),
        "deadline": (plain.raw, replace(here, now=LATER)),
        "replay": (plain.raw, replace(here, seen=seen)),
        **{name: (plain.raw, replace(here, models=found)) for name, found in models.items()},
        "stopped": (plain.raw, replace(here, stops=(STOP,))),
        "adapter-withdrawn": (manifest(commons, adapter=ADAPTER).raw, replace(here, withdrawn=frozenset({"e" * 64}))),
        "recipe": (resigned(commons, training(commons), lora=broken_recipe), here),
        "inputs": (manifest(commons, inputs=[{"root": c * 64, "bytes": 1} for c in "ab"]).raw, here),
        "type-declined": (plain.raw, replace(here, types=frozenset({"lora"}))),
        "texts-declined": (selected.raw, replace(here, here=commons.node.did)),
        "holder": (selected.raw, replace(here, here="did:key:another", texts_for=frozenset({plain.signer}))),
        "limits": (plain.raw, replace(here, offer=replace(OFFER, memory=512))),
        "privacy": (manifest(commons, privacy="tee").raw, replace(here, classes=frozenset({"public"}))),
    }  # fmt: skip
    assert rule(check(plain.raw, replace(here, stops=(replace(STOP, model="", job="lora"),)))) == "accepted"
    assert list(cases) == list(RULES), "a rule that nothing breaks is no rule"
    assert {name: rule(check(*case)) for name, case in cases.items()} == {name: name for name in cases}


def test_a_deadline_is_not_further_ahead_than_keys_are_remembered(commons) -> None:
    assert rule(check(manifest(commons, deadline="2026-12-23T10:00:00Z").raw, world(commons))) == "accepted"
    assert rule(check(manifest(commons, deadline="2026-12-24T10:00:00Z").raw, world(commons))) == "deadline"


def test_a_submitter_is_not_asked_what_it_gives(commons) -> None:
    """The same rules on its side, without a node's bounds."""
    large = manifest(commons, limits={"memory": 1 << 20, "seconds": 600_000, "output": 1 << 30})
    assert rule(check(large.raw, world(commons))) == "limits"
    assert rule(check(large.raw, world(commons, offer=None))) == "accepted"


def test_approvals_stand_as_the_stewards_left_them(make_commons, digest_of) -> None:
    commons = make_commons()
    files = [{"path": "m.gguf", "sha256": digest_of("m"), "blake3": digest_of("n"), "bytes": 3}]
    model = commons.write("ModelApproval", commons.stewards[0], uses=["inference"], files=files)
    gone = commons.write("ModelRevocation", commons.stewards[0], approval=model.digest)
    forged = commons.write("ModelApproval", commons.stranger, "forged", uses=["inference"], files=files)
    wanted = {"approval": model.digest, "digest": model_digest(files)}
    one = commons.write("JobManifest", commons.other_node, model=wanted)
    by_stranger = commons.write("JobManifest", commons.other_node, model={**wanted, "approval": forged.digest})
    before = world(commons, models=standing_models(commons.roles(model, forged)))
    after = world(commons, models=standing_models(commons.roles(model, gone, forged)))
    assert rule(check(one.raw, before)) == "accepted"
    assert rule(check(one.raw, after)) == "model-revoked"
    assert rule(check(by_stranger.raw, before)) == "model-unknown"


def test_the_digest_of_a_model_of_several_files_covers_each(digest_of) -> None:
    files = [{"path": name, "sha256": digest_of(name), "blake3": digest_of(name), "bytes": 3} for name in "ab"]
    assert model_digest(files) == model_digest(files[::-1])
    assert model_digest(files) != model_digest([files[0], {**files[1], "sha256": digest_of("c")}])
    assert model_digest([{**files[0], "path": "x.gguf"}, files[1]]) == files[0]["sha256"]


# --- a thousand manifests that nobody may run ------------------------------------------------------------


def changed_value(value: Any, chance: Random) -> Any:
    """Something else of the same or another form."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice([-1, value + 2**33, str(value), value * 1.5, None, 10**30])
    if isinstance(value, str):
        place = chance.randrange(max(1, len(value)))
        other = chance.choice("0123456789abcdefZ ")
        return chance.choice([value[:place] + other + value[place + 1 :], "", value * 9, 7, [value], "\ud800"])
    if isinstance(value, list):
        return chance.choice([value * 40, {}, "x", [*value, {}], [[]]])
    return chance.choice([[], "x", {**value, "surplus": 1}, dict(list(value.items())[1:])])


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The path of everything in a body."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, child in children for p in places(child, (*path, key)))]


def mutated(body: dict, chance: Random) -> bytes:
    """The manifest with one value changed and the old signature."""
    copy = json.loads(json.dumps(body))
    path = chance.choice([p for p in places(copy) if p])
    target = copy
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = changed_value(target[path[-1]], chance)
    return json.dumps(copy, ensure_ascii=True).encode()


def forged(commons: Any, number: int, chance: Random) -> tuple[bytes, dict[str, Any]]:
    """The bytes of one manifest that may not run, and what is special about the world."""
    # Another job each time; its own idempotency key.
    label, key = f"forged {number}", f"{number:032x}"
    plain = manifest(commons, label, idempotency=key)
    kind = number % 10
    if kind == 0:
        return mutated(plain.body, chance), {}
    if kind == 1:
        flipped = bytearray(plain.raw)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        return bytes(flipped), {}
    if kind == 2:
        return plain.raw, {"seen": {(plain.signer, key): plain.digest}}
    if kind == 3:
        word = "".join(chance.choices("abcdefghij", k=8))
        return resigned(commons, plain, job=word, inference=None, **{word: {}}), {}
    if kind == 4:
        where = chance.choice(["", "inference", "limits", "model"])
        surplus = {"template": "{{ x }}"}
        return resigned(commons, plain, **({where: plain.body[where] | surplus} if where else surplus)), {}
    if kind == 5:
        long = [{"root": f"{n:064x}", "bytes": 1} for n in range(chance.randrange(17, 4000))]
        return resigned(commons, plain, inputs=long), {}
    if kind == 6:
        other = {"approval": f"{chance.getrandbits(256):064x}", "digest": MODEL.digest}
        return manifest(commons, label, model=other).raw, {}
    if kind == 7:
        return plain.raw, {"models": {MODEL.approval: replace(MODEL, revoked="withdrawn by its authors")}}
    if kind == 8:
        return plain.raw, {"models": {MODEL.approval: replace(MODEL, expires=NOW)}} if number % 20 == 8 else {
            "now": LATER
        }
    signer = commons.key(f"nobody {number}")
    if number % 20 == 9:
        return commons.write("JobManifest", signer, label, model=plain.body["model"]).raw, {}
    audience = f"urn:lecs:commons:{chance.getrandbits(128):032x}"
    return commons.write("JobManifest", commons.other_node, label, audience, model=plain.body["model"]).raw, {}


def test_of_a_thousand_forged_manifests_none_runs(commons) -> None:
    """Each would run but for what was done to it: the control runs in every world."""
    chance, named = Random(9), Counter[str]()
    control = manifest(commons, "control", idempotency="f" * 32)
    assert rule(check(control.raw, world(commons))) == "accepted"
    for number in range(1000):
        raw, special = forged(commons, number, chance)
        found = check(raw, world(commons, **special))
        if isinstance(found, Accepted):
            # A flipped bit that leaves the canonical bytes as they were is the same manifest: JSON allows such.
            assert (
                found.manifest.document.raw == manifest(commons, f"forged {number}", idempotency=f"{number:032x}").raw
            )
            continue
        named[found.rule] += 1
    assert named.total() >= 995
    assert named.keys() >= {
        "signature", "replay", "unknown-type", "extra-field", "size", "model-unknown", "model-revoked",
        "model-expired", "deadline", "stranger", "audience", "form", "not-a-manifest",
    }  # fmt: skip


@given(st.binary(max_size=2000))
def test_any_bytes_are_refused_with_a_name(data: bytes) -> None:
    found = check(data, World("urn:lecs:commons:" + "0" * 32, NOW, {}, frozenset()))
    assert isinstance(found, Refused)
    assert found.rule in RULES


def test_a_refusal_quotes_nothing(commons) -> None:
    """What a stranger wrote does not end up in a log through a refusal."""
    marker = "Ottoline Brackwater"
    for key in ("job", "deadline", "privacy", marker, "audience"):
        found = check(resigned(commons, manifest(commons), **{key: marker}), world(commons))
        assert isinstance(found, Refused)
        assert "Ottoline" not in str(found)
    assert rule(check(b" " * (MOST_BYTES + 1), world(commons))) == "size"
