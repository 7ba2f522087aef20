"""Updating files: what is sent, what is compared afterwards, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from akis.codec.apdu import ResponseApdu
from akis.codec.fci import FileControl
from akis.conversation.room import Room
from akis.conversation.write_files import ReadBackDiffers, append_record, update_current, update_record
from akis.errors import CardError, CardRemoved, InvalidArgument, PolicyRefused
from tests.akis.files.file_card import DF, FileCard, some
from tests.leaks import silent

EF = (0x3D00, 0x2F10)
UPDATES = (0xD6, 0xD7, 0xDC, 0xE2)


def card_with(content, **habits) -> FileCard:
    return FileCard({(): DF, (0x3D00,): DF, EF: content}, **habits)


def updates(card: FileCard) -> list[str]:
    return [command.to_bytes().hex().upper() for command in card.sent if command.ins in UPDATES]


class TestBytes:
    def test_they_are_written_where_they_belong_and_read_back(self):
        card = card_with(bytearray(10))
        card.driver().update(EF, b"\x01\x02\x03", 4)
        assert card.files[EF] == bytes.fromhex("00000000010203000000")
        assert card.log[1:] == ["00D6000403010203", "00B0000403"]

    @pytest.mark.parametrize("size", [1, 255, 256, 600])
    @pytest.mark.parametrize("says_size", [True, False])
    def test_any_length(self, size, says_size):
        card = card_with(bytearray(size), says_size=says_size)
        card.driver().update(EF, bytes(some(size)))
        assert card.files[EF] == some(size)

    def test_beyond_32767(self):
        card = card_with(bytearray(40_000))
        card.driver().update(EF, bytes(some(8_000)), 32_000)
        assert card.files[EF] == bytes(32_000) + some(8_000)
        assert {command[:4] for command in updates(card)} == {"00D6", "00D7"}
        assert updates(card)[4].startswith("00D70000FD 540280FC 5381F6".replace(" ", ""))

    def test_with_extended_length(self):
        card = card_with(bytearray(70_000))
        card.driver(extended=True).update(EF, bytes(some(70_000)))
        assert card.files[EF] == some(70_000)
        assert len(updates(card)) < 8

    def test_progress(self):
        seen = []
        card_with(bytearray(600)).driver().update(EF, bytes(600), 0, lambda *counts: seen.append(counts))
        assert seen == [(done, 1200) for done in (255, 510, 600, 855, 1110, 1200)]

    def test_63cx_is_a_success_that_took_more_attempts(self):
        conversation = update_current(Room(255, 255), b"A")
        next(conversation)
        assert conversation.send(ResponseApdu(sw=0x63C2)).ins == 0xB0


class TestRefusedBeforeAnythingIsSent:
    @pytest.mark.parametrize(("length", "offset"), [(11, 0), (1, 10), (5, 6), (1, 1 << 30)])
    @pytest.mark.parametrize("says_size", [True, False])
    def test_what_does_not_fit(self, length, offset, says_size):
        card = card_with(bytearray(10), says_size=says_size)
        with pytest.raises(PolicyRefused, match=r"10 bytes, too few for .* nothing was written"):
            card.driver().update(EF, bytes(length), offset)
        assert updates(card) == []

    @pytest.mark.parametrize(("data", "offset"), [(b"", 0), (b"A", -1)])
    def test_nothing_and_nowhere(self, data, offset):
        card = card_with(bytearray(10))
        with pytest.raises(InvalidArgument):
            card.driver().update(EF, data, offset)
        assert updates(card) == []

    def test_records_are_not_updated_as_bytes_nor_bytes_as_records(self):
        for content in ([b"A" * 16], None):
            card = card_with(content)
            with pytest.raises(InvalidArgument):
                card.driver().update(EF, b"A")
            assert updates(card) == []
        card = card_with(bytearray(16))
        for write in (lambda files: files.update_record(EF, 1, b"A"), lambda files: files.append_record(EF, b"A")):
            with pytest.raises(InvalidArgument):
                write(card.driver())
        assert updates(card) == []

    @pytest.mark.parametrize("data", [b"A" * 15, b"A" * 17])
    def test_a_record_of_another_length(self, data):
        card = card_with([bytes(16)])
        with pytest.raises(PolicyRefused, match="exactly 16 bytes"):
            card.driver().update_record(EF, 1, data)
        with pytest.raises(PolicyRefused, match="exactly 16 bytes"):
            card.driver().append_record(EF, data)
        assert updates(card) == []

    def test_a_record_that_is_not_there(self):
        card = card_with([bytes(16)])
        with pytest.raises(PolicyRefused, match="1 records, no number 2"):
            card.driver().update_record(EF, 2, bytes(16))
        assert updates(card) == []

    def test_a_variable_record_may_be_shorter_but_not_longer(self):
        control = FileControl(descriptor=0x04, record_length=8)
        assert next(append_record(b"A" * 8, control)).data == b"A" * 8
        assert next(update_record(1, b"A", control)).data == b"A"
        with pytest.raises(PolicyRefused, match="at most 8 bytes"):
            next(append_record(b"A" * 9, control))


class TestWhatGoesWrong:
    def test_a_card_that_keeps_its_old_bytes_is_found_out(self):
        card = card_with(bytearray(600), ignores=255)
        with pytest.raises(ReadBackDiffers, match="from byte 257 on") as caught:
            card.driver().update(EF, bytes(some(600)))  # bytes 255 and 256 are zeros anyway
        assert caught.value.offset == 257
        silent(str(caught.value), [bytes(some(600))[255:290]])

    def test_so_is_one_that_gives_fewer_back(self):
        class Shrinking(FileCard):
            def _read(self, offset, ne):
                answer = super()._read(offset, ne)
                return answer.__class__(answer.data[:50], 0x6282)

        with pytest.raises(ReadBackDiffers, match="from byte 50 on"):
            Shrinking({EF: bytearray(100)}).driver().update(EF, bytes(100))

    def test_a_refusal_says_how_much_is_written(self):
        card = card_with(bytearray(600), refuse={0xD6: 0x6982})
        with pytest.raises(CardError, match=r"at byte 0 failed \(nothing was written\): 6982"):
            card.driver().update(EF, bytes(600))
        card = card_with(bytearray(600), refuse={0xD600FF: 0x6581})
        with pytest.raises(CardError, match=r"at byte 255 failed \(at least 255 of 600 bytes are written\): 6581"):
            card.driver().update(EF, b"A" * 600)
        assert len(updates(card)) == 2

    def test_no_update_is_sent_twice(self):
        for word in (0x6C10, 0x6282, 0x63C0, 0x6F00):
            card = card_with(bytearray(16), refuse={0xD6: word})
            with pytest.raises(CardError):
                card.driver().update(EF, bytes(16))
            assert len(updates(card)) == 1

    def test_bytes_that_may_be_written_but_not_read(self):
        card = card_with(bytearray(16), refuse={0xB0: 0x6982})
        with pytest.raises(CardError, match="accepted the bytes, and reading them back to compare them failed: 6982"):
            card.driver().update(EF, bytes(16))

    @pytest.mark.parametrize("sw", [0x6300, 0x63C0, 0x6581, 0x6600, 0x6F00])
    def test_a_word_that_leaves_open_what_the_card_did(self, sw):
        for refused, call in (
            (0xD6, lambda files: files.update(EF, bytes(16))),
            (0xDC, lambda files: files.update_record(EF, 1, bytes(16))),
            (0xE2, lambda files: files.append_record(EF, bytes(16))),
        ):
            card = card_with(bytearray(16) if refused == 0xD6 else [bytes(16)], refuse={refused: sw})
            with pytest.raises(CardError, match="whether it was written is not known") as caught:
                call(card.driver())
            assert "nothing" not in str(caught.value)
            assert len(updates(card)) == 1

    def test_a_card_that_is_gone(self):
        class Gone(FileCard):
            def _update(self, offset, data):
                raise CardRemoved("the card was removed")

        with pytest.raises(CardRemoved):
            Gone({EF: bytearray(16)}).driver().update(EF, bytes(16))


class TestRecords:
    def test_one_is_replaced_and_read_back(self):
        card = card_with([bytes(16), bytes(16)])
        card.driver().update_record(EF, 2, b"A" * 16)
        assert card.files[EF] == [bytes(16), b"A" * 16]
        assert card.log[1:] == [f"00DC020410{'41' * 16}", "00B2020400"]

    def test_one_is_added(self):
        card = card_with([bytes(16)])
        card.driver().append_record(EF, b"A" * 16)
        assert card.files[EF] == [bytes(16), b"A" * 16]
        assert updates(card) == [f"00E2000010{'41' * 16}"]

    def test_a_card_that_keeps_its_old_record_is_found_out(self):
        card = card_with([bytes(16)], ignores=0)
        with pytest.raises(ReadBackDiffers, match="accepted record 1, but from byte 2 on"):
            card.driver().update_record(EF, 1, bytes(2) + b"A" * 14)

    def test_in_a_cyclic_file_the_new_one_is_record_1_and_is_read_back(self):
        conversation = append_record(b"AB", FileControl(descriptor=0x06, record_length=2))
        assert next(conversation).ins == 0xE2
        assert conversation.send(ResponseApdu()).to_bytes() == bytes.fromhex("00B2010400")
        with pytest.raises(ReadBackDiffers):
            conversation.send(ResponseApdu(b"XX"))
