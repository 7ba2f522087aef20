"""How much fits a command and an answer: as much as goes, and not a block more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.conversation.room import Room
from akis.errors import InvalidArgument
from akis.profile.load import load
from akis.sm import CardSession, SecureSession, Suite

SHORT, LONG = (255, False), (0x4000, True)


def sessions(suite: Suite) -> tuple[SecureSession, CardSession]:
    keys = (bytes(range(16)), bytes(range(16, 32)), bytes(suite.block))
    return SecureSession(suite, *keys), CardSession(suite, *keys)


@pytest.mark.parametrize("suite", [Suite.TDES, Suite.AES])
@pytest.mark.parametrize(("max_data", "extended"), [SHORT, LONG, (100, False), (244, False), (300, True)])
def test_in_a_session(suite, max_data, extended):
    profile = replace(load("akis-2"), max_data=max_data, extended_length=extended, signing=None)
    terminal, _ = sessions(suite)
    room = Room.of(profile, terminal)

    def protected_command(length: int) -> int:
        one, _ = sessions(suite)
        return len(one.protect(CommandApdu(0x00, 0xD6, 0, 0, bytes(length), extended=extended)).data)

    def protected_answer(length: int) -> int:
        one, other = sessions(suite)
        other.unprotect(one.protect(CommandApdu(0x00, 0xB0, 0, 0, ne=256, extended=extended)))
        return len(other.protect(ResponseApdu(bytes(length))).data)

    assert protected_command(room.command) <= max_data < protected_command(room.command + suite.block)
    assert protected_answer(room.answer) <= max_data < protected_answer(room.answer + suite.block)


@pytest.mark.parametrize(("limits", "room"), [(SHORT, Room(255, 255)), (LONG, Room(0x4000, 0x4000))])
def test_in_the_clear(limits, room):
    max_data, extended = limits
    assert Room.of(replace(load("akis-2"), max_data=max_data, extended_length=extended)) == room


def test_a_card_without_room_for_protected_commands_has_some_nevertheless():
    terminal, _ = sessions(Suite.AES)
    assert Room.of(replace(load("akis-2"), max_data=8, signing=None), terminal) == Room(1, 1)


@pytest.mark.parametrize(("command", "answer"), [(0, 1), (1, 0), (0x10000, 1), (1, 0x10001)])
def test_what_no_apdu_holds(command, answer):
    with pytest.raises(InvalidArgument):
        Room(command, answer)
