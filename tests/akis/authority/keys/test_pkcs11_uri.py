"""RFC 7512 URIs: what they may say here, and that what they say wrongly is not said again."""

from __future__ import annotations

import pytest

from akis.authority.keys.pkcs11_uri import KeyAddress, is_pkcs11, parse
from akis.errors import InvalidArgument
from tests.leaks import leaks, silent

PIN = "73915028"


def test_a_whole_one() -> None:
    address = parse(
        "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=4d6e8d1adf864dcb;token=Kart%20%C4%B0dare;"
        "id=%01%FFa;object=master;type=secret-key?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin"
    )
    assert address == KeyAddress(
        token="Kart İdare",
        serial="4d6e8d1adf864dcb",
        manufacturer="SoftHSM project",
        model="SoftHSM v2",
        object="master",
        id=b"\x01\xffa",
        module_path="/usr/lib/softhsm/libsofthsm2.so",
        pin_source="file:/run/pin",
    )


@pytest.mark.parametrize(
    ("uri", "token", "key"),
    [
        ("pkcs11:token=a;object=b", "token a", "key b"),
        ("PKCS11:serial=17;id=%0A%0B", "token with serial number 17", "key with id 0A0B"),
        ("pkcs11:object=b+c;token=a%3Bb;", "token a;b", "key b+c"),
    ],
)
def test_what_sentences_call_it(uri: str, token: str, key: str) -> None:
    address = parse(uri)
    assert (address.token_name, address.key_name) == (token, key)
    assert (address.module_path, address.pin_source) == (None, None)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        (f"pkcs11:token=a;object=b?pin-value={PIN}", "pin-source=env:NAME"),
        (f"pkcs11:token=a;object=b?pin-value={PIN}&pin-source=env:PIN", "where others may see it"),
        (f"pkcs11:token=a;object=b;pin-value={PIN}", "not known here"),
        (f"pkcs11:token=a;object=b;{PIN}", "not known here"),
        (f"pkcs11:token=a;object=b?pin={PIN}", "not known here"),
        (f"pkcs11:token={PIN}", "which key"),
        ("pkcs11:token=a;object=;id=", "which key"),
        (f"pkcs11:object={PIN}", "which token"),
        (f"pkcs11:token=;object={PIN}", "which token"),
        ("pkcs11:", "which token"),
        (f"pkcs11:token=a;object=b;token={PIN}", "token twice"),
        (f"pkcs11:token=a;object=b;type={PIN}", "secret-key"),
        (f"pkcs11:token=a;object={PIN}%FF", "not text"),
        (f"pkcs11:token=a%00;object={PIN}", "not text"),
        (f"file:{PIN}", "begins with pkcs11:"),
    ],
)
def test_one_that_does_not_do(uri: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why) as caught:
        parse(uri)
    assert PIN not in str(caught.value)
    silent(caught.value, [PIN])


def test_a_pin_in_the_place_of_its_place_does_not_show() -> None:
    assert leaks(repr(parse(f"pkcs11:token=a;object=b?pin-source={PIN}")), [PIN]) == []


@pytest.mark.parametrize(
    ("source", "is_one"), [("pkcs11:token=a", True), ("Pkcs11:x", True), ("pkcs11.key", False), ("/run/pkcs11:", False)]
)
def test_files_are_no_uris(source: str, is_one: bool) -> None:
    assert is_pkcs11(source) is is_one
