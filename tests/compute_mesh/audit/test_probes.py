"""A probe is a manifest like any other: no key, no value that only probes have."""

import pytest

from compute_mesh.audit.probes import probe_fields

INPUTS = [{"root": "a" * 64, "bytes": 77}]
FRESH = {"inputs": INPUTS, "count": 3, "seed": 99, "idempotency": "e" * 32, "deadline": "2026-11-22T11:30:00Z"}


def test_a_probe_has_the_keys_of_its_mould_and_nothing_that_names_it(commons) -> None:
    mould = commons.one_of_each()["JobManifest"]
    probe = commons.write("JobManifest", commons.node, "probe", **probe_fields(mould.body, **FRESH))
    assert probe.body.keys() == mould.body.keys()
    same = {key for key in mould.body if probe.body[key] == mould.body[key]}
    assert same == {"@context", "type", "audience", "job", "model", "limits", "assurance", "privacy"}
    assert {k for k, v in mould.body["inference"].items() if probe.body["inference"][k] != v} == {"prompts", "seed"}


def test_embeddings_can_be_probed_and_others_texts_cannot(commons) -> None:
    mould = commons.fields("JobManifest") | {"job": "embeddings", "embeddings": {"texts": 9}}
    del mould["inference"]
    assert probe_fields(mould, **FRESH)["embeddings"] == {"texts": 3}
    with pytest.raises(ValueError, match="cannot be a probe"):
        probe_fields({**mould, "job": "lora"}, **FRESH)
