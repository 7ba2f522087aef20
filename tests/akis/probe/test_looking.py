"""The gate through which a probe asks: whatever is behind it, a card gets SELECT and GET DATA and nothing else."""

from __future__ import annotations

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands import files, objects, pin
from akis.conversation.base import Conversation
from akis.emulator import EmulatorTransport
from akis.errors import PolicyRefused, WrongType
from akis.probe.ask import probe
from akis.probe.looking import ALLOWED, MOST_COMMANDS, Looking
from akis.profile.load import load
from tests.akis.probe.probed import Wire, emulated

LOOKS = [files.select_fid(files.MF), files.select_name(b"PKCS-15"), objects.get_data(0x0106), objects.get_pin_object(1)]


def card() -> tuple[Card, Wire]:
    wire = Wire(EmulatorTransport(emulated("akis-2.2")))
    return Card(wire, load("akis-2")), wire


def sending(*commands: CommandApdu) -> Conversation[list[ResponseApdu]]:
    answers = []
    for command in commands:
        answers.append((yield command))
    return answers


def test_looking_goes_through_and_is_counted() -> None:
    driver, wire = card()
    looking = Looking()
    answers = driver.run(looking.only(sending(*LOOKS)))
    assert [str(answer.sw) for answer in answers] == ["9000"] * 4
    assert len(wire.sent) == looking.commands == 4


@pytest.mark.parametrize("ins", sorted(set(range(0x100)) - ALLOWED))
def test_no_other_instruction_does(ins: int) -> None:
    driver, wire = card()
    with pytest.raises(PolicyRefused, match="SELECT and GET DATA only; nothing else was sent"):
        driver.run(Looking().only(sending(LOOKS[0], CommandApdu(0x00, ins, 0x00, 0x81), LOOKS[0])))
    assert wire.sent == [LOOKS[0].to_bytes()]


@pytest.mark.parametrize("cla", [0x01, 0x04, 0x0C, 0x10, 0x80, 0xFF])
def test_nor_another_class(cla: int) -> None:
    driver, wire = card()
    with pytest.raises(PolicyRefused):
        driver.run(Looking().only(sending(LOOKS[0].replace(cla=cla))))
    assert wire.sent == []


def test_it_comes_to_an_end() -> None:
    driver, wire = card()

    def for_ever() -> Conversation[None]:
        while True:
            yield LOOKS[0]

    with pytest.raises(PolicyRefused, match=f"at most {MOST_COMMANDS} questions"):
        driver.run(Looking().only(for_ever()))
    assert len(wire.sent) == MOST_COMMANDS


def test_a_refused_conversation_is_closed() -> None:
    ended = []

    def conversation() -> Conversation[None]:
        try:
            yield pin.verify_empty(0x81)
        finally:
            ended.append(True)

    with pytest.raises(PolicyRefused):
        card()[0].run(Looking().only(conversation()))
    assert ended == [True]


def test_an_open_session_is_not_asked_through() -> None:
    driver, wire = card()
    driver.select_application()
    keys = emulated("akis-2.2").personality.key("terminal")
    driver.open_session(keys.device_keys(keys.algorithms[-1]), bytes(8))
    before = len(wire.sent)
    with pytest.raises(PolicyRefused, match="a secure session is open; nothing was sent"):
        probe(driver)
    assert len(wire.sent) == before
    assert driver.session is not None


def test_what_is_no_card() -> None:
    with pytest.raises(WrongType, match="a probe is of a Card, not of str"):
        probe("emulator:")  # type: ignore[arg-type]
