"""``akis sign`` on emulated cards; openssl checks what it wrote."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from akis.commands.mechanisms import mechanism
from akis.emulator import load_personality
from akis.emulator.new_personality import new_personality
from akis.emulator.personality_text import personality_text
from tests.signatures import EC, RSA, certificate, openssl_says, personality_file, private_key
from tools.__main__ import main

TEXT = "Sözleşme: iki nüsha.\n".encode()


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a document, certificates of both keys, and a card; its PIN is in the environment."""
    (tmp_path / "document").write_bytes(TEXT)
    for name, reference in (("rsa.pem", RSA), ("ec.pem", EC)):
        (tmp_path / name).write_bytes(certificate(reference).public_bytes(Encoding.PEM))
    personality_file(tmp_path)
    monkeypatch.setenv("CARD_PIN", "123456")
    monkeypatch.setenv("WRONG_PIN", "654321")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sign(*arguments: str, card: str = "card.toml", pin: str = "CARD_PIN") -> int:
    return main(["sign", "document", "--reader", f"emulator:{card}", "--pin", f"env:{pin}", *arguments])


@pytest.mark.parametrize(("name", "key"), [("rsa-pkcs1-sha256", RSA), ("rsa-pss-sha256", RSA), ("ecdsa-sha256", EC)])
@pytest.mark.parametrize("dialect", ["2.x", "1.0"])
def test_openssl_accepts_what_it_writes(
    at: Path, capsys: pytest.CaptureFixture[str], name: str, key: int, dialect: str
) -> None:
    personality_file(at, dialect)
    pem = "rsa.pem" if key == RSA else "ec.pem"
    wanted = ["--key", f"{key:02X}", "--mechanism", name, "--certificate", pem, "--out", "made"]
    # A 1.0 card says how many tries are left only where it is the last one.
    assert sign(*wanted, *(["--allow-last-try"] if dialect == "1.0" else [])) == 0
    out, err = capsys.readouterr()
    assert out == f"Signed with key {key:02X} by {name}, and checked with its certificate.\n"
    assert err.startswith("VERIFY compares the PIN: a wrong one spends a try, ")
    made = (at / "made").read_bytes()
    assert openssl_says(at, key, mechanism(name), made, TEXT) == "Verified OK"


def test_ecdsa_as_openssl_has_it(at: Path) -> None:
    assert sign("--key", "02", "--mechanism", "ecdsa-sha256", "--der", "--out", "made.der") == 0
    command = "openssl x509 -in ec.pem -pubkey -noout > key.pem && openssl dgst -sha256 -verify key.pem"
    done = subprocess.run(f"{command} -signature made.der document", shell=True, cwd=at, capture_output=True, text=True)
    assert done.stdout == "Verified OK\n"


def test_an_expired_certificate_is_told_of(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind = load_personality("akis-2.2")
    old = new_personality(kind, "old", now=datetime(2015, 1, 1, tzinfo=UTC))
    (at / "old.toml").write_text(personality_text(old, "a card of 2015"), "utf-8")
    (at / "old.pem").write_text(old.certificates["signature"])
    assert sign("--key", "01", "--certificate", "old.pem", card="old.toml") == 0
    said = capsys.readouterr().err.splitlines()
    assert said[1] == "Note: the certificate is valid from 2015-01-01 to 2017-12-31, and not today."
    assert said[2].endswith("and checked with its certificate.")


def test_inside_secure_messaging(at: Path) -> None:
    keys = at / "keys.toml"
    keys.write_text(
        'alg = "0C"\nkey = "02"\nifd_sn = "1F2E3D4C5B6A7988"\n'
        'enc = "F3B25068EA94D061860F4042C06F183F"\nmac = "8D5410065F3031CBCB7880558D452221"\n'
    )
    keys.chmod(0o600)
    assert sign("--key", "01", "--sm-keys", "keys.toml", "--trace", "trace.jsonl", "--out", "made") == 0
    assert openssl_says(at, RSA, mechanism("rsa-pkcs1-sha256"), (at / "made").read_bytes(), TEXT) == "Verified OK"
    commands = [json.loads(line).get("command") or "" for line in (at / "trace.jsonl").read_text().splitlines()[1:]]
    assert sum(command.startswith("0C2A9E9A") for command in commands) == 1


def test_without_out_the_signature_is_printed(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign("--key", "01") == 0
    out, err = capsys.readouterr()
    made = bytes.fromhex(out)
    assert openssl_says(at, RSA, mechanism("rsa-pkcs1-sha256"), made, TEXT) == "Verified OK"
    assert "not checked, for want of --certificate" in err


def test_json(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign("--key", "01", "--certificate", "rsa.pem", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["command"], report["key"], report["checked"]) == (1, "sign", "01", True)
    assert report["mechanism"] == "rsa-pkcs1-sha256"
    assert openssl_says(at, RSA, mechanism(report["mechanism"]), bytes.fromhex(report["signature"]), TEXT)


def test_a_certificate_in_der(at: Path) -> None:
    (at / "rsa.cer").write_bytes(certificate(RSA).public_bytes(Encoding.DER))
    assert sign("--key", "01", "--certificate", "rsa.cer") == 0


def test_a_file_that_is_there_is_left_as_it_is(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign("--key", "01", "--out", "rsa.pem") == 2
    assert "is there already and was left as it is" in capsys.readouterr().err
    assert (at / "rsa.pem").read_bytes() == certificate(RSA).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("arguments", "card", "pin", "code", "said"),
    [
        (["--key", "07"], "card.toml", "CARD_PIN", 4, "choosing key 07 for rsa-pkcs1-sha256 (MSE SET) failed: 6A88"),
        (["--key", "01"], "card.toml", "WRONG_PIN", 5, "wrong PIN, 2 tries left"),
        (["--key", "01"], "card.toml,last-try", "CARD_PIN", 9, "one try left; nothing was sent"),
        (["--key", "01"], "card.toml,blocked", "CARD_PIN", 6, "the PIN is blocked"),
        (["--key", "01", "--mechanism", "md5"], "card.toml", "CARD_PIN", 2, "there are rsa-pkcs1-sha256, "),
        (["--key", "01", "--der"], "card.toml", "CARD_PIN", 2, "--der is for ECDSA"),
        (["--key", "0101"], "card.toml", "CARD_PIN", 2, "--key is one byte in hex"),
        (["--key", "key"], "card.toml", "CARD_PIN", 2, "--key is one byte in hex"),
        (["--key", "01", "--certificate", "document"], "card.toml", "CARD_PIN", 2, "not a certificate"),
        (["--key", "01", "--certificate", "none"], "card.toml", "CARD_PIN", 2, "none cannot be read: No such file"),
        (["--key", "01", "--certificate", "ec.pem"], "card.toml", "CARD_PIN", 2, "does not sign by rsa-pkcs1-sha256"),
    ],
)
def test_what_goes_wrong_leaves_no_file(
    at: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], card: str, pin: str, code: int, said: str
) -> None:
    assert sign(*arguments, "--out", "made", card=card, pin=pin) == code
    out, err = capsys.readouterr()
    assert said in err.splitlines()[-1]
    assert out == ""
    assert not (at / "made").exists()


def test_the_wrong_certificate_makes_no_signature(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from akis.emulator.sign_keys import new_key
    from tests.signatures import authority

    stranger = authority().qualified(new_key("rsa-2048").public_key())
    (at / "stranger.pem").write_bytes(stranger.public_bytes(Encoding.PEM))
    assert sign("--key", "01", "--certificate", "stranger.pem", "--out", "made") == 1
    assert "do not use it" in capsys.readouterr().err
    assert not (at / "made").exists()


def test_a_document_that_is_not_there(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "missing", "--key", "01", "--reader", "emulator:card.toml", "--pin", "env:CARD_PIN"]) == 2
    assert "missing cannot be read: No such file or directory" in capsys.readouterr().err


def test_the_pin_is_in_no_output(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign("--key", "01", "--trace", "trace.jsonl", "--json") == 0
    out, err = capsys.readouterr()
    written = out + err + (at / "trace.jsonl").read_text()
    assert "123456" not in written
    assert "313233343536" not in written


def test_keys_in_these_files_are_those_of_the_certificates() -> None:
    for reference in (RSA, EC):
        assert certificate(reference).public_key() == private_key(reference).public_key()
