"""Permissions are True, and nothing that only counts as true; the PUK has no back door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.errors import InvalidArgument, PolicyRefused, WrongType
from akis.pin import Pin, Puk, random_digits
from tests.bench import NEW_PIN, PIN, PUK, bench


@pytest.mark.parametrize("granted", ["no", "false", "true", 1, None, [True]])
def test_what_only_counts_as_true_is_no_permission(granted):
    on = bench(state="last-try")
    for call in (
        lambda: on.pin.verify(PIN, allow_last_try=granted),
        lambda: on.puk.verify(PUK, permit_puk=granted),
        lambda: on.pin.ask_by_empty_verify(may_spend_try=granted),
    ):
        with pytest.raises(WrongType, match="True or False"):
            call()
    assert not on.wire.pin_commands
    assert not [raw for raw in on.wire.sent if raw[1] == 0x20]


def test_the_rules_of_the_puk_are_not_for_a_pin():
    on = bench()
    with pytest.raises(InvalidArgument, match="with Puk"):
        Pin(on.card, on.card.profile.puk)


@pytest.mark.parametrize("change", [{"reference": 0x82}, {"object": 2}])
def test_a_profile_in_which_pin_and_puk_are_one_is_refused(change):
    profile = bench().card.profile
    with pytest.raises(InvalidArgument, match="of their own"):
        replace(profile, pin=replace(profile.pin, **change))


@pytest.mark.parametrize("kind", [Pin, Puk])
def test_a_pin_is_on_a_card_and_has_rules(kind):
    with pytest.raises(WrongType):
        kind(None)
    with pytest.raises(WrongType):
        kind(bench().card, "rules")


def test_only_the_issuers_session_sets_a_pin_so_the_clear_never_sees_one():
    on = bench()
    with pytest.raises(PolicyRefused, match="setting the PIN needs the issuer's secure session"):
        on.pin.change_to(NEW_PIN)
    assert not on.wire.pin_commands


@pytest.mark.parametrize("random", [lambda n: b"", lambda n: b"\xff" * n, lambda n: "7" * n, lambda n: None])
def test_a_source_that_gives_no_digits_ends(random):
    with pytest.raises(InvalidArgument, match="random bytes"):
        random_digits(8, random)
