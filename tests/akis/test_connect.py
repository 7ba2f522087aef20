"""From the words of a command line to a card."""

from __future__ import annotations

import pytest

from akis.connect import connect
from akis.emulator.wanted import wanted
from akis.errors import InvalidArgument, ProfileError
from akis.pin import Pin


def test_the_default_emulated_card() -> None:
    connection = connect("emulator:")
    assert connection.name == "emulator, akis-2.2"
    with connection.card() as card:
        card.select_application()
        assert Pin(card).tries_left() == 3


@pytest.mark.parametrize(
    ("target", "name", "left", "state"),
    [
        ("emulator:akis-2.5", "akis-2.5", 3, "active"),
        ("emulator:,blocked", "akis-2.2", 0, "active"),
        ("emulator:akis-2.5,last-try", "akis-2.5", 1, "active"),
        ("emulator:akis-2.2,new", "akis-2.2", 3, "unset"),
    ],
)
def test_name_and_state(target: str, name: str, left: int, state: str) -> None:
    card = wanted(target.removeprefix("emulator:")).card()
    pin = card.memory.references[0x81]
    assert (card.personality.name, pin.left, pin.state) == (name, left, state)


def test_the_environment_names_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKIS_READER", "emulator:akis-2.5")
    assert connect().name == "emulator, akis-2.5"
    assert connect("emulator:akis-2.2").name == "emulator, akis-2.2"


def test_what_there_is_not() -> None:
    with pytest.raises(InvalidArgument, match="no card state 'lost'; there are new, blocked, last-try, dead"):
        connect("emulator:,lost")
    with pytest.raises(ProfileError, match=r"no personality 'visa'; there are akis-2\.2, akis-2\.5"):
        connect("emulator:visa")
