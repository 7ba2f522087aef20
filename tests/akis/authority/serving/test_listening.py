"""The files for TLS: which of them cannot be used, and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from akis.authority.demo.tls import make_demo_tls
from akis.authority.serving.listening import TlsFilesUnusable, check_tls
from akis.authority.serving.settings import Settings
from akis.errors import InvalidArgument, PolicyRefused


@pytest.fixture
def cert(tmp_path: Path) -> Path:
    return make_demo_tls(tmp_path).cert


@pytest.fixture
def key(tmp_path: Path, cert: Path) -> Path:
    return make_demo_tls(tmp_path).key


def complaint(cert: Path, key: Path) -> str:
    with pytest.raises(TlsFilesUnusable) as refused:
        check_tls(Settings(tls_cert=str(cert), tls_key=str(key)))
    assert isinstance(refused.value, InvalidArgument)
    return str(refused.value)


def test_what_fits_is_taken(cert: Path, key: Path) -> None:
    check_tls(Settings(tls_cert=str(cert), tls_key=str(key)))
    check_tls(Settings())


def test_both_may_be_in_one_file(cert: Path, key: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.touch(0o600)
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    check_tls(Settings(tls_cert=str(both), tls_key=str(both)))


def test_the_one_that_is_missing_is_named(cert: Path, key: Path) -> None:
    nowhere = cert.parent / "nowhere.pem"
    assert complaint(nowhere, key) == f"tls_cert {nowhere} cannot be read: No such file or directory"
    assert complaint(cert, nowhere) == f"tls_key {nowhere} cannot be read: No such file or directory"


def test_swapped(cert: Path, key: Path) -> None:
    assert complaint(key, cert) == f"tls_cert and tls_key are swapped: {key} holds the key and {cert} the certificate"


def test_what_holds_something_else(cert: Path, key: Path, tmp_path: Path) -> None:
    (other := tmp_path / "other.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    other.chmod(0o600)
    assert complaint(other, key).endswith("one of them is damaged, or the key has a password")
    assert complaint(cert, cert) == f"tls_key {cert} holds no private key; it is a PEM file, without a password"
    other.write_text("")
    assert complaint(other, key) == f"tls_cert {other} holds no certificate; it is a PEM file"


def test_those_of_two_pairs(cert: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    strange = make_demo_tls(tmp_path / "other").key
    assert complaint(cert, strange).endswith("cannot be used: they do not belong together")


@pytest.mark.skipif(os.name != "posix", reason="there are no such bits elsewhere")
def test_a_key_that_others_can_read(cert: Path, key: Path) -> None:
    key.chmod(0o640)
    with pytest.raises(PolicyRefused, match=rf"others can read the key file {key}"):
        check_tls(Settings(tls_cert=str(cert), tls_key=str(key)))
