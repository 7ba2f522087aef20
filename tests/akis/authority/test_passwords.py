"""Web passwords: kept as argon2id, and no answer comes sooner because nobody has that name."""

from __future__ import annotations

import timeit
from functools import partial
from time import process_time

import argon2
import pytest
from argon2 import Parameters, Type
from argon2.exceptions import HashingError
from argon2.profiles import CHEAPEST

from akis.authority.passwords import PasswordError, hash_password, password_fits
from akis.errors import InvalidArgument
from tests.leaks import leaks, silent

PASSWORD = "kırmızı balık 7"
STORED = hash_password(PASSWORD, CHEAPEST)


def test_the_right_one_fits() -> None:
    assert password_fits(STORED, PASSWORD)
    assert password_fits(hash_password(PASSWORD, CHEAPEST), PASSWORD)


@pytest.mark.parametrize("wrong", ["", "kırmızı balık 8", "KIRMIZI BALIK 7", PASSWORD + " ", PASSWORD + "\0", "\ud800"])
def test_another_does_not(wrong: str) -> None:
    assert not password_fits(STORED, wrong)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password(PASSWORD, CHEAPEST) != STORED
    assert leaks(STORED, [PASSWORD.encode()]) == []


def test_systems_that_write_letters_in_two_parts() -> None:
    assert password_fits(hash_password("g\u0306u\u0308n", CHEAPEST), "ğün")


def test_the_parameters_are_the_librarys_own() -> None:
    stored = hash_password(PASSWORD)
    assert argon2.extract_parameters(stored) == argon2.profiles.RFC_9106_LOW_MEMORY
    assert password_fits(stored, PASSWORD)


@pytest.mark.parametrize("password", [PASSWORD, "", "\ud800"])
def test_nobody_has_a_password_that_fits(password: str) -> None:
    assert not password_fits(None, password, CHEAPEST)


def test_no_such_holder_takes_as_long_as_a_wrong_password() -> None:
    """In time of the processor, so that whatever else this machine does is left out."""
    parameters = Parameters(Type.ID, 19, 16, 32, time_cost=2, memory_cost=16384, parallelism=1)
    stored = hash_password(PASSWORD, parameters)
    wrong, nobody = (
        min(timeit.repeat(partial(password_fits, which, "another", parameters), process_time, number=1, repeat=7))
        for which in (stored, None)
    )
    assert 0.5 < wrong / nobody < 2


def test_an_empty_password_is_none() -> None:
    with pytest.raises(InvalidArgument, match="at least one character"):
        hash_password("")


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("", id="nothing"),
        pytest.param(PASSWORD, id="the password itself"),
        pytest.param("$2b$12$abcdefghijklmno", id="bcrypt"),
        pytest.param(STORED.replace("argon2id", "argon2i"), id="argon2i"),
        pytest.param(STORED[:40], id="cut off"),
        pytest.param(STORED[:-10] + "é", id="no ASCII"),
    ],
)
def test_what_is_no_stored_password(stored: str) -> None:
    with pytest.raises(PasswordError) as caught:
        password_fits(stored, PASSWORD)
    silent(caught.value, [PASSWORD.encode(), STORED.rpartition("$")[2].encode()])


def test_memory_that_runs_out_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(argon2.PasswordHasher, "hash", no_memory)
    for use in (lambda: password_fits(None, PASSWORD), lambda: hash_password(PASSWORD)):
        with pytest.raises(PasswordError, match="memory"):
            use()
