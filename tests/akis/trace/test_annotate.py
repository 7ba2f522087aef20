"""Every field of a command and its answer has a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.load import load
from akis.trace.annotate import answer_fields, command_fields, command_name
from akis.trace.redact import Mask

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


@pytest.mark.parametrize(
    ("command", "field", "meaning"),
    [
        ("00200081", "CLA", "plain"),
        ("10200081", "CLA", "plain, more to follow"),
        ("0C200081", "CLA", "secure messaging"),
        ("08200081", "CLA", "secure messaging"),
        ("04200081", "CLA", "secure messaging"),
        ("1C200081", "CLA", "secure messaging, more to follow"),
        ("80200081", "CLA", "proprietary, plain"),
        ("9C200081", "CLA", "proprietary, secure messaging, more to follow"),
        ("00A40000 02 3F00", "P1", "by file identifier"),
        ("00A40400 02 4142", "P1", "by DF name"),
        ("00A40800 02 3D00", "P1", "by path from the MF"),
        ("00A40300", "P1", "the DF above the current one"),
        ("00A40000", "P2", "answer with FCI"),
        ("00A40004", "P2", "answer with FCP"),
        ("00A4000C", "P2", "answer with nothing"),
        ("0020FF81", "P1", "take the verification back"),
        ("00240081", "P1", "from old to new"),
        ("00240181", "P1", "new value only"),
        ("002C0081", "P1", "resetting code and new value"),
        ("002C0181", "P1", "resetting code only"),
        ("002C0281", "P1", "new value only"),
        ("002C0381", "P1", "counter only"),
        ("00CA0104 00", "P1", "with P2, the data wanted"),
        ("00CA0104 00", "P2", "memory information, life cycle"),
        ("00CA0106 00", "P2", "system information, serial number"),
        ("00CB3FFF 06 4D04BF810180 00", "P1", "with P2, of the current DF"),
        ("00CB3FFF 02 4D00 00", "DO'4D'", "extended header list"),
        ("0022C1A4", "P1", "SET for both directions of authentication"),
        ("0022C1A4", "P2", "authentication template"),
        ("00200081", "P2", "PIN"),
        ("00200082", "P2", "PUK"),
        ("002C0381", "P2", "PIN"),
        ("00240083", "P2", "local reference 3"),
        ("0020009F", "P2", "local reference 31"),
        ("00200001", "P2", "global reference 1"),
        ("002C031F", "P2", "global reference 31"),
        ("00B00081 00", "P2", ""),
        ("00EE0381", "P1", ""),
        ("00EE0381", "P2", ""),
        ("0CDB0000 04 85021122", "DO'85'", "cryptogram"),
        ("0CD60000 04 81021122", "DO'81'", "plain value"),
    ],
)
def test_what_a_field_says(command: str, field: str, meaning: str) -> None:
    assert {name: said for name, _, said in of_command(command)}[field] == meaning


@pytest.mark.parametrize(
    ("ins", "name"),
    [
        (0x20, "VERIFY"),
        (0x22, "MANAGE SECURITY ENVIRONMENT"),
        (0x24, "CHANGE REFERENCE DATA"),
        (0x2C, "RESET RETRY COUNTER"),
        (0x82, "MUTUAL AUTHENTICATE"),
        (0x84, "GET CHALLENGE"),
        (0xA4, "SELECT"),
        (0xB0, "READ BINARY"),
        (0xB1, "READ BINARY"),
        (0xB2, "READ RECORD"),
        (0xD6, "UPDATE BINARY"),
        (0xD7, "UPDATE BINARY"),
        (0xDC, "UPDATE RECORD"),
        (0xE2, "APPEND RECORD"),
        (0xCA, "GET DATA"),
        (0xCB, "GET DATA"),
        (0xEE, "INS EE"),
    ],
)
def test_names_of_commands(ins: int, name: str) -> None:
    assert command_name(CommandApdu(0, ins, 0, 0)) == name
    assert of_command(f"00{ins:02X}0000")[1] == ("INS", f"{ins:02X}", name)


@pytest.mark.parametrize(
    ("ins", "name"),
    [
        (0x09, "life cycle, AKİS 1.0"),
        (0x10, "CREATE DF, AKİS 1.0"),
        (0x15, "CREATE EF, AKİS 1.0"),
        (0x16, "DELETE FILE, AKİS 1.0"),
        (0x18, "DIRECTORY, AKİS 1.0"),
        (0x1A, "logout, AKİS 1.0"),
    ],
)
def test_names_of_commands_in_the_class_of_akis_1_0(ins: int, name: str) -> None:
    assert command_name(CommandApdu(0x80, ins, 0, 0)) == name
    assert of_command(f"80{ins:02X}0000")[1] == ("INS", f"{ins:02X}", name)
    assert command_name(CommandApdu(0x00, ins, 0, 0)) == f"INS {ins:02X}"


@pytest.mark.parametrize(
    ("command", "answer", "field", "meaning"),
    [
        ("00CB3FFF 06 4D04BF810280 00", "BF810200", "DO'BF8102'", "PIN object 2"),
        ("00A40000 02 3F00 00", "6200", "DO'62'", "file control parameters"),
        ("00A40000 02 2F00 00", "6F08 80020010 83022F00", "  DO'80'", "size: 16 bytes"),
        ("00A40000 02 2F00 00", "6F08 80020010 83022F00", "  DO'83'", "file identifier: EF.DIR"),
        ("00A40400 02 4142 00", "6F04 84024142", "  DO'84'", 'DF name: "AB"'),
        ("0CCA0104 00", "9902 9000", "DO'99'", "authenticated status word: done"),
        ("00840000 08", "0102030405060708", "data", "RND.ICC, the card's challenge"),
        ("00B00000 00", "AABB", "data", ""),
        ("00200081 06 313233343536", "AABB", "data", "answer, hidden"),
        (f"00820000 48 {'00' * 72} 48", f"{'11' * 72}", "token", "nonces, serials, key share, enciphered with K.ENC"),
        (f"00820000 48 {'00' * 72} 48", f"{'11' * 72}", "MAC", "over the token, with K.MAC"),
    ],
)
def test_what_a_field_of_an_answer_says(command: str, answer: str, field: str, meaning: str) -> None:
    assert {name: said for name, _, said in of_answer(command, answer + "9000")}[field] == meaning


def test_without_a_profile_the_reference_is_a_number() -> None:
    fields = command_fields(CommandApdu(0, 0x20, 0, 0x81))
    assert (fields[3].name, fields[3].meaning) == ("P2", "local reference 1")


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
        ("  DO'82'", "38", "file descriptor: DF"),
        ("  DO'8A'", "05", "life-cycle byte: operational, activated"),
    ]


def test_authentication_token_and_challenge() -> None:
    assert of_answer("0084000008", "01020304050607089000")[0][2] == "RND.ICC, the card's challenge"
    token = of_answer(f"00820000 48 {'00' * 72} 48", f"{'11' * 64}{'22' * 8}9000")
    assert [field[0] for field in token] == ["token", "MAC", "SW"]


def test_the_cards_own_status_words_come_first() -> None:
    assert of_answer("00200081", "6406") == [("SW", "64 06", "PIN not entered")]


def test_an_answer_that_is_no_tree_is_shown_as_it_is() -> None:
    assert of_answer("00A40400 02 4142 00", "6F05AA 9000")[0] == ("data", "6F 05 AA", "")


@given(st.binary(min_size=4, max_size=40).filter(lambda raw: raw[1] & 0xFE not in (0x20, 0x24, 0x26, 0x28, 0x2C)))
def test_nothing_harmless_is_lost(raw: bytes) -> None:
    try:
        command = CommandApdu.from_bytes(raw)
    except ValueError:
        return
    fields = command_fields(command)
    if not any(field.name.strip().startswith("DO'") for field in fields):
        assert bytes.fromhex("".join(field.text for field in fields)) == raw


@pytest.mark.parametrize(
    ("command", "field", "meaning"),
    [
        ("002241B6", "INS", "MANAGE SECURITY ENVIRONMENT"),
        ("002241B6", "P1", "SET for signing, deciphering, internal authentication"),
        ("002241B6", "P2", "digital signature template"),
        ("002241B6 06 800102840103", "DO'84'", "private key reference"),
        ("0022C303", "P1", "SET of the key that P2 names, AKİS 1.0"),
        ("002A9E9A 02 AABB 00", "INS", "PERFORM SECURITY OPERATION"),
        ("002A9E9A 02 AABB 00", "P1", "digital signature out"),
        ("002A9E9A 02 AABB 00", "P2", "data to be signed in"),
        ("002A9E9A 02 AABB 00", "data", "what is to be signed"),
        ("102A9E9A 02 AABB", "data", "a piece of the data of a chain"),
        ("00C00000 00", "INS", "GET RESPONSE"),
        ("00B00102 00", "P1", "with P2, offset 258"),
        ("00B09E02 00", "P1", "short EF identifier 1E"),
        ("00B09E02 00", "P2", "offset 2"),
        ("00A40000 02 3F00", "data", "MF"),
        ("00A40800 04 3D005031", "data", "DF PKCS-15, EF.ODF"),
        ("00A40000 02 1234", "data", ""),
        ("01200081", "CLA", "plain, logical channel 1"),
        ("40200081", "CLA", "plain, logical channel 4"),
        ("61200081", "CLA", "secure messaging, logical channel 5"),
        ("FFCA0000 00", "CLA", "to the reader, not to the card"),
    ],
)
def test_what_more_fields_say(command: str, field: str, meaning: str) -> None:
    assert {name: said for name, _, said in of_command(command)}[field] == meaning


def test_the_signature() -> None:
    assert of_answer("002A9E9A 02 AABB 00", "A1A29000")[0] == ("data", "A1 A2", "digital signature")


def test_the_life_cycle_stands_out() -> None:
    fields = of_answer("00CA0104 00", "000000000000A500009000")
    assert fields[1] == ("life cycle", "A5", "operation")
    assert [field[1] for field in fields] == ["00 00 00 00 00 00", "A5", "00 00", "90 00"]


def test_masks_of_a_trace_cut_fields_and_name_them() -> None:
    command = CommandApdu.from_bytes(bytes.fromhex("00DA0101 06 000000AABBCC"))
    fields = command_fields(command, PROFILE, (Mask(5, 3, "holder"), Mask(8, 1, "series", hidden=False)))
    assert [(field.text, field.meaning, field.slot, field.hidden) for field in fields[5:]] == [
        ("** ** **", "holder, hidden", "holder", True),
        ("AA", "[series]", "series", False),
        ("BB CC", "", "", False),
    ]


def test_a_mask_over_the_header_hides_it() -> None:
    fields = command_fields(CommandApdu(0x00, 0xB0, 0x12, 0x34), masks=(Mask(2, 2, "place"),))
    assert [(field.name, field.text) for field in fields[2:]] == [("P1", "**"), ("P2", "**")]
    assert fields[2].meaning == "place, hidden"


def test_a_mask_over_tags_makes_the_tree_plain_bytes() -> None:
    answer = ResponseApdu.from_bytes(bytes.fromhex("6F05 8A0105 8800 9000"))
    fields = answer_fields(answer, CommandApdu(0, 0xA4, 0, 0), PROFILE, (Mask(2, 2, "odd"),))
    assert [(field.name, field.text) for field in fields] == [
        ("data", "6F 05"),
        ("data", "** **"),
        ("data", "05 88 00"),
        ("SW", "90 00"),
    ]


@given(st.binary(min_size=2, max_size=60), st.integers(0, 30), st.integers(1, 30))
def test_no_hidden_byte_shows_whatever_it_is(raw: bytes, start: int, length: int) -> None:
    length = min(length, len(raw) - start)
    if length < 1:
        return
    answer = ResponseApdu.from_bytes(raw)
    fields = answer_fields(answer, CommandApdu(0, 0xA4, 0, 0), PROFILE, (Mask(start, length, "slot"),))
    shown = " ".join(field.text for field in fields if field.text).split()
    assert shown.count("**") == length
    assert all(field.hidden for field in fields if "**" in field.text)
