"""Withdrawal codes and the keys they give."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substrate.record.codes import line_secret, read_code, record_signer, withdrawal_signer, write_code
from substrate.record.errors import MalformedDocument
from substrate.record.keys import hkdf

SECRETS = st.binary(min_size=20, max_size=20)
TYPED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*~$="
ALIASES = str.maketrans("ILO", "110")


def test_hkdf_is_that_of_rfc_5869() -> None:
    """RFC 5869, appendix A.3: SHA-256 with an empty salt and an empty info."""
    okm = hkdf(b"\x0b" * 22, b"", 42)
    assert okm.hex() == ("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")


def test_golden_code(vectors) -> None:
    """The written form and the keys of a code never change: people have them on paper."""
    for vector in vectors("codes.json")["codes"]:
        secret = bytes.fromhex(vector["secret"])
        assert write_code(secret) == vector["code"]
        assert read_code(vector["code"]) == secret
        assert withdrawal_signer(secret).did == vector["withdrawalKey"]
        assert record_signer(secret).did == vector["recordKey"]
        assert line_secret(secret, 7).hex() == vector["line7"]


@given(SECRETS)
def test_a_code_is_read_as_it_was_written(secret: bytes) -> None:
    """Upper or lower case, with or without hyphens, with spaces and line ends."""
    code = write_code(secret)
    assert len(code.replace("-", "")) == 33
    for typed in (code, code.lower(), code.replace("-", ""), code.replace("-", " "), f"  {code}\n", "\t".join(code)):
        assert read_code(typed) == secret


@given(SECRETS)
@settings(max_examples=6)
def test_every_slip_of_one_character_is_noticed(secret: bytes) -> None:
    """Each substitution is refused, unless it is the same character read another way (I and L for 1, O for 0)."""
    code = write_code(secret).replace("-", "")
    for position, right in enumerate(code):
        for wrong in TYPED:
            typed = code[:position] + wrong + code[position + 1 :]
            if wrong.translate(ALIASES) == right:
                assert read_code(typed) == secret
            else:
                with pytest.raises(MalformedDocument):
                    read_code(typed)


@given(SECRETS)
@settings(max_examples=30)
def test_every_transposition_of_neighbours_is_noticed(secret: bytes) -> None:
    """Two exchanged characters never give another code, the check symbol included."""
    code = write_code(secret).replace("-", "")
    for position in range(len(code) - 1):
        typed = code[:position] + code[position + 1] + code[position] + code[position + 2 :]
        try:
            assert read_code(typed) == secret
            assert typed == code
        except MalformedDocument:
            assert typed != code


@pytest.mark.parametrize("length", [0, 1, 31, 32, 34, 66])
def test_a_length_that_codes_do_not_have(length: int) -> None:
    """The message says how many there are and shows none."""
    with pytest.raises(MalformedDocument, match=f"this has {length}"):
        read_code("7" * length)


def test_no_message_shows_the_code() -> None:
    """A mistyped code is still nearly the secret."""
    code = write_code(bytes(range(20)))
    for typed in (code[:-1] + "!", "!" + code[1:], code + "0", code[:-1] + ("1" if code[-1] != "1" else "2")):
        with pytest.raises(MalformedDocument) as caught:
            read_code(typed)
        assert code[:4] not in str(caught.value)


@pytest.mark.parametrize("length", [0, 19, 21, 32])
def test_only_160_bits_make_a_code(length: int) -> None:
    """Shorter secrets could be guessed, longer ones would be cut."""
    with pytest.raises(ValueError, match="160 bits"):
        write_code(bytes(length))


@given(SECRETS, st.integers(1, 10**9), st.integers(1, 10**9))
def test_the_keys_of_a_code_and_the_lines_of_a_batch_differ(secret: bytes, one: int, two: int) -> None:
    """The key that signs one record cannot withdraw; each line has its own secret."""
    assert withdrawal_signer(secret).did != record_signer(secret).did
    assert (line_secret(secret, one) == line_secret(secret, two)) == (one == two)
    assert len(line_secret(secret, one)) == 20
