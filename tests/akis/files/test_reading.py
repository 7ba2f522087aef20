"""Reading files: every byte of them, whatever the card says of sizes and however it ends a file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.fci import FileControl
from akis.errors import CardError, CodecError, InvalidArgument, WrongType
from akis.files import Files
from akis.profile.load import load
from tests.akis.card.answers import Answers
from tests.akis.files.file_card import DF, FileCard, some
from tests.bench import bench

EF = (0x3D00, 0x2F10)


def card_with(content, **habits) -> FileCard:
    return FileCard({(): DF, (0x3D00,): DF, EF: content}, **habits)


class TestWholeFiles:
    @pytest.mark.parametrize("size", [1, 254, 255, 256, 510, 511, 1000])
    @pytest.mark.parametrize("says_size", [True, False])
    @pytest.mark.parametrize("end", ["6282", "9000", "6CXX"])
    def test_every_byte_comes(self, size, says_size, end):
        card = card_with(some(size), says_size=says_size, end=end)
        assert card.driver().read(EF) == some(size)

    def test_a_known_size_is_read_with_nothing_to_spare(self):
        card = card_with(some(300))
        card.driver().read(EF)
        assert card.log == ["00A40800043D002F1000", "00B00000FF", "00B000FF2D"]

    def test_an_unknown_size_ends_where_the_answer_is_short(self):
        card = card_with(some(300), says_size=False)
        card.driver().read(EF)
        assert card.log[1:] == ["00B00000FF", "00B000FFFF"]

    def test_an_unknown_size_that_is_whole_pieces_ends_behind_the_last(self):
        card = card_with(some(510), says_size=False)
        assert card.driver().read(EF) == some(510)
        assert card.log[-1] == "00B001FEFF"  # 6B00

    @pytest.mark.parametrize("says_size", [True, False])
    def test_an_empty_file(self, says_size):
        assert card_with(bytearray(), says_size=says_size).driver().read(EF) == b""

    def test_a_card_that_gives_less_at_a_time_than_it_was_asked_for(self):
        assert card_with(some(700), most=100).driver().read(EF) == some(700)

    def test_a_card_that_ends_before_its_own_size_gives_what_there_is(self):
        class Overstated(FileCard):
            def _control(self, path):
                return replace(super()._control(path), size=900)

        card = Overstated({EF: some(600)})
        assert card.driver().read(EF) == some(600)
        assert card.driver().select(EF).size == 900

    def test_progress_counts_bytes(self):
        seen = []
        card_with(some(600)).driver().read(EF, lambda done, total: seen.append((done, total)))
        assert seen == [(255, 600), (510, 600), (600, 600)]
        seen.clear()
        card_with(some(300), says_size=False).driver().read(EF, lambda done, total: seen.append((done, total)))
        assert seen == [(255, None), (300, None)]


class TestBeyond32767:
    """There the offset moves from P1-P2 into DO'54' (ISO/IEC 7816-4:2005 §7.2.2)."""

    @pytest.mark.parametrize("size", [0x7FFF, 0x8000, 0x8001, 40_000, 70_000])
    @pytest.mark.parametrize("wraps", ["answer", "data"])
    @pytest.mark.parametrize("says_size", [True, False])
    def test_every_byte_comes(self, size, wraps, says_size):
        card = card_with(some(size), wraps=wraps, says_size=says_size)
        assert card.driver().read(EF) == some(size)

    def test_with_extended_length(self):
        card = card_with(some(70_000))
        assert card.driver(extended=True).read(EF) == some(70_000)
        assert len(card.sent) < 8

    def test_bytes(self):
        card = card_with(some(0x8000 + 200))
        card.driver().read(EF)
        # the last piece with P1-P2 begins at 32640 and ends behind 32767
        assert card.log[-2:] == ["00B07F80FF", "00B10000045402807F4D"]

    def test_a_card_without_the_odd_instruction_refuses_and_says_where(self):
        with pytest.raises(CardError, match="at byte 32895 failed: 6D00"):
            card_with(some(40_000), refuse={0xB1: 0x6D00}).driver().read(EF)

    @pytest.mark.parametrize("answer", ["5381", "5304AABB", "5402AABB", "AABB", "530153530153"])
    def test_an_answer_that_is_no_data_object_53(self, answer):
        class Odd(FileCard):
            def _read_far(self, offset, ne):
                return super()._read(0, 1).__class__(bytes.fromhex(answer))

        with pytest.raises(CodecError):
            Odd({EF: some(40_000)}).driver().read(EF)


class TestInASession:
    def test_a_file_is_the_same_and_each_piece_is_one_exchange(self):
        for suite in ("akis-2.2", "akis-2.5"):
            on = bench(suite)
            plain = Files(on.card).read((0x2F00,))
            on.open()
            sent = len(on.wire.sent)
            assert Files(on.card).read((0x2F00,)) == plain
            assert len(on.wire.sent) - sent == 2
            assert all(raw[0] == 0x0C for raw in on.wire.sent[sent:])

    @pytest.mark.parametrize(("suite", "command", "answer"), [("akis-2.2", 239, 231), ("akis-2.5", 239, 223)])
    def test_there_is_less_room(self, suite, command, answer):
        on = bench(suite)
        assert (Files(on.card).room.command, Files(on.card).room.answer) == (255, 255)
        on.open()
        assert (Files(on.card).room.command, Files(on.card).room.answer) == (command, answer)


class TestRecords:
    RECORDS = tuple(bytes((number,)) * 16 for number in range(1, 6))

    @pytest.mark.parametrize("says_size", [True, False])
    def test_all(self, says_size):
        card = card_with(list(self.RECORDS), says_size=says_size)
        seen = []
        assert card.driver().records(EF, lambda *counts: seen.append(counts)) == self.RECORDS
        assert seen[-1] == (5, 5 if says_size else None)
        assert card.log[1:6] == [f"00B20{number}0400" for number in range(1, 6)]
        assert len(card.log) == (6 if says_size else 7)

    def test_none(self):
        assert card_with([], says_size=False).driver().records(EF) == ()

    def test_there_are_254_at_most(self):
        card = card_with([b"A"] * 300, says_size=False)
        assert len(card.driver().records(EF)) == 254

    def test_one(self):
        card = card_with(list(self.RECORDS))
        assert card.driver().record(EF, 3) == self.RECORDS[2]
        with pytest.raises(CardError, match="READ RECORD 6 failed: 6A83"):
            card.driver().record(EF, 6)
        with pytest.raises(InvalidArgument):
            card.driver().record(EF, 0)

    def test_a_transparent_file_has_none(self):
        card = card_with(some(3))
        with pytest.raises(InvalidArgument, match="3D00/2F10 has no records, it is of kind transparent"):
            card.driver().records(EF)

    def test_and_a_file_of_records_is_not_read_as_bytes(self):
        with pytest.raises(InvalidArgument, match="no transparent file but of kind linear-fixed"):
            card_with([b"A"]).driver().read(EF)


class TestRefusals:
    def test_no_such_file(self):
        with pytest.raises(CardError, match="SELECT of 3D00/2F11 failed: 6A82"):
            card_with(some(1)).driver().read((0x3D00, 0x2F11))

    def test_a_file_that_may_not_be_read(self):
        card = card_with(some(1), refuse={0xB0: 0x6982})
        with pytest.raises(CardError, match="READ BINARY at byte 0 failed: 6982"):
            card.driver().read(EF)
        assert len(card.sent) == 2

    def test_a_wrong_le_twice_is_the_end_of_it(self):
        card = card_with(some(100), refuse={0xB0: 0x6C10})
        with pytest.raises(CardError, match="6C10"):
            card.driver().read(EF)
        assert card.log[1:] == ["00B0000064", "00B0000010"]

    @pytest.mark.parametrize("path", ["3D00", None, [0x3D00], (0x10000,), (-1,), ("3D00",), (0x3D00, 0x3F00)])
    def test_what_is_no_path(self, path):
        card = card_with(some(1))
        with pytest.raises(InvalidArgument):
            card.driver().read(path)
        assert card.sent == []

    def test_the_mf_may_stand_in_front(self):
        assert card_with(some(1)).driver().select((0x3F00, *EF)).size == 1
        assert card_with(some(1)).driver().select((0x3F00,)).is_df

    @pytest.mark.parametrize("answer", ["6283", "6285"])
    def test_a_deactivated_or_terminated_file_is_selected_all_the_same(self, answer):
        control = FileControl(size=3, descriptor=1, life_cycle=4)
        wire = Answers(control.to_bytes() + bytes.fromhex(answer))
        assert Files(Card(wire, load("akis-2"))).select(EF) == control

    def test_a_card_that_says_nothing_of_a_file(self):
        assert Files(Card(Answers(), load("akis-2"))).select(EF) == FileControl()

    @pytest.mark.parametrize("card", [None, "emulator:", Answers()])
    def test_files_are_on_a_card(self, card):
        with pytest.raises(WrongType):
            Files(card)


def test_a_card_that_never_ends_is_no_card():
    profile = replace(load("akis-2"), extended_length=True, max_data=0xFFFF)

    class Endless(Answers):
        def transmit(self, command):
            return b"\x90\x00" if command[1] == 0xA4 else bytes(0xFFFF if command[1] == 0xB0 else 0) + b"\x90\x00"

    files = Files(Card(Endless(), profile))
    assert files.read(EF) == bytes(0xFFFF)  # an answer of nothing ends a file

    class Wrapped(Endless):
        def transmit(self, command):
            wrapped = b"\x53\x82\xff\x00" + bytes(0xFF00) + b"\x90\x00"
            return wrapped if command[1] == 0xB1 else super().transmit(command)

    with pytest.raises(CodecError, match="no file on a card"):
        Files(Card(Wrapped(), profile)).read(EF)
