"""Keys of the gateway: shown once, kept as a hash, refused once they were taken back."""

import json
import multiprocessing

import pytest

from compute_mesh.gateway.errors import ApiError
from compute_mesh.gateway.keys import ApiKeys
from compute_mesh.gateway.limits import Limits
from compute_mesh.gateway.server import NotLoopback, loopback_address
from substrate.store.errors import NotFound, Tampered

NOW = "2026-11-22T10:30:00Z"


def test_a_key_is_found_until_it_is_taken_back_and_never_kept(tmp_path) -> None:
    keys = ApiKeys(tmp_path)
    text, made = keys.new("an editor", NOW, ["inference"], per_minute=2)
    other, _ = keys.new("another", NOW)
    assert text not in keys.path.read_text()
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert keys.find(text) == made
    assert keys.find(text + "a") is None
    assert keys.find("") is None
    assert keys.revoke(made.id[:6], NOW).revoked == NOW
    assert keys.find(text) is None
    assert keys.find(other) is not None
    for wrong in ("", "zzz"):
        with pytest.raises(NotFound):
            keys.revoke(wrong, NOW)
    keys.path.write_text(json.dumps([{"id": "x"}]))
    with pytest.raises(Tampered):
        keys.find(other)


def _make(folder, number) -> None:
    for one in range(10):
        ApiKeys(folder).new(f"{number} {one}", NOW)


def test_keys_made_by_several_processes_at_once_are_all_kept(tmp_path) -> None:
    context = multiprocessing.get_context("fork")
    makers = [context.Process(target=_make, args=(tmp_path, number)) for number in range(4)]
    for one in makers:
        one.start()
    for one in makers:
        one.join()
    assert [one.exitcode for one in makers] == [0] * 4
    assert sorted(one.name for one in ApiKeys(tmp_path).all()) == [f"{n} {m}" for n in range(4) for m in range(10)]


def test_limits_of_a_key_are_of_a_minute_and_of_a_day(tmp_path) -> None:
    clock = [0.0]
    limits = Limits(lambda: clock[0])
    _, key = ApiKeys(tmp_path).new("", NOW, per_minute=2, daily=10)
    limits.take(key, "2026-11-22")
    limits.take(key, "2026-11-22")
    with pytest.raises(ApiError) as refused:
        limits.take(key, "2026-11-22")
    assert (refused.value.status, refused.value.code) == (429, "rate_limit_exceeded")
    clock[0] = 61.0
    limits.used(key, "2026-11-22", 10)
    with pytest.raises(ApiError) as refused:
        limits.take(key, "2026-11-22")
    assert refused.value.body["error"]["type"] == "rate_limit_error"
    limits.take(key, "2026-11-23")


@pytest.mark.parametrize("wrong", ["0.0.0.0:80", "192.168.0.1:80", "localhost", "127.0.0.1", "127.0.0.1:99999", ":80"])
def test_the_gateway_is_for_this_machine_alone(wrong) -> None:
    with pytest.raises(NotLoopback):
        loopback_address(wrong)


def test_loopback_of_both_families_will_do() -> None:
    assert loopback_address("127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert loopback_address("[::1]:0") == ("::1", 0)
