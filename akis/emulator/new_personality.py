"""Another card of the same kind: its own serial number, keys and certificates, made at that moment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from akis.emulator.factory_files import TOKEN_INFO
from akis.emulator.personality import FILE, CardKey, Personality
from akis.emulator.personality_text import personality_text
from akis.emulator.sign_keys import PrivateKey, SignKey, as_pem, new_key
from akis.emulator.test_ca import QC_STATEMENTS, CertificateAuthority, pem
from akis.errors import InvalidArgument, ProfileError

_COMMENT = """\
An emulated card. Its keys were made for it and are in nobody else's hands as long as this file is not; its certificates
come from a certification authority that was made with them and forgotten, and that nobody trusts."""
_OWN_BYTES = 6
"""How many bytes at the end of a serial number tell cards of one kind apart."""


def write_new(kind: Personality, path: Path) -> Personality:
    """Write the personality of a new card of this ``kind`` into a file that is not there yet, for its owner only.

    The card is called what the file is called. Raises :class:`InvalidArgument` for a name that does not end in .toml
    and where there is such a file, :class:`ProfileError` where it cannot be written.
    """
    _check_name(path)
    made = new_personality(kind, path.stem)
    write_personality(made, path, _COMMENT)
    return made


def write_personality(personality: Personality, path: Path, comment: str) -> None:
    """Write a personality into a file that is not there yet, for its owner only, ``comment`` in front of it.

    Raises what :func:`write_new` does.
    """
    _check_name(path)
    text = personality_text(personality, comment)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise InvalidArgument(f"{path} is there already and was left as it is; name another file") from None
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            os.fchmod(file, 0o600)  # whatever the umask
            stream.write(text)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise ProfileError(f"{path}: cannot be written ({error.strerror})") from None


def _check_name(path: Path) -> None:
    if path.suffix != FILE or not path.stem.isprintable():
        raise InvalidArgument(f"a personality is kept in a file whose name ends in {FILE}")


def new_personality(
    kind: Personality,
    name: str,
    now: datetime | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Personality:
    """A personality called ``name`` that differs from ``kind`` in whatever tells one card from another.

    PIN and PUK stay. Certificates that belong to none of the signature keys stay too, as does a file whose content is
    listed as bytes; an EF.TokenInfo that is listed is left out, so that it is made with the new serial number.
    ``random(n)`` gives n random bytes for all but the signature keys.
    """
    keys = [(key, new_key(key.kind)) for key in kind.sign_keys]
    authority = CertificateAuthority(datetime.now(UTC) if now is None else now, random)
    renewed = {_public(old.load()): new for old, new in keys}
    certificates = {
        title: _renewed(text, renewed.get(_public(_certificate(text))), authority)
        for title, text in kind.certificates.items()
    }
    return replace(
        kind,
        name=name,
        serial=kind.serial[:-_OWN_BYTES] + random(_OWN_BYTES),
        keys=tuple(_new_pair(key, random) for key in kind.keys),
        sign_keys=tuple(SignKey(old.reference, old.kind, as_pem(new)) for old, new in keys),
        certificates=certificates,
        files=tuple(entry for entry in kind.files if entry.path != TOKEN_INFO),
    )


def _new_pair(key: CardKey, random: Callable[[int], bytes]) -> CardKey:
    return replace(key, enc=random(len(key.enc)), mac=random(len(key.mac)))


def _certificate(text: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text.encode("ascii"))


def _public(holder: PrivateKey | x509.Certificate) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _renewed(text: str, key: PrivateKey | None, authority: CertificateAuthority) -> str:
    """A certificate of the same kind for the new key; the old one where there is none."""
    if key is None:
        return text
    try:
        _certificate(text).extensions.get_extension_for_oid(QC_STATEMENTS)
    except x509.ExtensionNotFound:
        return pem(authority.ordinary(key.public_key()))
    return pem(authority.qualified(key.public_key()))
