"""The files of an emulated card's PKCS #15 application: read again, and read by a program that is not ours."""

import shutil
import subprocess

import pytest

from akis.errors import InvalidArgument
from akis.pkcs15 import build
from akis.pkcs15.applications import read_applications
from akis.pkcs15.certificate_entries import read_certificate_entries
from akis.pkcs15.keys import read_private_keys, read_public_keys
from akis.pkcs15.object_directory import read_object_directory
from akis.pkcs15.path import Path
from akis.pkcs15.pins import read_pins
from akis.pkcs15.token_info import read_token_info

PIN, PUK = build.Reference(0x81, 4, 8, "PIN"), build.Reference(0x82, 8, 8, "PUK")
SERIAL = b"AKIS\x02\x02\x00\x00\x00\x00\x00\x01"
RSA = build.SigningKey(1, "rsa", 2048, "İmza", b"\x45", (0x3F00, 0x3D00, 0x2F10))
EC = build.SigningKey(2, "ec", 256, "EC", b"\x46", fresh_verify=False)
FILES = build.application_files("AKİS", SERIAL, PIN, PUK, [RSA, EC], manufacturer="Deneme")


def test_the_directory_names_a_file_for_each_kind():
    listed = {listing.kind: listing.path.fids for listing in read_object_directory(FILES[build.EF_ODF])}
    assert listed == {
        "private keys": (0x3F00, 0x3D00, build.EF_PRKDF),
        "public keys": (0x3F00, 0x3D00, build.EF_PUKDF),
        "certificates": (0x3F00, 0x3D00, build.EF_CDF),
        "authentication objects": (0x3F00, 0x3D00, build.EF_AODF),
    }
    assert {path[-1] for path in listed.values()} | {build.EF_ODF, build.EF_TOKEN_INFO} == set(FILES)


def test_pin_and_puk():
    pin, puk = read_pins(FILES[build.EF_AODF])
    assert (pin.reference, pin.minimum, pin.stored, pin.maximum) == (0x81, 4, 8, 8)
    assert pin.flags == frozenset({"local", "initialized"})
    assert pin.pad_byte is None
    assert pin.path == Path.of(0x3F00, 0x3D00)
    assert (puk.reference, pin.protected_by) == (0x82, puk.id)
    assert "unblocking-pin" in puk.flags


def test_keys_and_certificates_belong_together_by_their_id():
    first, second = read_private_keys(FILES[build.EF_PRKDF])
    [entry] = read_certificate_entries(FILES[build.EF_CDF])
    assert (first.id, first.reference, first.kind, first.size) == (entry.id, 1, "rsa", 2048)
    assert entry.path == Path.of(0x3F00, 0x3D00, 0x2F10)
    assert (second.kind, second.user_consent, first.user_consent) == ("ec", None, 1)
    assert [key.id for key in read_public_keys(FILES[build.EF_PUKDF])] == [b"\x45", b"\x46"]
    assert first.protected_by == read_pins(FILES[build.EF_AODF])[0].id


def test_token_info_and_ef_dir():
    token = read_token_info(FILES[build.EF_TOKEN_INFO])
    assert (token.serial, token.label, token.manufacturer) == (SERIAL, "AKİS", "Deneme")
    assert [algorithm.mechanism for algorithm in token.algorithms] == [0x0001, 0x1041]
    [application] = read_applications(build.ef_dir("AKİS"))
    assert (application.is_pkcs15, application.path) == (True, Path.of(0x3F00, 0x3D00))


def test_a_card_without_keys_and_without_a_puk():
    files = build.application_files("AKIS", SERIAL, PIN)
    assert set(files) == {build.EF_ODF, build.EF_TOKEN_INFO, build.EF_AODF}
    assert [pin.protected_by for pin in read_pins(files[build.EF_AODF])] == [b""]


@pytest.mark.parametrize(("reference", "id"), [(1, b"\x46"), (2, b"\x45")])
def test_two_keys_are_told_apart(reference, id):
    second = build.SigningKey(reference, "ec", 256, "", id)
    with pytest.raises(InvalidArgument, match="two keys"):
        build.application_files("AKIS", SERIAL, PIN, PUK, [RSA, second])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("fid", sorted(FILES))
def test_openssl_finds_der_in_every_file(fid, tmp_path):
    """Of several objects in a row it reads the first: so each is given to it by itself."""
    from akis.pkcs15.der import objects

    for item in objects(FILES[fid], "a file"):
        (tmp_path / "item").write_bytes(item)
        command = ["openssl", "asn1parse", "-inform", "DER", "-in", str(tmp_path / "item")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0].strip().startswith("0:d=0")
