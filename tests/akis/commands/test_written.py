"""Commands as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu
from akis.commands.written import WrittenCommand, parse, parse_script, shows_value
from akis.errors import InvalidArgument
from akis.status import StatusWord
from tests.leaks import silent


def no_value(source: str) -> bytes:
    raise AssertionError(source)


def written(text: str) -> WrittenCommand:
    return parse(text, no_value)


def sent(text: str) -> str:
    return written(text).raw.reveal().hex().upper()


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("84", "00840000"),
        ("8084", "80840000"),
        ("A4040C", "00A4040C"),
        ("80CA0106", "80CA0106"),
        ("84/08", "0084000008"),
        ("84/00", "0084000000"),
        ("84/0008", "008400000000" + "08"),
        ("84/0000", "00840000000000"),
        ("00A4040C:504B43532D3135", "00A4040C07504B43532D3135"),
        ("A40400:504b43532d3135/00", "00A4040007504B43532D313500"),
        ("A40400:3F00/0100", "00A404000000023F000100"),
        ("00 A4 04 00 : 3F 00 / 00 =", "00A40400023F0000"),
        ("00A4040C07504B43532D3135", "00A4040C07504B43532D3135"),
        ("00 a4 04 0c 07 50 4b 43 53 2d 31 35 = 9000", "00A4040C07504B43532D3135"),
    ],
)
def test_the_grammar(text: str, raw: str) -> None:
    assert sent(text) == raw


def test_the_length_is_long_where_the_data_is() -> None:
    data = "AB" * 300
    assert sent(f"D60000:{data}") == f"00D6000000012C{data}"
    assert sent(f"D60000:{data}/00") == f"00D6000000012C{data}0100"


@pytest.mark.parametrize("raw", ["0020008108313233", "00A40000023F", "00B000000000", "FF00000001"])
def test_plain_hex_goes_out_as_it_is_well_formed_or_not(raw: str) -> None:
    assert sent(raw) == raw


@given(
    header=st.binary(min_size=4, max_size=4),
    data=st.binary(min_size=1, max_size=300),
    ne=st.none() | st.integers(1, 256),
)
def test_what_is_written_is_the_command(header: bytes, data: bytes, ne: int | None) -> None:
    le = "" if ne is None else f"/{ne & 0xFF:02X}"
    assert sent(f"{header.hex()}:{data.hex()}{le}") == CommandApdu(*header, data, ne).to_bytes().hex().upper()


@given(st.text("0123456789abcdefABCDEFxX:/={}# ", max_size=60))
def test_any_text_is_a_command_or_refused_in_words(text: str) -> None:
    try:
        said = written(text).raw.reveal().hex()
    except InvalidArgument as refused:
        said = str(refused)
    assert "nothing was sent" in said or len(bytes.fromhex(said)) >= 4


@pytest.mark.parametrize(
    "text",
    ["", "0", "002", "GG", "00A4:", "00A4/", "00A4/1", "00A4/123456", "00A4=90", "00A4=900G", "00A4:0G", "00A4==",
     "00A4/00:3F00", "00A4:3F 0", "00A40000:{env:}", "00A40000:{fd:3}", "00A40000:{env:A B-C}", "{env:X}"],
)  # fmt: skip
def test_what_is_no_command(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not"):
        written(text)


@pytest.mark.parametrize("text", ["00A4040C07:3F00", "00A4040C07/00"])
def test_what_is_neither_the_grammar_nor_plain_hex(text: str) -> None:
    with pytest.raises(InvalidArgument, match="more than CLA INS P1 P2 before"):
        written(text)


def test_more_data_than_a_command_holds() -> None:
    with pytest.raises(InvalidArgument, match="at most 65535 bytes, not 65536; nothing was sent"):
        written("D60000:" + "AB" * 65536)


def test_no_error_repeats_what_was_written() -> None:
    for text in ("00200081:73918264G", "0020008108:3733393138323634", "00200081:{env:73918264}"):
        with pytest.raises(InvalidArgument) as refused:
            written(text)
        silent(refused.value, ["73918264"])
    silent(repr(written("00200081:3733393138323634")), ["73918264"])


@pytest.mark.parametrize(
    ("text", "expected", "fitting", "other"),
    [
        ("84=", "9000", 0x9000, 0x6300),
        ("84=6d00", "6D00", 0x6D00, 0x6D01),
        ("84=63Cx", "63Cx", 0x63C2, 0x6300),
        ("84=63cX", "63Cx", 0x63CF, 0x63DF),
        ("84=6xxx", "6xxx", 0x6A82, 0x9000),
        ("84=xxxx", "xxxx", 0x6F00, None),
    ],
)
def test_expected_status_words(text: str, expected: str, fitting: int, other: int | None) -> None:
    command = written(text)
    assert command.expected == expected
    assert command.fits(StatusWord(fitting))
    assert other is None or not command.fits(StatusWord(other))


def test_nothing_expected() -> None:
    assert written("84").expected is None
    assert written("84").fits(StatusWord(0x6F00)) is None


def test_a_value_that_is_kept_elsewhere() -> None:
    values = {"env:OLD": b"1234", "env:NEW_2": b"567890"}
    command = parse("00240081:04{env:OLD}06{env:NEW_2}=9000", values.__getitem__)
    assert command.raw.reveal() == bytes.fromhex("002400810C 04 31323334 06 353637383930")
    assert command.filled
    assert not written("00240081:31").filled


SCRIPT = """# meets the card
00A4040C:504B43532D3135 =9000   # the application

   84/08
00 84 00 00 08
"""


def test_a_script() -> None:
    assert [command.raw.reveal().hex() for command in parse_script(SCRIPT, no_value)] == [
        "00a4040c07504b43532d3135",
        "0084000008",
        "0084000008",
    ]


def test_a_script_says_which_line_is_no_command() -> None:
    with pytest.raises(InvalidArgument, match="line 3 of the script is not"):
        list(parse_script("84\n\nnonsense\n", no_value))


def test_a_value_is_asked_for_where_that_is_written() -> None:
    sources: list[str] = []

    def fill(source: str) -> bytes:
        sources.append(source)
        return b"1234"

    command = parse("00240081:{ask}{env:NEW}", fill)
    assert (sources, command.filled) == (["ask", "env:NEW"], True)
    assert command.raw.reveal().hex().upper() == "0024008108" + "31323334" * 2


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("00200081:{ask}", False),
        ("00200081:04{ask}", False),
        ("00200081:{ask}FFFFFFFFFFFF=9000", False),
        ("00240081:{ask}3132333435", True),
        ("00240081:31323334FFFF{env:NEW}/00", True),
        ("84/08", False),
    ],
)
def test_what_stands_beside_a_placeholder_may_be_a_value_too(text: str, shows: bool) -> None:
    assert shows_value(text) is shows
