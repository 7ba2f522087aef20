"""What a probe asks emulated cards in all their states, and what it leaves them as."""

from __future__ import annotations

import pytest

from akis.emulator import EmulatorTransport
from tests.akis.probe.probed import BY_AID, BY_NAME, BY_PATH, CARDS, LOOKING, ask, emulated, made_up, pin_object


@pytest.mark.parametrize("name", CARDS)
def test_the_card_is_as_before(name: str) -> None:
    """Counters, values, life cycle and files."""
    card = emulated(name)
    written: list[object] = []
    card.memory.on_commit = written.append
    before = card.save()
    found, sent = ask(EmulatorTransport(card))
    assert card.save() == before
    assert written == []
    assert {command[1] for command in sent} <= LOOKING
    assert {command[0] for command in sent} == {0x00}
    assert len(sent) == found.commands <= 24


def test_a_card_of_the_second_generation() -> None:
    found, sent = ask(EmulatorTransport(emulated("akis-2.5,last-try")))
    assert (found.by_name.selected, found.by_aid.selected, found.by_path.selected) == (True, True, True)
    assert found.application_path == (0x3D00,)
    assert found.application is not None
    assert (found.application.template, found.application.tags) == (0x6F, (0x82, 0x83, 0x84, 0x8A))
    assert [(pin.number, pin.said.max_tries, pin.said.tries_left, pin.said.length) for pin in found.pin_objects] == [
        (1, 3, 1, 6),
        (2, 3, 3, 8),
    ]
    assert found.pins_ended == 0x6A88
    assert found.certificates == ((0x3D00, 0x2F10), (0x3D00, 0x2F11))
    assert [command.hex().upper() for command in sent[:6]] == [
        "00A40000023F0000",
        "00A4040007504B43532D313500",
        "00A404000CA000000063504B43532D313500",
        "00A40800023D0000",
        "00CA010600",
        "00CA010400",
    ]


def test_a_card_of_the_first_generation() -> None:
    found, _ = ask(EmulatorTransport(emulated("akis-1.0,last-try")))
    assert (found.by_name.selected, found.by_aid.selected, found.by_path.selected) == (False, False, True)
    assert found.application is not None
    assert found.application.flags is not None
    assert found.application.flags.tries_left == 1
    assert (found.pin_objects, found.pins_ended) == ((), 0x6D00)
    assert found.certificates == ((0x3D00, 0x2F10),)


def test_a_card_without_an_application() -> None:
    found, sent = ask(EmulatorTransport(emulated("blank")))
    assert (found.application, found.application_path, found.pin_objects, found.certificates) == (None, None, (), ())
    assert len(sent) == 6


def test_the_path_that_the_card_names_comes_before_the_usual_one() -> None:
    by_path = {f"{BY_PATH} 5015": "6F 04 8302 5015 9000", f"{BY_PATH} 3D00": "6F 04 8302 3D00 9000"}
    found, sent = ask(made_up({BY_NAME: "6F 04 8302 5015 9000", **by_path}))
    assert found.application_path == (0x5015,)
    assert bytes.fromhex("00A40800023D0000") not in sent


@pytest.mark.parametrize("fid", ["3F00", "3FFF", "FFFF", "3D00"])
def test_a_path_that_can_be_none_is_not_tried(fid: str) -> None:
    found, sent = ask(made_up({BY_NAME: f"6F 04 8302 {fid} 9000", f"{BY_PATH} 3D00": "9000"}))
    assert found.application_path == (0x3D00,)
    assert next(command[5:].hex() for command in sent if command[:3] == b"\x00\xa4\x08") == "3d0000"


def test_a_file_that_may_not_be_selected_is_there_all_the_same() -> None:
    found, _ = ask(made_up({f"{BY_PATH} 3D00": "9000", "00A40800 04 3D00 2F14": "6982"}))
    assert found.certificates == ((0x3D00, 0x2F14),)


def test_a_terminated_application_is_looked_into() -> None:
    found, _ = ask(made_up({BY_AID: "6285", pin_object(1): "BF8101 06 9A0103 9B0100 9000"}))
    assert found.application is not None
    assert found.application.selected
    assert len(found.pin_objects) == 1


def test_answers_in_pieces_are_fetched() -> None:
    card = made_up({BY_NAME: "6106", "00C00000": "6F 04 8302 3D00 9000"})
    found, sent = ask(card)
    assert found.by_name.template == 0x6F
    assert 0xC0 in {command[1] for command in sent}
    assert {command[1] for command in sent} <= LOOKING


def test_a_card_with_a_pin_object_for_every_number() -> None:
    answers = {pin_object(number): f"BF81{number:02X} 06 9A0103 9B0103 9000" for number in range(1, 128)}
    found, sent = ask(made_up({BY_NAME: "9000", **answers}))
    assert len(found.pin_objects) == 31
    assert found.pins_ended is None
    assert len(sent) < 60


def test_a_pin_object_that_makes_no_sense_is_the_last() -> None:
    found, _ = ask(made_up({BY_NAME: "9000", pin_object(1): "BF8101 06 9A0103 9B0103 9000", pin_object(2): "AA 9000"}))
    assert (len(found.pin_objects), found.pins_unreadable) == (1, True)
