"""Signature keys made for this run, cards that have them, and signatures checked by others than this library."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from akis.card import Card
from akis.commands.mechanisms import Mechanism
from akis.emulator.sign_keys import PrivateKey, SignKey, as_pem, new_key
from akis.emulator.test_ca import CertificateAuthority
from akis.signer import ecdsa_der
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from tests.bench import Bench, bench

RSA, EC = 0x01, 0x02
"""References of the keys."""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@cache
def private_key(reference: int) -> PrivateKey:
    return new_key("rsa-2048" if reference == RSA else "ec-p256")


@cache
def sign_keys() -> tuple[SignKey, ...]:
    """Both keys, as a personality has them."""
    return (
        SignKey(RSA, "rsa-2048", as_pem(private_key(RSA))),
        SignKey(EC, "ec-p256", as_pem(private_key(EC))),
    )


@cache
def authority() -> CertificateAuthority:
    return CertificateAuthority(NOW, Random(5070).randbytes)


@cache
def certificate(reference: int) -> x509.Certificate:
    """A qualified certificate of this key."""
    return authority().qualified(private_key(reference).public_key())


def signing_bench(name: str = "akis-2.2", state: str = "") -> Bench:
    """A card with both keys, behind the wrappers that every card is behind."""
    made = bench(name, state, sign_keys=sign_keys())
    way = ChainingTransport(GetResponseTransport(made.wire))
    made.card = Card(way, made.card.profile, watch=made.exchanges.append)
    return made


PERSONALITY = """
name = "signing-test"
label = "for the tests of signing"
profile = "{profile}"
dialect = "{dialect}"
atr = "{atr}"
serial = "414B4953 0202 000000000009"
pin = "123456"
puk = "87654321"
tries = 3
{keys}
"""
DEVICE_KEY = """
[[keys]]
reference = 0x02
role = "terminal"
algorithms = [0x0C]
enc = "F3B25068EA94D061860F4042C06F183F"
mac = "8D5410065F3031CBCB7880558D452221"
"""


def personality_file(folder: Path, dialect: str = "2.x") -> Path:
    """A personality with both keys, as users write one."""
    signing = "".join(
        f'\n[[sign_keys]]\nreference = {key.reference}\nkind = "{key.kind}"\nprivate_key = """{key.private_key}"""\n'
        for key in sign_keys()
    )
    two = dialect == "2.x"
    atr = "3B9F978131FE4580655443D2210831C073F6218081055B" if two else "3BBA11008131FE4D55454B41452056312E30AE"
    text = PERSONALITY.format(
        profile="akis-2" if two else "akis-1",
        dialect=dialect,
        atr=atr,
        keys=(DEVICE_KEY if two else "keys = []") + signing,
    )
    path = folder / "card.toml"
    path.write_text(text, encoding="utf-8")
    return path


def verify(reference: int, mechanism: Mechanism, signature: bytes, data: bytes) -> None:
    """Have cryptography check it; raises where it is wrong."""
    hash_ = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[mechanism.hash]
    key = private_key(reference).public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(ecdsa_der(signature), data, ec.ECDSA(hash_))
        return
    assert isinstance(key, rsa.RSAPublicKey)
    pss = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
    key.verify(signature, data, pss if mechanism.scheme == "rsa-pss" else padding.PKCS1v15(), hash_)


def openssl_says(folder: Path, reference: int, mechanism: Mechanism, signature: bytes, data: bytes) -> str:
    """What the openssl program says of a signature: ``Verified OK`` or ``Verification failure``."""
    key = private_key(reference).public_key()
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    files = {"key": key.public_bytes(*form), "signature": signature, "data": data}
    if reference == EC:
        files["signature"] = ecdsa_der(signature)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    options = []
    if mechanism.scheme == "rsa-pss":
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    command = ["openssl", "dgst", f"-{mechanism.hash}", "-verify", "key", "-signature", "signature", *options, "data"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
