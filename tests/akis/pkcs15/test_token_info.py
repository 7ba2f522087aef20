"""EF.TokenInfo: what a card says about itself."""

import pytest

from akis.errors import CodecError
from akis.pkcs15.token_info import Algorithm, TokenInfo, read_token_info
from tests.akis.pkcs15.by_hand import der

INFO = TokenInfo(
    serial=b"AKIS\x02\x02",
    label="Akıllı Kart",
    manufacturer="TÜBİTAK",
    flags=frozenset({"login-required", "prn-generation"}),
    algorithms=(Algorithm(1, 0x0001, frozenset({"compute-signature"}), "1.2.840.113549.1.1.1", 2),),
)


def test_reading_undoes_building():
    assert read_token_info(INFO.to_bytes()) == INFO
    assert read_token_info(INFO.to_bytes() + b"\xff" * 9) == INFO


def test_the_least_there_is():
    assert read_token_info(der(0x30, "020100", "0402 4142", "0301 00")) == TokenInfo(b"AB")


def test_flags_to_the_bit():
    assert TokenInfo(b"A", flags=frozenset({"readonly"})).to_bytes() == bytes.fromhex("300A 020100 040141 03020780")
    assert TokenInfo(b"A", flags=frozenset({"eid-compliant"})).to_bytes() == bytes.fromhex(
        "300A 020100 040141 03020410"
    )


def test_what_iso_7816_15_adds_is_passed_over():
    """Security environments, record information, issuer, holder, date and language behind the flags."""
    environments, records, issuer = "3005 3003 020101", "A103 800101", "8302 4142"
    holder, changed, language = "8402 4344", "A505 1803323032", "1302 7472"
    head = "0201 01 0402 4142 8003 414243 0302 0560"
    info = read_token_info(der(0x30, head, environments, records, issuer, holder, changed, language))
    assert (info.serial, info.label, info.version) == (b"AB", "ABC", 1)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "3000",
        "30030201FF",  # version -1, and nothing else
        "300A 0201FF 040141 03020780",
        "300A 020100 040141 02020780",
        "300A 020100 040141 03020780 300A 020100 040141 03020780",
        "300B 020100 040141 03020780",
    ],
)
def test_what_is_none(raw):
    with pytest.raises(CodecError, match=r"EF\.TokenInfo"):
        read_token_info(bytes.fromhex(raw))


@pytest.mark.parametrize("huge", ["0205 0100000000", "0201 FF", "0282 0800" + "7F" * 2048])
def test_numbers_that_nothing_has_are_refused(huge):
    algorithm = der(0x30, huge, "0201 01", "0500", "0302 0640")
    with pytest.raises(CodecError, match="out of bounds"):
        read_token_info(der(0x30, "0201 00", "0401 41", "0302 0780", der(0xA2, algorithm)))
