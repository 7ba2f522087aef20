"""Every field of a command and its answer has a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.load import load
from akis.trace.annotate import answer_fields, command_fields, command_name

PROFILE = load("akis-2")


def of_command(text: str) -> list[tuple[str, str, str]]:
    command = CommandApdu.from_bytes(bytes.fromhex(text))
    return [(field.name, field.text, field.meaning) for field in command_fields(command, PROFILE)]


def of_answer(command: str, answer: str) -> list[tuple[str, str, str]]:
    asked, said = CommandApdu.from_bytes(bytes.fromhex(command)), ResponseApdu.from_bytes(bytes.fromhex(answer))
    return [(field.name, field.text, field.meaning) for field in answer_fields(said, asked, PROFILE)]


def test_verify() -> None:
    assert of_command("00200081 06 313233343536") == [
        ("CLA", "00", "plain"),
        ("INS", "20", "VERIFY"),
        ("P1", "00", "compare"),
        ("P2", "81", "PIN"),
        ("Lc", "06", "6 bytes of data"),
        ("data", "** ** ** ** ** **", "pin, hidden"),
    ]


def test_reset_with_puk_names_both_values() -> None:
    fields = of_command("002C0081 0E 3837363534333231 313233343536")
    assert fields[2] == ("P1", "00", "resetting code and new value")
    assert [field[2] for field in fields[5:]] == ["puk, hidden", "new-pin, hidden"]


def test_a_protected_command_is_its_data_objects() -> None:
    fields = of_command("0C2C0281 18 870901D1D2D3D4D5D6D7D8 970100 8E08C1C2C3C4C5C6C7C8 00")
    assert fields[0] == ("CLA", "0C", "secure messaging")
    assert fields[5:] == [
        ("DO'87'", "01 D1 D2 D3 D4 D5 D6 D7 D8", "01 (ISO padding), cryptogram"),
        ("DO'97'", "00", "Ne of the plain command"),
        ("DO'8E'", "C1 C2 C3 C4 C5 C6 C7 C8", "checksum"),
        ("Le", "00", "at most 256 bytes back"),
    ]


def test_mse_names_algorithm_and_key() -> None:
    assert of_command("0022C1A4 06 80018C 830101")[5:] == [
        ("DO'80'", "8C", "algorithm"),
        ("DO'83'", "01", "key reference"),
    ]


def test_select_shows_the_name_it_selects() -> None:
    assert of_command("00A4040C 07 504B43532D3135")[-1] == ("data", "50 4B 43 53 2D 31 35", '"PKCS-15"')


def test_extended_length_fields_show_all_their_bytes() -> None:
    assert of_command("00B00000 000000")[-1] == ("Le", "00 00 00", "at most 65536 bytes back")
    fields = of_command("00D60000 000002 AABB 0100")
    assert [field[:2] for field in fields[4:]] == [("Lc", "00 00 02"), ("data", "AA BB"), ("Le", "01 00")]


def test_the_counter_of_a_pin() -> None:
    assert of_answer("00CB3FFF 06 4D04BF810180 00", "BF8101 09 9A0103 9B0102 800106 9000") == [
        ("DO'BF8101'", "", "PIN object 1"),
        ("  DO'9A'", "03", "tries in all"),
        ("  DO'9B'", "02", "tries left"),
        ("  DO'80'", "06", "stored length"),
        ("SW", "90 00", "done"),
    ]


def test_the_serial_number_stands_out() -> None:
    fields = of_answer("00CA0106 00", f"{'00' * 55}{'AB' * 12}{'00' * 10}9000")
    assert ("serial", " ".join(["AB"] * 12), "serial number") in fields


def test_file_control_information_as_a_tree() -> None:
    fields = of_answer("00A40400 02 4142 00", "6F06 820138 8A0105 9000")
    assert fields[:3] == [
        ("DO'6F'", "", "file control information"),
        ("  DO'82'", "38", "file descriptor"),
        ("  DO'8A'", "05", "life-cycle byte"),
    ]


def test_authentication_token_and_challenge() -> None:
    assert of_answer("0084000008", "01020304050607089000")[0][2] == "RND.ICC, the card's challenge"
    token = of_answer(f"00820000 48 {'00' * 72} 48", f"{'11' * 64}{'22' * 8}9000")
    assert [field[0] for field in token] == ["token", "MAC", "SW"]


def test_the_cards_own_status_words_come_first() -> None:
    assert of_answer("00200081", "6406") == [("SW", "64 06", "PIN not entered")]


def test_an_answer_that_is_no_tree_is_shown_as_it_is() -> None:
    assert of_answer("00A40400 02 4142 00", "6F05AA 9000")[0] == ("data", "6F 05 AA", "")


@pytest.mark.parametrize(("ins", "name"), [(0x2C, "RESET RETRY COUNTER"), (0xEE, "INS EE")])
def test_names_of_commands(ins: int, name: str) -> None:
    assert command_name(CommandApdu(0, ins, 0, 0)) == name


@given(st.binary(min_size=4, max_size=40).filter(lambda raw: raw[1] & 0xFE not in (0x20, 0x24, 0x26, 0x28, 0x2C)))
def test_nothing_harmless_is_lost(raw: bytes) -> None:
    try:
        command = CommandApdu.from_bytes(raw)
    except ValueError:
        return
    fields = command_fields(command)
    if not any(field.name.strip().startswith("DO'") for field in fields):
        assert bytes.fromhex("".join(field.text for field in fields)) == raw
