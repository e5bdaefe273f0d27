"""Addresses as text: what is written is read again, and nothing else is an address."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import Malformed

KEY = "0f" * 32
PLACES = st.one_of(
    st.builds(lambda ip, port: f"{ip}:{port}", st.ip_addresses(v=4), st.integers(0, 65535)),
    st.builds(lambda ip, port: f"[{ip}]:{port}", st.ip_addresses(v=6), st.integers(0, 65535)),
)


@given(st.lists(PLACES, max_size=16), st.sampled_from([None, "https://relay.example.org", "https://[::1]:443/"]))
def test_an_address_is_read_as_it_was_written(places: list[str], relay: str | None) -> None:
    address = Address(KEY, tuple(places), relay)
    assert Address.from_text(address.to_text()) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "@", KEY, f"{KEY.upper()}@", f"{KEY}@example.org:1", f"{KEY}@127.0.0.1", f"{KEY}@127.0.0.1:65536",
        f"{KEY}@::1:4", f"{KEY}@[127.0.0.1]:4", f"{KEY}@[fe80::1%eth0]:4", f"{KEY}@127.0.0.1:4,",
        f"{KEY}@;http://relay.example.org", f"{KEY}@;", f"{KEY}@;https://a/path",
        f"{KEY}@{','.join(['127.0.0.1:4'] * 17)}", f"{KEY}@127.0.0.1:٤", f"{KEY}@memory:x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Address.from_text(text)


@settings(max_examples=30)
@given(st.text(max_size=60) | st.builds(lambda rest: f"{KEY}@{rest}", st.text(max_size=30)))
def test_any_text_is_an_address_or_malformed(text: str) -> None:
    try:
        address = Address.from_text(text)
    except Malformed:
        return
    assert Address.from_text(address.to_text()) == address
