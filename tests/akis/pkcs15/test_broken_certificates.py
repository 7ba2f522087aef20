"""Broken certificates: what is known is said, and what is wrong with the rest."""

import pytest

from akis.codec.tlv import Tlv
from akis.pkcs15.certificate import read_certificate
from tests.akis.pkcs15.by_hand import der
from tests.akis.pkcs15.made import (
    ALGORITHM,
    EXTENSIONS,
    NAME_OF_HOLDER,
    PUBLIC_KEY,
    SERIAL,
    VALIDITY,
    VERSION,
    by_hand,
    certificate,
    qualified,
)


def object_of(tag: int, *parts: str | bytes) -> Tlv:
    from akis.codec.tlv import parse

    [item] = parse(der(tag, *parts))
    return item


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\xff" * 200, b"-----BEGIN CERTIFICATE-----", b"\x31\x00", b"\x30"])
def test_what_is_no_certificate_at_all(raw):
    found = read_certificate(raw)
    assert found.problems == ("these are not the bytes of a certificate",)
    assert not found.whole


def test_a_cut_one_says_what_came_before_the_cut():
    raw = qualified()
    said = [read_certificate(raw[:cut]) for cut in range(len(raw))]
    assert all(found.problems and not found.whole for found in said)
    known = [sum(value is not None for value in (f.serial, f.issuer, f.holder, f.key)) for f in said]
    assert known == sorted(known)
    assert (known[0], known[-1]) == (0, 4)
    assert said[-1].problems == ("it is cut off, 1 byte is missing",)
    assert "the public key is cut off" in said[200].problems


def test_something_behind_it():
    assert read_certificate(certificate() + b"\x12").problems == ("behind it 1 byte is no part of it",)


@pytest.mark.parametrize(
    ("content", "number", "problems"),
    [
        ("00" + "FF" * 40, (1 << 320) - 1, ("the serial number has 41 bytes, at most 20 are allowed",)),
        ("80", -128, ("the serial number is not positive",)),
        ("00", 0, ("the serial number is not positive",)),
        ("", None, ("the serial number cannot be read",)),
    ],
)
def test_serial_numbers(content, number, problems):
    found = read_certificate(by_hand({SERIAL: object_of(0x02, content)}))
    assert (found.serial, found.problems) == (number, problems)
    assert found.holder is not None
    assert found.serial_text == {-128: "-80", 0: "00", None: None}.get(number, "FF" * 40)


def test_unknown_algorithms_go_by_their_numbers():
    signature = object_of(0x30, "0603 2A0304")
    key = object_of(0x30, "3005 0603 2A0305", "0302 0000")
    found = read_certificate(by_hand({ALGORITHM: signature, PUBLIC_KEY: key}))
    assert (found.signed_with, found.key) == ("unknown algorithm 1.2.3.4", "unknown algorithm 1.2.3.5")
    assert found.problems == ()


def test_a_key_that_is_none():
    found = read_certificate(by_hand({PUBLIC_KEY: object_of(0x30, "0500")}))
    assert (found.key, found.problems) == (None, ("the public key cannot be read",))


@pytest.mark.parametrize(
    ("begins", "ends", "problem"),
    [
        (b"240230000000Z", b"270101000000Z", "the time when it begins cannot be read"),
        (b"240101000000Z", b"27010100000Z", "the time when it ends cannot be read"),
        (b"240101000000Z", b"2701010000Z", "the time when it ends has no seconds"),
        (b"240101000000", b"270101000000Z", "the time when it begins has no time zone, taken for UTC"),
        (b"240101000000+0300", b"270101000000Z", "the time when it begins is not written in UTC"),
        (b"270101000000Z", b"240101000000Z", "its validity ends before it begins"),
        (b"240101000000Z", b"", "the time when it ends cannot be read"),
        (b"240101000000Z", b"\xb2\xb3", "the time when it ends cannot be read"),
    ],
)
def test_odd_times(begins, ends, problem):
    found = read_certificate(by_hand({VALIDITY: Tlv(0x30, [Tlv(0x17, begins), Tlv(0x17, ends)])}))
    assert found.problems == (problem,)
    assert found.holder is not None
    known = [found.validity.begins is not None, found.validity.ends is not None]
    assert known == ["begins cannot" not in problem, "ends cannot" not in problem]


def test_a_time_of_another_zone_is_the_same_moment():
    times = Tlv(0x30, [Tlv(0x18, b"20240101030000+0300"), Tlv(0x17, b"270101000000Z")])
    found = read_certificate(by_hand({VALIDITY: times}))
    assert found.validity.begins == read_certificate(certificate()).validity.begins


def test_a_field_that_is_missing_shifts_the_rest_but_ends_nothing():
    found = read_certificate(by_hand({NAME_OF_HOLDER: None, EXTENSIONS: None}))
    assert found.serial is not None
    assert "the public key is missing" in found.problems


def test_without_a_version_it_is_one_of_1988():
    found = read_certificate(by_hand({VERSION: None}))
    assert (found.holder is not None, found.problems) == (True, ())


def test_one_damaged_extension_does_not_hide_the_others():
    good, bad = der(0x30, "0603 551D0F", "0404 03020640"), der(0x30, "0603 551D13", "0403 020105")
    twice, odd = good, der(0x30, "0603 551D25")
    extensions = object_of(0xA3, der(0x30, good, bad, twice, odd))
    found = read_certificate(by_hand({EXTENSIONS: extensions}, qualified()))
    assert found.extensions.key_usage == ("non-repudiation",)
    assert found.problems == (
        "its basic constraints cannot be read",
        "the extension 2.5.29.15 is there more than once",
        "one of its extensions cannot be read",
    )


def test_an_unsigned_one():
    raw = certificate()
    [signed, *_] = object_of(0x30, raw).children[0].children
    assert read_certificate(der(0x30, signed.to_bytes())).problems == ("it is not signed",)
