"""What a client lets through to its card: six commands, in their order, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import ResponseApdu
from akis.errors import PolicyRefused
from akis.profile.load import load
from akis.unlock.permitted import Permitted
from akis.unlock.steps import Step
from tests.akis.unlock.issuer import RESET, STEPS, issue_for, new_card
from tests.bench import SUITES
from tests.leaks import silent

PROFILE = load("akis-2")
VERIFY = "00200081 06 313233343536"
FOREIGN = {
    "VERIFY": VERIFY,
    "VERIFY without data": "00200081",
    "VERIFY of the PUK": "00200082 08 3837363534333231",
    "CHANGE": "00240081 0C 313233343536 353933383237",
    "CHANGE by the issuer": "00240181 06 353933383237",
    "RESET in the clear": "002C0281 06 353933383237",
    "RESET by PUK": "002C0081 0E 3837363534333231 353933383237",
    "RESET of the counter by PUK": "002C0181 08 3837363534333231",
    "protected RESET by PUK": "0C2C0081 1D 8711 01 00000000000000000000000000000000 8E08 0000000000000000 00",
    "protected RESET of the counter": "0C2C0381 0A 8E08 0000000000000000 00",
    "protected RESET of the PUK": "0C2C0282 1D 8711 01 00000000000000000000000000000000 8E08 0000000000000000 00",
    "protected VERIFY": "0C200081 1D 8711 01 00000000000000000000000000000000 8E08 0000000000000000 00",
    "link of a chain": "1C2C0281 1D 8711 01 00000000000000000000000000000000 8E08 0000000000000000 00",
    "RESET that only looks protected": "0C2C0281 06 353933383237",
    "RESET with a value in the clear": "0C2C0281 12 8106353933383237 8E08 0000000000000000 00",
    "MSE SET of a signature key": "002241B6 06 800142840101",
    "MSE SET with more in it": "0022C1A4 09 80018C 830101 840101",
    "GET CHALLENGE of another length": "0084000010",
    "MUTUAL AUTHENTICATE with a short token": "00820000 04 00000000 48",
    "SELECT of another application": "00A40400 05 A000000001 00",
    "GET DATA of something else": "00CA0104 00",
    "UPDATE BINARY": "00D60000 01 00",
    "PSO": "002A9E9A 01 00 00",
    "no command": "00A4",
    "nothing": "",
}


def commands(name: str = "akis-2.2") -> list[bytes]:
    """The six commands of an exchange that goes well."""
    card = new_card(name)
    conversation, found = issue_for(card.personality).conversation(), []
    try:
        command = next(conversation)
        while True:
            found.append(command.to_bytes())
            command = conversation.send(ResponseApdu.from_bytes(card.process(found[-1])))
    except StopIteration:
        return found


@pytest.fixture(scope="module")
def six():
    return commands()


def after(six, count: int) -> Permitted:
    """A guard that has let through so many of them."""
    guard = Permitted(PROFILE)
    for raw in six[:count]:
        guard.check(raw)
        guard.answered(ResponseApdu())
    return guard


@pytest.mark.parametrize("name", SUITES)
def test_an_unlock_passes(name):
    guard = Permitted(new_card(name).personality.card_profile())
    begun, resetting = [], []
    for raw in commands(name):
        begun.append(guard.check(raw))
        resetting.append(guard.resetting)
        assert not guard.complete  # an answer is due first
        guard.answered(ResponseApdu())
    assert begun == [Step.MEETING, None, Step.AUTHENTICATING, None, None, Step.RESETTING]
    assert resetting == [False] * 5 + [True]
    assert guard.complete


@pytest.mark.parametrize("count", range(RESET + 1))
@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_nothing_else_passes_at_any_place(six, count, foreign):
    guard = after(six, count)
    with pytest.raises(PolicyRefused, match="it was not given to the card") as refused:
        guard.check(bytes.fromhex(foreign))
    silent(refused.value, ["123456", "87654321", "593827"])


@pytest.mark.parametrize("count", range(RESET + 1))
@pytest.mark.parametrize("other", range(RESET))
def test_each_passes_once_and_in_its_place(six, count, other):
    guard = after(six, count)
    if other == count:
        guard.check(six[other])
    else:
        with pytest.raises(PolicyRefused):
            guard.check(six[other])


@pytest.mark.parametrize("count", range(1, RESET + 1))
def test_nothing_passes_after_the_card_refused(six, count):
    guard = after(six, count - 1)
    guard.check(six[count - 1])
    guard.answered(ResponseApdu(sw=0x6985))
    for raw in six:
        with pytest.raises(PolicyRefused, match=r"although the card had refused the last one|after the last one"):
            guard.check(raw)
    assert not guard.complete


@pytest.mark.parametrize("count", range(1, RESET))
def test_nothing_passes_before_the_card_answered(six, count):
    guard = after(six, count - 1)
    guard.check(six[count - 1])
    with pytest.raises(PolicyRefused):
        guard.check(six[count])


def test_the_refusal_says_what_was_due(six):
    for count, name in enumerate(STEPS):
        with pytest.raises(PolicyRefused, match=name if name != "RESET" else "protected RESET RETRY COUNTER"):
            after(six, count).check(bytes.fromhex(VERIFY))


@given(st.binary(max_size=300), st.integers(0, RESET))
def test_any_bytes_are_refused_or_what_is_due(raw, count):
    guard = after(SIX, count)
    try:
        guard.check(raw)
    except PolicyRefused:
        return
    assert count in (2, 4, 5) or raw == SIX[count]
    assert raw[:4] == SIX[count][:4]


SIX = commands()
