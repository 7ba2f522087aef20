"""``akis_replay.card``: a recording that a driver under test takes for its card."""

from __future__ import annotations

import pytest

from tests.akis.pytest_plugin.runs import run
from tests.akis.regress.recorded import recorded, unblock, verify_wrong_then_right, written

pytest_plugins = ["pytester"]

DRIVER = """
from akis.errors import PinRefused, ReplayDiffers
from akis.pin import Pin
import pytest

def drive(card):
    card.select_application()
    pin = Pin(card)
    with pytest.raises(PinRefused):
        pin.verify("000000")
    pin.verify("123456")
    pin.change("123456", "2468")
    pin.verify("2468")
"""


def test_a_recording_in_the_place_of_a_card(pytester: pytest.Pytester) -> None:
    written(recorded(verify_wrong_then_right), pytester.path / "verify.jsonl")
    pytester.makepyfile(
        DRIVER
        + """
def test_all_of_it(akis_replay):
    drive(akis_replay.card("verify.jsonl"))

def test_in_a_with(akis_replay):
    with akis_replay.card("verify.jsonl") as card:
        drive(card)

def test_two_at_once(akis_replay):
    first, second = akis_replay.card("verify.jsonl"), akis_replay.card("verify.jsonl")
    drive(second)
    drive(first)
"""
    )
    run(pytester).assert_outcomes(passed=3)


def test_a_test_that_says_too_little_too_much_or_something_else_fails(pytester: pytest.Pytester) -> None:
    written(recorded(verify_wrong_then_right), pytester.path / "verify.jsonl")
    pytester.makepyfile(
        DRIVER
        + """
def test_too_little(akis_replay):
    akis_replay.card("verify.jsonl").select_application()

def test_too_little_and_closed(akis_replay):
    card = akis_replay.card("verify.jsonl")
    card.select_application()
    try:
        card.close()
    except ReplayDiffers:
        pass

def test_nothing(akis_replay):
    akis_replay.card("verify.jsonl")

def test_too_much(akis_replay):
    card = akis_replay.card("verify.jsonl")
    drive(card)
    card.serial()

def test_something_else(akis_replay):
    card = akis_replay.card("verify.jsonl")
    with pytest.raises(ReplayDiffers):
        card.serial()

def test_wrong_for_another_reason(akis_replay):
    akis_replay.card("verify.jsonl")
    assert not "the test's own reason"
"""
    )
    result = run(pytester)
    result.assert_outcomes(failed=6)
    text = result.stdout.str()
    assert text.count("recorded exchanges were not asked for; the next is exchange") == 3
    assert "recorded nothing more, now GET DATA" in text
    assert "exchange 1, SELECT" in text
    assert "the test's own reason" in text


def test_a_recorded_secure_session_is_opened_anew(pytester: pytest.Pytester) -> None:
    written(recorded(unblock, "akis-2.2,blocked"), pytester.path / "published.jsonl")
    pytester.makepyfile(
        """
        from akis.emulator.personality import load_personality
        from akis.pin import Pin

        def test_unblock(akis_replay):
            key = load_personality("akis-2.2").key("issuer")
            card = akis_replay.card("published.jsonl")
            card.select_application()
            card.open_session(key.device_keys(key.algorithms[-1]), bytes(range(8)))
            Pin(card).unblock("2468")
            assert Pin(card).tries_left() == 3
        """
    )
    run(pytester).assert_outcomes(passed=1)
    run(pytester, "--akis-sm-keys", "emulator:akis-2.2/issuer").assert_outcomes(passed=1)
    result = run(pytester, "--akis-sm-keys", "emulator:akis-2.2/terminal")
    result.assert_outcomes(failed=1)
