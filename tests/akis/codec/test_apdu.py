"""Commands and answers as values, and their bytes."""

import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import CodecError, InvalidArgument, WrongType
from akis.status import StatusWord

BYTE = st.integers(0, 0xFF)
DATA = st.binary(max_size=300)
NE = st.none() | st.integers(1, 300) | st.sampled_from([0x100, 0x101, 0xFFFF, 0x10000])
COMMANDS = st.builds(CommandApdu, BYTE, BYTE, BYTE, BYTE, DATA, NE, st.booleans())

# One of each encoding, ISO/IEC 7816-3 §12.1.
ENCODINGS = [
    ("1", "00A40000", b"", None, False),
    ("2S", "00A40000 10", b"", 16, False),
    ("2S", "00A40000 00", b"", 256, False),
    ("3S", "00A40000 02 3F00", b"\x3f\x00", None, False),
    ("4S", "00A40000 02 3F00 10", b"\x3f\x00", 16, False),
    ("4S", "00A40000 02 3F00 00", b"\x3f\x00", 256, False),
    ("2E", "00A40000 000010", b"", 16, True),
    ("2E", "00A40000 000100", b"", 256, True),
    ("2E", "00A40000 000101", b"", 257, True),
    ("2E", "00A40000 000000", b"", 65536, True),
    ("3E", "00A40000 000002 3F00", b"\x3f\x00", None, True),
    ("4E", "00A40000 000002 3F00 0010", b"\x3f\x00", 16, True),
    ("4E", "00A40000 000002 3F00 0000", b"\x3f\x00", 65536, True),
]


@pytest.mark.parametrize(("case", "text", "data", "ne", "extended"), ENCODINGS)
class TestEncodings:
    def test_reads(self, case, text, data, ne, extended):
        command = CommandApdu.from_bytes(bytes.fromhex(text))
        assert (command.case, command.data, command.ne, command.extended) == (case, data, ne, extended)
        assert command.header == bytes.fromhex("00A40000")

    def test_writes(self, case, text, data, ne, extended):
        assert CommandApdu(0, 0xA4, 0, 0, data, ne, extended).to_bytes() == bytes.fromhex(text)


class TestCommandBytes:
    @given(COMMANDS)
    def test_reading_undoes_writing(self, command):
        again = CommandApdu.from_bytes(command.to_bytes())
        assert again == command
        assert (again.data, again.ne, again.extended) == (command.data, command.ne, command.extended)

    @given(st.binary(max_size=16) | st.binary(max_size=600))
    @example(bytes(4) + bytes.fromhex("00FFFF") + bytes(65535))
    @example(bytes(4) + bytes.fromhex("00FFFF") + bytes(65537))
    @example(bytes(4) + bytes.fromhex("00FFFF") + bytes(65538))
    def test_any_bytes_are_a_command_that_writes_the_same_or_are_refused(self, raw):
        try:
            command = CommandApdu.from_bytes(raw)
        except CodecError:
            return
        assert command.to_bytes() == raw

    @pytest.mark.parametrize(
        ("text", "offset"),
        [
            ("", 0),
            ("00A400", 3),
            ("00A40000 02 3F", 4),
            ("00A40000 02 3F00 00 00", 4),
            ("00A40000 0000", 4),
            ("00A40000 000000 00", 5),
            ("00A40000 000000 0000", 5),
            ("00A40000 000003 3F00", 5),
            ("00A40000 000002 3F00 00", 5),
            ("00A40000 000002 3F00 0000 00", 5),
        ],
    )
    def test_refused_with_the_place(self, text, offset):
        with pytest.raises(CodecError) as caught:
            CommandApdu.from_bytes(bytes.fromhex(text))
        assert caught.value.offset == offset

    def test_refusal_tells_the_lengths(self):
        with pytest.raises(CodecError, match="Lc does not fit the 1 bytes"):
            CommandApdu.from_bytes(bytes.fromhex("00A40000 02 3F"))
        with pytest.raises(CodecError, match="extended Lc does not fit the 2 bytes"):
            CommandApdu.from_bytes(bytes.fromhex("00A40000 000003 3F00"))

    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_reads_whatever_is_like_bytes(self, kind):
        command = CommandApdu.from_bytes(kind(bytes.fromhex("00A40000023F00")))
        assert command.data == b"\x3f\x00"
        assert type(command.data) is bytes

    @pytest.mark.parametrize("raw", ["00A40000", None, [0, 0xA4, 0, 0]])
    def test_other_types_are_refused(self, raw):
        with pytest.raises(WrongType):
            CommandApdu.from_bytes(raw)


class TestCommandFields:
    @pytest.mark.parametrize(
        ("data", "ne", "asked", "extended"),
        [
            (b"", None, True, False),
            (b"", 1, False, False),
            (b"", 1, True, True),
            (b"", 256, False, False),
            (b"", 257, False, True),
            (bytes(255), None, False, False),
            (bytes(255), None, True, True),
            (bytes(256), None, False, True),
            (bytes(1), 257, False, True),
        ],
    )
    def test_extended_is_true_where_needed_and_false_where_nothing_has_a_length(self, data, ne, asked, extended):
        assert CommandApdu(0, 0, 0, 0, data, ne, asked).extended is extended

    def test_no_answer_data_and_256_bytes_of_it_differ(self):
        assert CommandApdu(0, 0xB0, 0, 0) != CommandApdu(0, 0xB0, 0, 0, ne=256)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"cla": 256},
            {"ins": -1},
            {"p1": 256},
            {"p2": 0x10000},
            {"data": bytes(65536)},
            {"ne": 0},
            {"ne": -1},
            {"ne": 65537},
        ],
        ids=lambda arguments: next(iter(arguments)),
    )
    def test_values_out_of_bounds(self, arguments):
        with pytest.raises(InvalidArgument):
            CommandApdu(**{"cla": 0, "ins": 0, "p1": 0, "p2": 0, **arguments})

    @pytest.mark.parametrize(
        "arguments",
        [
            {"cla": "00"},
            {"ins": None},
            {"p1": 1.0},
            {"p2": b"\x00"},
            {"data": "3F00"},
            {"data": None},
            {"ne": "1"},
            {"ne": True},
        ],
    )
    def test_values_of_other_types(self, arguments):
        with pytest.raises(WrongType):
            CommandApdu(**{"cla": 0, "ins": 0, "p1": 0, "p2": 0, **arguments})

    def test_the_most_a_command_can_carry(self):
        command = CommandApdu(0xFF, 0xFF, 0xFF, 0xFF, bytes(65535), 65536)
        assert len(command.to_bytes()) == 4 + 3 + 65535 + 2
        assert CommandApdu.from_bytes(command.to_bytes()) == command

    def test_data_is_copied(self):
        data = bytearray(b"\x3f\x00")
        command = CommandApdu(0, 0xA4, 0, 0, data)
        data[0] = 0
        assert command.data == b"\x3f\x00"

    def test_replace_checks_and_normalises_anew(self):
        command = CommandApdu(0x00, 0xD6, 0, 0, bytes(300))
        assert command.extended
        shorter = command.replace(cla=0x0C, data=b"", p2=5)
        assert (shorter.cla, shorter.ins, shorter.p2, shorter.data, shorter.extended) == (0x0C, 0xD6, 5, b"", False)
        with pytest.raises(InvalidArgument):
            command.replace(p1=256)


class TestResponse:
    @given(st.binary(max_size=300), st.integers(0, 0xFFFF))
    def test_reading_undoes_writing(self, data, sw):
        answer = ResponseApdu(data, sw)
        assert answer.to_bytes() == data + sw.to_bytes(2, "big")
        assert ResponseApdu.from_bytes(answer.to_bytes()) == answer

    def test_the_most_an_answer_can_carry(self):
        assert len(ResponseApdu(bytes(65536), 0xFFFF).to_bytes()) == 65538

    def test_without_arguments_it_is_9000(self):
        assert ResponseApdu() == ResponseApdu(b"", 0x9000)

    def test_data_and_status_word_both_count(self):
        assert ResponseApdu(b"a", 0x9000) != ResponseApdu(b"b", 0x9000)
        assert ResponseApdu(b"a", 0x9000) != ResponseApdu(b"a", 0x6282)

    def test_status_word(self):
        answer = ResponseApdu.from_bytes(bytes.fromhex("63C2"))
        assert answer.data == b""
        assert type(answer.sw) is type(ResponseApdu(sw=0x63C2).sw) is StatusWord
        assert answer.sw.tries_left == 2

    @pytest.mark.parametrize(("length", "fits"), [(0, False), (1, False), (2, True), (65538, True), (65539, False)])
    def test_length_bounds(self, length, fits):
        if fits:
            assert len(ResponseApdu.from_bytes(bytes(length)).data) == length - 2
            return
        with pytest.raises(CodecError) as caught:
            ResponseApdu.from_bytes(bytes(length))
        assert caught.value.offset == length

    @pytest.mark.parametrize(("data", "sw"), [(b"", -1), (b"", 0x10000), (bytes(65537), 0x9000)])
    def test_values_out_of_bounds(self, data, sw):
        with pytest.raises(InvalidArgument):
            ResponseApdu(data, sw)

    @pytest.mark.parametrize(("data", "sw"), [("9000", 0x9000), (None, 0x9000), (b"", "9000"), (b"", b"\x90\x00")])
    def test_values_of_other_types(self, data, sw):
        with pytest.raises(WrongType):
            ResponseApdu(data, sw)

    def test_other_types_are_not_read(self):
        with pytest.raises(WrongType):
            ResponseApdu.from_bytes("9000")


VALUES = [CommandApdu(0, 0x20, 0, 0x81, b"482915", 256), ResponseApdu(b"482915", 0x9000)]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
class TestAsValues:
    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
    def test_copies_are_equal_in_every_field(self, value, copied):
        again = copied(value)
        assert again == value
        assert hash(again) == hash(value)
        assert again.to_bytes() == value.to_bytes()

    def test_nothing_is_assigned(self, value):
        with pytest.raises(AttributeError):
            value.data = b""
        with pytest.raises(AttributeError):
            del value.data
        with pytest.raises(AttributeError):
            value.note = "x"
        assert value.data == b"482915"

    def test_repr_shows_lengths_and_no_data(self, value):
        for text in (repr(value), str(value), f"{value}", repr([value])):
            assert "482915" not in text
            assert b"482915".hex() not in text.lower()
        assert "=6" in repr(value)

    def test_equal_to_nothing_of_another_type(self, value):
        assert value != value.to_bytes()
        assert value != None  # noqa: E711  # the comparison is what is tested


@given(COMMANDS, COMMANDS)
def test_commands_are_equal_when_their_bytes_are(one, other):
    assert (one == other) is (one.to_bytes() == other.to_bytes())


def test_encoding_is_part_of_a_command():
    assert CommandApdu(0, 0xB0, 0, 0, ne=16) != CommandApdu(0, 0xB0, 0, 0, ne=16, extended=True)


def test_repr():
    command, answer = VALUES
    assert repr(command) == "CommandApdu(00 20 00 81, Nc=6, Ne=256, case 4S)"
    assert repr(answer) == "ResponseApdu(Nr=6, SW=9000)"
