"""A secret shows neither on its way in (what was refused) nor on its way out (what holds it)."""

import copy
import json
import pickle

import pytest

from akis.errors import InvalidArgument, WrongType
from akis.secret import Secret

PIN = "482915"


@pytest.mark.parametrize(
    "given",
    [PIN, PIN.encode(), bytearray(PIN.encode()), memoryview(PIN.encode())],
    ids=lambda given: type(given).__name__,
)
def test_takes_text_and_bytes(given):
    secret = Secret(given)
    assert secret.reveal() == b"482915"
    assert len(secret) == 6


def test_keeps_its_own_copy():
    given = bytearray(b"482915")
    secret = Secret(given)
    given[:] = bytes(6)
    assert secret.reveal() == b"482915"


@pytest.mark.parametrize(
    "shown", [repr, str, format, lambda s: f"{s}", lambda s: f"{s!r:>20}", lambda s: str([{0: s}])]
)
def test_no_text_shows_it(shown):
    assert PIN not in shown(Secret(PIN))
    assert "***" in shown(Secret(PIN))


@pytest.mark.parametrize(
    "leak", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, bytes, list, hash, vars, lambda s: f"{s:>20}"]
)
def test_no_way_around_shows_it(leak):
    with pytest.raises(TypeError) as caught:
        leak(Secret(PIN))
    assert PIN not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "error"), [("48291５", InvalidArgument), (482915, WrongType), (list(PIN), WrongType), (None, WrongType)]
)
def test_what_is_refused_is_not_shown_either(given, error):
    """Nor does an error before it, such as one of the text encoding, come along."""
    with pytest.raises(error) as caught:
        Secret(given)
    assert "4829" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_wiped_it_cannot_be_used():
    secret = Secret(PIN)
    secret.wipe()
    with pytest.raises(InvalidArgument):
        secret.reveal()


def test_wiping_overwrites_the_bytes():
    secret = Secret(PIN)
    held = secret._bytes
    secret.wipe()
    assert held == bytes(6)


def test_wiped_at_the_end_of_with_whatever_happened():
    secret = Secret(PIN)
    with pytest.raises(ZeroDivisionError), secret as entered:
        1 / (entered is not secret)
    with pytest.raises(InvalidArgument):
        secret.reveal()


def test_equality_is_of_what_they_hold():
    assert Secret(PIN) == Secret(b"482915")
    assert Secret(PIN) != Secret("482916")
    assert Secret(PIN) != PIN


def test_a_wiped_secret_equals_nothing():
    wiped, zeros = Secret(PIN), Secret(bytes(6))
    wiped.wipe()
    assert wiped != zeros
    assert zeros != wiped


def test_of_takes_a_secret_as_it_is():
    secret = Secret(PIN)
    assert Secret.of(secret) is secret
    assert Secret.of(PIN) == secret
