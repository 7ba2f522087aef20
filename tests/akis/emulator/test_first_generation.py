"""The akis-1.0 card: SELECT with flags, PINs in its own form, and what it has in a class of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.emulator import EmulatedCard, load_personality
from akis.emulator.contents import FileEntry
from akis.emulator.memory import Memory
from akis.errors import InvalidArgument, ProfileError
from tests.akis.emulator.cards import NEW, PIN, PUK, Way, personality, plain_way
from tests.akis.emulator.file_cards import SELECT_1_0 as SELECT
from tests.akis.emulator.file_cards import VERIFY, card_with, first_generation, sending

WRONG = "00200081 06 303030303030"


def change(old: str, new: str, header: str = "00240201") -> str:
    data = f"{len(old) // 2:02X}{old}{len(new) // 2:02X}{new}"
    return f"{header} {len(data) // 2:02X} {data}"


def flags(send: Way, select: str = SELECT) -> int:
    """The byte of tag 90, which comes last."""
    answer = bytes.fromhex(send(select))
    assert (answer[0], answer[1], answer[-5:-3], answer[-2:]) == (0x6F, len(answer) - 4, b"\x90\x01", b"\x90\x00")
    return answer[-3]


class TestIdentity:
    def test_atr_serial_and_life_cycle(self):
        card = EmulatedCard.named("akis-1.0")
        assert card.atr.hex().upper() == "3BBA11008131FE4D55454B41452056312E30AE"
        send = plain_way(card)
        answer = send("00CA0106 4D")
        assert (len(answer), answer[110:134]) == (2 * 0x4D + 4, "414B49530100000000000001")
        assert send("00CA0104 0A") == "000000000000A50000009000"

    def test_everything_is_in_the_clear_and_short(self):
        send = first_generation()
        assert send("0C200081") == "6882"
        assert send("00A40000 000002 3F00 0000") == "6700"
        assert send(f"00D60000 F4 {'00' * 244}") == "6986"
        assert send(f"00D60000 F5 {'00' * 245}") == "6700"

    def test_instructions(self):
        send = first_generation()
        for cla, known in (
            (0x00, {0x20, 0x22, 0x24, 0x2A, 0xA4, 0xB0, 0xB2, 0xCA, 0xD6, 0xDC, 0xE2}),
            (0x80, {0x09, 0x10, 0x15, 0x16, 0x18, 0x1A}),
        ):
            for ins in range(0x100):
                assert (send(f"{cla:02X}{ins:02X}FFFE") == "6D00") is (ins not in known), f"{cla:02X}{ins:02X}"
        assert send("90180000 00") == "6E00"
        assert send("84180000 00") == "6E00"


class TestSelect:
    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("00A40000 02 3F00 00", "6F0A 820138 83023F00 900102 9000"),
            ("00A40000 02 3D00 00", "6F0A 820138 83023D00 900102 9000"),
            ("00A40800 02 3D00 00", "6F0A 820138 83023D00 900102 9000"),
            ("00A40800 04 3F003D00 00", "6F0A 820138 83023D00 900102 9000"),
            ("00A40800 02 3F00 00", "6F0A 820138 83023F00 900102 9000"),
            ("00A40800 06 3F003D005031 00", "6F0E 80020024 820101 83025031 900102 9000"),
            ("00A40800 04 3D005031 00", "6F0E 80020024 820101 83025031 900102 9000"),
            ("00A40800 04 3D005034 00", "6A82"),
            ("00A4080C 04 3D005031", "9000"),
            ("00A40000 02 2F00 00", "6A82"),
            ("00A40200 02 3D00 00", "6A82"),
            ("00A40200 02 2F00 00", "6F0E 80020029 820101 83022F00 900102 9000"),
            ("00A40000 02 3D00 09", "6C0C"),
            ("00A40000 00", "6A80"),
            ("00A40800 00", "6A80"),
            ("00A40800 03 3D0050 00", "6A80"),
            ("00A40400 07 504B43532D3135 00", "6A80"),
            ("00A40400 06 504B43532D31 00", "6A86"),
            ("00A40004 02 3F00 00", "6A86"),
        ],
    )
    def test_from_the_mf(self, command, answer):
        assert first_generation()(command) == answer.replace(" ", "")

    def test_flags_tell_of_wrong_pins(self):
        send = first_generation()
        assert flags(send) == 0x02
        for answer, after in (("63C2", 0x42), ("63C1", 0xC2), ("63C0", 0xC2)):
            assert send(WRONG) == answer
            assert flags(send) == after
        assert send(WRONG) == "6984"
        assert flags(send, "00A40000 02 3F00 00") == 0x02

    def test_flags_tell_of_a_new_pin_and_of_what_needs_it(self):
        card = EmulatedCard.named("akis-1.0", "new")
        send = plain_way(card)
        assert flags(send) == 0x0A
        assert send(VERIFY) == "6984"
        assert flags(send, "00A40200 02 4118 00") == 0x2E
        assert flags(send, "00A40200 02 2F10 00") == 0x02


class TestPins:
    def test_change_has_both_lengths(self):
        send = first_generation()
        send(SELECT)
        assert send(change(PIN, NEW)) == "9000"
        assert send(f"00200081 05 {NEW}") == "9000"
        assert send(change(NEW, "31" * 16)) == "9000"
        assert send(f"00200081 10 {'31' * 16}") == "9000"
        assert send(change(PUK, "32" * 8, "00240202")) == "9000"
        assert send(f"00200082 08 {'32' * 8}") == "9000"

    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            (change("30" * 6, NEW), "63C2"),
            (change(PIN, "31" * 3), "6A80"),
            (change(PIN, "31" * 17), "6A80"),
            (change(PIN, "4142434445"), "6A80"),
            (f"00240201 0B {PIN}{NEW}", "6A80"),
            (f"00240201 07 06{PIN}", "6A80"),
            (f"00240201 0E 06{PIN}05{NEW}31", "6A80"),
            ("00240201", "6A80"),
            (change(PIN, NEW, "00240281"), "6A88"),
            (change(PIN, NEW, "00240101"), "6A88"),
            (change(PIN, NEW, "00240203"), "6A88"),
            (change(PIN, NEW, "00240081"), "6A86"),
        ],
    )
    def test_what_is_refused_spends_no_try_unless_it_is_a_wrong_pin(self, command, answer):
        card = EmulatedCard.named("akis-1.0")
        send = plain_way(card)
        send(SELECT)
        assert send(command) == answer
        assert card.memory.references[0x81].left == (2 if answer == "63C2" else 3)
        assert send(VERIFY) == "9000"

    def test_only_in_the_application(self):
        send = first_generation()
        assert [send(VERIFY), send(change(PIN, NEW))] == ["6A88", "6A88"]

    def test_logout(self):
        send = first_generation()
        send(SELECT)
        assert [send(VERIFY), send("00200081")] == ["9000", "9000"]
        assert [send("801A0000"), send("00200081")] == ["9000", "63C3"]
        assert [send("801A0001"), send("801A0000 01 00"), send("0020FF81")] == ["6A86", "6700", "6A86"]

    def test_there_is_no_way_to_unblock(self):
        send = plain_way(EmulatedCard.named("akis-1.0", "blocked"))
        send(SELECT)
        assert [send(VERIFY), send(change(PIN, NEW)), send(f"002C0081 0D {PUK}{NEW}")] == ["6984", "6984", "6D00"]


def test_a_card_keeps_its_dialect():
    card = EmulatedCard.named("akis-1.0")
    send = plain_way(card)
    send(SELECT)
    send(change(PIN, "31" * 12))
    again = plain_way(EmulatedCard.restore(card.personality, card.save()))
    again(SELECT)
    assert again(f"00200081 0C {'31' * 12}") == "9000"
    assert Memory.restore(card.save()).dialect == "1.0"
    with pytest.raises(ProfileError, match=r"one of dialect 1\.0, and akis-2\.2 is not"):
        EmulatedCard.restore(personality(), card.save())


def test_a_blank_card_has_neither_application_nor_pin():
    card = EmulatedCard.named("blank")
    send = plain_way(card)
    assert card.atr[-2:] == b"\x01\x5f"
    assert send("00A40000 02 3F00 00") == "6F0A82013883023F008A01019000"
    assert [send("00A40000 02 3D00 00"), send("00A40000 02 2F00 00"), send(VERIFY)] == ["6A82", "6A82", "6A88"]
    assert send("00CA0104 00")[12:14] == "A0"
    assert send("0022C1A4 06 80010C 830101") == "6A88"
    with pytest.raises(InvalidArgument, match="blank has no PIN, so there is none that is blocked"):
        EmulatedCard.named("blank", "blocked")
    assert EmulatedCard.named("blank", "dead").memory.dead


def test_both_generations_read_the_same_file():
    entry = FileEntry((0x3D00, 0x4101), content=b"same")
    for name in ("akis-1.0", "akis-2.2"):
        assert sending(entry, name=name)("00B08100 00") == "73616D659000"
    assert card_with(entry, name="akis-1.0").personality == replace(load_personality("akis-1.0"), files=(entry,))
