"""``akis sign``: sign a file with a key of the card, and check the signature with its certificate."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from akis.errors import InvalidArgument

from .card_options import add_card, add_session, open_card
from .parser import add_examples
from .pin_input import add_secret, announce_try, read_secret
from .tell import tell

if TYPE_CHECKING:
    from cryptography import x509

    from akis.commands.mechanisms import Mechanism

_LARGEST_CERTIFICATE = 0x10000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(
        parser,
        "akis sign contract.pdf --key 01 --reader emulator: --pin env:CARD_PIN",
        "akis sign contract.pdf --key 01 --pin env:CARD_PIN --certificate holder.pem --out contract.sig",
    )
    parser.epilog = "`openssl dgst -sha256 -verify …` checks what an RSA key signed."
    parser.add_argument("file", metavar="FILE", help="what to sign; it is hashed here and does not go to the card")
    parser.add_argument("--key", metavar="REF", required=True, help="the key's reference on the card, hex, such as 01")
    parser.add_argument(
        "--mechanism",
        metavar="NAME",
        default="rsa-pkcs1-sha256",
        help="rsa-pkcs1-, rsa-pss- or ecdsa- with sha256, sha384 or sha512; default: rsa-pkcs1-sha256",
    )
    parser.add_argument("--out", metavar="FILE", help="write the signature here; printed in hex when left out")
    parser.add_argument(
        "--certificate", metavar="FILE", help="check the signature with this certificate, PEM or DER, before it counts"
    )
    parser.add_argument(
        "--der", action="store_true", help="an ECDSA signature as DER, as openssl has it, instead of r and s in a row"
    )
    add_secret(parser, "pin")
    parser.add_argument(
        "--allow-last-try", action="store_true", help="go on with one try left, or an unknown number of tries"
    )
    add_card(parser)
    add_session(parser)


def run(args: argparse.Namespace) -> int:
    """Hash, sign, check, write."""
    from akis.commands.mechanisms import mechanism
    from akis.pin import Pin
    from akis.signer import Signer, ecdsa_der

    chosen = mechanism(args.mechanism)
    if args.der and chosen.rsa:
        raise InvalidArgument("--der is for ECDSA; an RSA signature has one form only")
    key = _reference(args.key)
    certificate = None if args.certificate is None else _certificate(args.certificate)
    digest = _digest(args.file, chosen)
    with _output(args.out) as write, read_secret(args.pin, "PIN") as pin:
        card, _ = open_card(args)
        with card:
            signer = Signer(card, key, certificate)
            announce_try("VERIFY compares the PIN", Pin(card).tries_left())
            signature = signer.sign_digest(digest, chosen, pin, allow_last_try=args.allow_last_try)
        write(ecdsa_der(signature) if args.der else signature)
    checked = certificate is not None
    if certificate is not None:
        _tell_validity(certificate)
    _report(args, chosen, key, ecdsa_der(signature) if args.der else signature, checked)
    return 0


def _report(args: argparse.Namespace, chosen: Mechanism, key: int, signature: bytes, checked: bool) -> None:
    said = "and checked with its certificate" if checked else "and not checked, for want of --certificate"
    message = f"Signed with key {key:02X} by {chosen.name}, {said}."
    report: dict[str, Any] = {
        "schema": 1,
        "command": "sign",
        "message": message,
        "key": f"{key:02X}",
        "mechanism": chosen.name,
        "checked": checked,
        "out": args.out,
        "signature": signature.hex().upper(),
    }
    if args.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    elif args.out is None:
        tell(message)
        print(report["signature"])
    else:
        print(message)


def _reference(text: str) -> int:
    try:
        [reference] = bytes.fromhex(text)
    except ValueError:
        raise InvalidArgument("--key is one byte in hex, such as 01") from None
    return reference


def _tell_validity(certificate: x509.Certificate) -> None:
    """A signature outside the time of its certificate is right, and nobody will accept it."""
    from datetime import UTC, datetime

    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins <= datetime.now(UTC) <= ends:
        tell(f"Note: the certificate is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}, and not today.")


def _digest(path: str, chosen: Mechanism) -> bytes:
    import hashlib

    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, chosen.hash).digest()
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} cannot be read: {_why(error)}") from None


def _certificate(path: str) -> x509.Certificate:
    from cryptography import x509

    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(_LARGEST_CERTIFICATE)
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} cannot be read: {_why(error)}") from None
    try:
        pem = b"-----BEGIN" in raw
        return x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
    except ValueError:
        raise InvalidArgument(f"{path} is not a certificate in PEM or DER") from None


@contextmanager
def _output(path: str | None) -> Iterator[Any]:
    """The way to write the signature: the file is there before the PIN is asked for, and gone where anything fails."""
    if path is None:
        yield lambda _: None
        return
    try:
        stream = Path(path).open("xb")  # noqa: SIM115  closed below
    except FileExistsError:
        raise InvalidArgument(f"{path} is there already and was left as it is; name another file") from None
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} cannot be written: {_why(error)}") from None
    try:
        with stream:
            yield stream.write
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or "no such name"
