"""READ BINARY and UPDATE BINARY: offsets near and far, short identifiers, access, and the end of the file."""

from __future__ import annotations

import pytest

from akis.codec import tlv
from akis.emulator import EmulatedCard
from akis.emulator.contents import FileEntry
from tests.akis.emulator.cards import ISSUER, SELECT, TERMINAL, open_session, plain_way, protected_way
from tests.akis.emulator.file_cards import VERIFY, card_with, sending

DATA = FileEntry((0x3D00, 0x4101), content=bytes(range(16)), update="always")
LARGE = FileEntry((0x3D00, 0x4102), content=bytes(number % 251 for number in range(40_000)), update="always")
RECORDS = FileEntry((0x3D00, 0x4103), "linear-fixed", records=(b"one", b"two"), record_length=3)
SELECT_DATA, SELECT_LARGE = "00A4020C 02 4101", "00A4020C 02 4102"


def far(offset: int) -> str:
    return f"05 5403{offset:06X}"


class TestRead:
    def test_the_far_end_of_a_large_file(self):
        send = sending(LARGE)
        send(SELECT_LARGE)
        assert send("00B07FFF 02") == LARGE.content[0x7FFF:0x8001].hex().upper() + "9000"
        got = send(f"00B10000 {far(39_990)} 08")
        assert got == "5306" + LARGE.content[39_990:39_996].hex().upper() + "9000"
        assert send(f"00B10000 {far(39_990)} 00") == "530A" + LARGE.content[39_990:].hex().upper() + "9000"
        assert send(f"00B10000 {far(39_990)} 0D") == "530A" + LARGE.content[39_990:].hex().upper() + "6282"
        assert send(f"00B10000 {far(40_000)} 00") == "6B00"

    @pytest.mark.parametrize("ne", [3, 4, 127, 128, 129, 130, 131, 132, 256])
    def test_ne_counts_the_whole_object(self, ne):
        send = sending(LARGE)
        send(SELECT_LARGE)
        got = bytes.fromhex(send(f"00B10000 03 540100 {ne & 0xFF:02X}"))
        assert got[-2:] == b"\x90\x00"
        assert ne - 1 <= len(got) - 2 <= ne
        [found] = tlv.parse(got[:-2])
        assert (found.tag, found.value) == (0x53, LARGE.content[: len(found.value)])

    def test_the_file_is_named_in_p1_p2(self):
        send = sending(DATA, LARGE)
        assert send("00B14101 03 540104 04") == "530204059000"
        assert send("00B00000 02") == "00019000", "it is the current file now"
        assert send("00B10001 03 540104 04") == "530204059000"
        assert send("00B08104 02") == "04059000"
        assert send("00B14110 03 540104 04") == "6A82"
        assert send("00B1001E 03 540104 04") == "6A82"

    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("00B10000 03 540100 02", "53009000"),
            ("00B10000 03 540100 01", "6700"),
            ("00B10000 03 530100 04", "6A80"),
            ("00B10000 02 5400 04", "6A80"),
            ("00B10000 06 540400000000 04", "6A80"),
            ("00B10000 06 540100540100 04", "6A80"),
            ("00B10000 01 54 04", "6A80"),
            ("00B10000 03 540100", "6700"),
            ("00B10000 04", "6700"),
        ],
    )
    def test_data_that_is_no_offset(self, command, answer):
        send = sending(DATA)
        send(SELECT_DATA)
        assert send(command) == answer

    def test_records_are_not_read_like_this(self):
        send = sending(RECORDS)
        send("00A4020C 02 4103")
        assert send("00B00000 03") == "6981"
        assert send("00D60000 01 00") == "6981"
        assert send("00B10000 03 540100 00") == "6981"


class TestUpdate:
    @pytest.mark.parametrize(
        ("command", "answer", "content"),
        [
            ("00D60002 02 AABB", "9000", "0001AABB0405060708090A0B0C0D0E0F"),
            ("00D6000E 02 AABB", "9000", "000102030405060708090A0B0C0DAABB"),
            ("00D6000F 02 AABB", "6A84", None),
            ("00D60010 01 AA", "6B00", None),
            ("00D68103 01 AA", "9000", "000102AA0405060708090A0B0C0D0E0F"),
            ("00D69E03 01 AA", "6A82", None),
            ("00D60000", "6700", None),
            ("00D60000 01 AA 00", "6700", None),
            ("00D70000 07 540102 5302AABB", "9000", "0001AABB0405060708090A0B0C0D0E0F"),
            ("00D74101 07 540102 5302AABB", "9000", "0001AABB0405060708090A0B0C0D0E0F"),
            ("00D70000 07 54010F 5302AABB", "6A84", None),
            ("00D70000 06 540110 5301AA", "6B00", None),
            ("00D70000 05 540110 5300", "6A80", None),
            ("00D70000 03 540102", "6A80", None),
        ],
    )
    def test_a_row(self, command, answer, content):
        send = sending(DATA)
        send(SELECT_DATA)
        assert send(command) == answer
        assert send("00B00000 00") == (content or DATA.content.hex().upper()) + "9000"

    def test_a_whole_certificate_is_replaced_past_32_kilobytes(self):
        send = sending(LARGE)
        send(SELECT_LARGE)
        assert send("00D70000 0A 54029C3C 53 04 CAFECAFE") == "9000"
        assert send("00B10000 04 54029C3C 06") == "5304CAFECAFE9000"

    def test_it_survives_a_power_cut_and_a_restart(self):
        card = card_with(DATA)
        send = plain_way(card)
        send(SELECT_DATA)
        send("00D60000 02 CAFE")
        card.reset()
        again = EmulatedCard.restore(card.personality, card.save())
        for one in (card, again, again.fork()):
            send = plain_way(one)
            send(SELECT)
            assert send("00B08100 02") == "CAFE9000"
        assert again.save() == card.save()

    def test_nothing_written_is_nothing_saved(self):
        card = card_with(DATA)
        before = card.save()
        plain_way(card)("00D68110 01 AA")
        assert card.save() == before
        assert b"files" not in before


class TestAccess:
    def test_pin(self):
        send = sending(FileEntry((0x3D00, 0x4104), size=2, read="pin", update="pin"))
        assert [send("00B08400 00"), send("00D68400 01 AA")] == ["6982", "6982"]
        assert send(VERIFY) == "9000"
        assert [send("00D68400 01 AA"), send("00B08400 00")] == ["9000", "AA009000"]
        send("00A40000 02 3F00 00")
        send(SELECT)
        assert send("00B08400 00") == "6982", "leaving the application ends what was verified"

    def test_never(self):
        send = sending(FileEntry((0x3D00, 0x4104), size=2, read="never"))
        send(VERIFY)
        assert [send("00B08400 00"), send("00D68400 01 AA")] == ["6982", "6982"]

    @pytest.mark.parametrize(("key", "answer"), [(ISSUER, "9000"), (TERMINAL, "6982")])
    def test_issuer(self, key, answer):
        card = card_with(FileEntry((0x3D00, 0x4104), size=2, update="issuer"))
        assert plain_way(card)("00D68400 01 AA") == "6982"
        send = protected_way(card, open_session(card, key))
        assert send("00D68400 01 AA") == answer
        assert send("00B18400 03 540100 04")[-4:] == "6A82"
        assert send("00B10004 03 540100 04") == ("5302AA009000" if key == ISSUER else "530200009000")
