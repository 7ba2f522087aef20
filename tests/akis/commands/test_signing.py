"""The bytes of MSE SET for signing and of COMPUTE DIGITAL SIGNATURE."""

import pytest

from akis.commands.signing import compute_signature, mse_set_key, mse_set_signature
from akis.errors import InvalidArgument


def text(command) -> str:
    return command.to_bytes().hex().upper()


def test_mse_set_names_algorithm_and_key():
    assert text(mse_set_signature(0x01, 0x42)) == "002241B606800142840101"
    assert text(mse_set_signature(0x8F)) == "002241B60384018F"


def test_mse_of_1_0_names_the_key_in_p2():
    assert text(mse_set_key(0x11)) == "0022C311"


def test_compute_signature():
    assert text(compute_signature(b"\xab" * 32)) == "002A9E9A20" + "AB" * 32 + "00"
    assert text(compute_signature(b"\xab", ne=64)) == "002A9E9A01AB40"


def test_nothing_to_sign():
    with pytest.raises(InvalidArgument):
        compute_signature(b"")


@pytest.mark.parametrize("reference", [-1, 0x100, "01", None])
def test_references_are_one_byte(reference):
    for build in (mse_set_signature, mse_set_key):
        with pytest.raises(InvalidArgument, match="a key reference is one byte"):
            build(reference)
    if reference is not None:
        with pytest.raises(InvalidArgument, match="an algorithm reference is one byte"):
            mse_set_signature(0x01, reference)
