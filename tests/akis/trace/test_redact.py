"""What is hidden, and what stays visible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.load import load
from akis.trace.redact import Mask, answer_text, command_masks, command_text, data_start, hex_text, masks

PROFILE = load("akis-2")
PIN, PUK = b"123456".hex(), b"87654321".hex()


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (f"00200081 06 {PIN}", "00 20 00 81 06 ** ** ** ** ** **"),
        (f"00200081 06 {PIN} 00", "00 20 00 81 06 ** ** ** ** ** ** 00"),
        (f"00200082 08 {PUK}", "00 20 00 82 08 ** ** ** ** ** ** ** **"),
        (f"00240181 06 {PIN}", "00 24 01 81 06 ** ** ** ** ** **"),
        (f"00240081 0A {PIN} 31323334", "00 24 00 81 0A ** ** ** ** ** ** ** ** ** **"),
        (f"002C0281 06 {PIN}", "00 2C 02 81 06 ** ** ** ** ** **"),
        (f"002C0081 0E {PUK}{PIN}", "00 2C 00 81 0E ** ** ** ** ** ** ** ** ** ** ** ** ** **"),
        (f"00200081 000006 {PIN}", "00 20 00 81 00 00 06 ** ** ** ** ** **"),
        (f"10200081 06 {PIN}", "10 20 00 81 06 ** ** ** ** ** **"),
        (f"80200081 06 {PIN}", "80 20 00 81 06 ** ** ** ** ** **"),
        (f"00210081 08 5F2E05 {PIN[:10]}", "00 21 00 81 08 ** ** ** ** ** ** ** **"),
        (f"00260081 06 {PIN}", "00 26 00 81 06 ** ** ** ** ** **"),
        (f"00C20000 0B 00200081 06 {PIN}", "00 C2 00 00 0B 00 20 00 81 06 ** ** ** ** ** **"),
        (f"10C20000 08 00200081 0C {PIN[:6]}", "10 C2 00 00 08 ** ** ** ** ** ** ** **"),
        (f"00C20000 10 00C20000 0B 00200081 06 {PIN}", "00 C2 00 00 10" + " **" * 16),
    ],
)
def test_values_are_hidden_and_everything_around_them_is_not(command: str, shown: str) -> None:
    assert command_text(bytes.fromhex(command)) == shown
    assert command_text(bytes.fromhex(command), PROFILE) == shown


@pytest.mark.parametrize(
    "command",
    [
        "00 20 00 81",
        "00 20 FF 81",
        "00 2C 03 81",
        "00 A4 04 0C 07 50 4B 43 53 2D 31 35",
        "00 C2 00 00 07 00 A4 00 00 02 3F 00",
        "00 22 C1 A4 06 80 01 8C 83 01 01",
        "00 CB 3F FF 06 4D 04 BF 81 01 80 00",
        "0C 2C 02 81 15 87 09 01 39 28 87 40 8E B4 2E 74 8E 08 C7 35 59 EC A4 C9 3A 8F 00",
    ],
)
def test_harmless_commands_are_shown_whole(command: str) -> None:
    assert command_text(bytes.fromhex(command)) == command


def test_a_plain_value_inside_secure_messaging_is_hidden() -> None:
    command = f"0C200081 0A 8106 {PIN} 9900"
    assert PIN[:4] not in command_text(bytes.fromhex(command)).replace(" ", "")


@pytest.mark.parametrize("tag", ["81", "85", "87", "8E", "97", "99"])
def test_a_pin_beneath_the_tag_of_something_harmless_is_hidden(tag: str) -> None:
    assert PIN[:4] not in command_text(bytes.fromhex(f"0C200081 08 {tag}06 {PIN}")).replace(" ", "")


@pytest.mark.parametrize("cla", ["04", "08", "0C", "1C"])
def test_digits_that_look_like_data_objects_are_hidden(cla: str) -> None:
    assert command_text(bytes.fromhex(f"{cla}200081 04 85021122")) == f"{cla} 20 00 81 04 ** ** ** **"


def test_an_answer_that_echoes_the_pin_is_hidden() -> None:
    verify = CommandApdu.from_bytes(bytes.fromhex(f"00200081 06 {PIN}"))
    assert answer_text(ResponseApdu(b"123456"), verify) == "** ** ** ** ** ** 90 00"
    protected = verify.replace(cla=0x0C)
    assert (
        answer_text(ResponseApdu(bytes.fromhex(f"8106{PIN} 99029000 8E080102030405060708")), protected).count("**")
        == 22
    )
    assert "**" not in answer_text(ResponseApdu(bytes.fromhex("99029000 8E080102030405060708")), protected)
    assert answer_text(ResponseApdu(b"\x01\x02"), CommandApdu(0, 0xCA, 1, 4, ne=2)) == "01 02 90 00"


def test_bytes_that_are_no_command_show_a_header_at_most() -> None:
    cut_off = bytes.fromhex(f"00200081 08 {PIN}")
    assert command_text(cut_off) == "00 20 00 81 ** ** ** ** ** ** **"


def test_the_slots_say_what_is_hidden() -> None:
    def slots(command: str) -> list[str]:
        return [mask.slot for mask in masks(CommandApdu.from_bytes(bytes.fromhex(command)), PROFILE)]

    assert slots(f"00200081 06 {PIN}") == ["pin"]
    assert slots(f"00200082 08 {PUK}") == ["puk"]
    assert slots(f"00240081 0A {PIN} 31323334") == ["pin+new-pin"]
    assert slots(f"00240082 10 {PUK}{PUK}") == ["puk", "new-puk"]
    assert slots(f"00240181 06 {PIN}") == ["new-pin"]
    assert slots(f"002C0081 0E {PUK}{PIN}") == ["puk", "new-pin"]
    assert slots(f"002C0181 08 {PUK}") == ["puk"]
    assert slots(f"002C0281 06 {PIN}") == ["transport-pin"]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("00200081", ()),
        (f"00200081 06 {PIN}", (Mask(5, 6, "pin"),)),
        (f"00200081 06 {PIN} 00", (Mask(5, 6, "pin"),)),
        (f"00200081 000006 {PIN}", (Mask(7, 6, "pin"),)),
        (f"002C0081 0E {PUK}{PIN}", (Mask(5, 8, "puk"), Mask(13, 6, "new-pin"))),
        (f"00200081 09 {PIN}", (Mask(4, 7, "unknown"),)),
        ("00A40000 02 3F00", ()),
        ("0020", ()),
        ("", ()),
    ],
)
def test_masks_of_a_whole_command_count_from_its_first_byte(command: str, found: tuple[Mask, ...]) -> None:
    assert command_masks(bytes.fromhex(command), PROFILE) == found


@pytest.mark.parametrize(
    ("command", "start"),
    [("00A40000", 4), ("00A4000000", 4), ("00A40000 02 3F00", 5), ("00A40000 000002 3F00", 7), ("00A40000 000000", 4)],
)
def test_where_the_data_field_starts(command: str, start: int) -> None:
    assert data_start(CommandApdu.from_bytes(bytes.fromhex(command))) == start


def test_masks_beyond_the_end_hide_what_is_there() -> None:
    assert hex_text(b"\x01\x02\x03", (Mask(1, 9, "pin"),)) == "01 ** **"


@given(st.binary(max_size=300))
def test_the_number_of_bytes_stays(raw: bytes) -> None:
    assert len(command_text(raw, PROFILE).split()) == len(raw)


@given(st.integers(0, 255), st.sampled_from([0x20, 0x21, 0x24, 0x25, 0x2C, 0x2D]), st.binary(min_size=1, max_size=255))
def test_no_plain_pin_command_shows_a_data_byte(p1: int, ins: int, data: bytes) -> None:
    command = CommandApdu(0x00, ins, p1, 0x81, data)
    assert command_text(command.to_bytes(), PROFILE).split()[5:] == ["**"] * len(data)
