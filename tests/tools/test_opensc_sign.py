"""OpenSC, which nobody here wrote, signs with the emulated cards through pcscd, and openssl checks what comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from akis.emulator import load_personality
from tests.tools.akis_process import Emulating, akis

MODULE = Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")
TEXT = "Sözleşme\n".encode()
FRAMEWORK = "framework pkcs15 { use_file_caching = false; }"
# The driver for unknown cards has no algorithms, so it never signs; MaskTech's speaks ISO and signs with RSA.
SECOND = f'app default {{ card_atr %s {{ driver = "MaskTech"; }} {FRAMEWORK} }}'
FIRST = f"app default {{ card_drivers = old, internal; {FRAMEWORK} }}"
"""OpenSC's own driver for AKİS 1.0."""


@pytest.fixture
def at(tmp_path: Path) -> Path:
    """A folder with a document."""
    if shutil.which("pkcs11-tool") is None or not MODULE.exists():
        missing = "there is no pkcs11-tool with its module; install what Debian calls opensc and opensc-pkcs11"
        if os.environ.get("AKIS_REQUIRE_PCSC") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    (tmp_path / "document").write_bytes(TEXT)
    return tmp_path


def opensc(at: Path, configuration: str, *words: str) -> str:
    """Run it with this configuration and the published PIN; returns what it printed."""
    (at / "opensc.conf").write_text(configuration)
    done = subprocess.run(
        ["pkcs11-tool", "--module", str(MODULE), "--slot", "0", "--login", "--pin", "123456", *words],
        cwd=at,
        env={**os.environ, "OPENSC_CONF": str(at / "opensc.conf")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def configuration(name: str) -> str:
    """What OpenSC needs to be told to sign with this card."""
    atr = load_personality(name).atr.hex(":").upper()
    return FIRST if name == "akis-1.0" else SECOND % atr


def openssl(at: Path, name: str, signature: str) -> str:
    """What openssl says of a signature by the first key of a card: RSA with SHA-256."""
    key = load_personality(name).sign_keys[0].load().public_key()
    (at / "key").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", signature, "document"]
    return subprocess.run(command, cwd=at, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5", "akis-1.0"])
def test_pkcs11_tool_signs(pcsc, at, name):
    with Emulating(pcsc, "--personality", name):
        said = configuration(name)
        opensc(at, said, "--sign", "--mechanism", "SHA256-RSA-PKCS", "-i", "document", "-o", "first", "--id", "01")
        # Each signature has a session and a VERIFY of its own.
        opensc(at, said, "--sign", "--mechanism", "SHA256-RSA-PKCS", "-i", "document", "-o", "second", "--id", "01")
    assert openssl(at, name, "first") == "Verified OK"
    assert (at / "first").read_bytes() == (at / "second").read_bytes()
    (at / "document").write_bytes(TEXT + b".")
    assert openssl(at, name, "first") == "Verification failure"


def test_pkcs11_tool_lists_what_is_on_the_card(pcsc, at):
    with Emulating(pcsc):
        listed = opensc(at, configuration("akis-2.2"), "--list-slots", "--list-objects")
    assert "token label" in listed
    assert listed.count("Certificate Object") == 2
    assert "Private Key Object; RSA" in listed


@pytest.mark.parametrize("name", ["akis-2.2", "akis-1.0"])
def test_our_own_signature_is_the_same(pcsc, at, name):
    """PKCS #1 v1.5 leaves no choice: two programs that sign the same document with one key agree to the byte."""
    with Emulating(pcsc, "--personality", name):
        said = configuration(name)
        opensc(at, said, "--sign", "--mechanism", "SHA256-RSA-PKCS", "-i", "document", "-o", "theirs", "--id", "01")
        where = ["--reader", "0", "--pin", "env:CARD_PIN", "--allow-last-try"]
        done = akis("sign", at / "document", "--key", "01", "--out", at / "ours", *where, CARD_PIN="123456")
    assert done.code == 0, done.err
    assert (at / "ours").read_bytes() == (at / "theirs").read_bytes()
