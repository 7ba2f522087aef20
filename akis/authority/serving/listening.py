"""The socket an authority listens on, and the certificate it shows there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from akis.authority.serving.settings import Settings
from akis.errors import AkisError, InvalidArgument
from akis.sources.keys import refuse_open_file

_WAITING = 2048
"""Connections that may wait to be accepted."""
_LONGEST_PEM = 0x100000
_MISMATCHES = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH")
_CERTIFICATE, _KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"


class CannotServe(AkisError):
    """The authority cannot be started, or could not go on; the message says why."""


class TlsFilesUnusable(CannotServe, InvalidArgument):
    """The files that were named for TLS cannot be used; the message says which of them, and why."""


def check_tls(settings: Settings) -> None:
    """Refuse a certificate and a key that cannot be used.

    :class:`TlsFilesUnusable`; :class:`PolicyRefused` where others can read the key.
    """
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None or key is None:
        return
    in_cert, in_key = _pem(cert, "tls_cert"), _pem(key, "tls_key")
    if _KEY in in_cert and _KEY not in in_key and _CERTIFICATE in in_key:
        raise TlsFilesUnusable(f"tls_cert and tls_key are swapped: {cert} holds the key and {key} the certificate")
    if _CERTIFICATE not in in_cert:
        raise TlsFilesUnusable(f"tls_cert {cert} holds no certificate; it is a PEM file")
    if _KEY not in in_key:
        raise TlsFilesUnusable(f"tls_key {key} holds no private key; it is a PEM file, without a password")
    refuse_open_file(Path(key))
    try:
        # No password: else OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, lambda: b"")
    except (OSError, ValueError) as error:
        strange = isinstance(error, ssl.SSLError) and error.reason in _MISMATCHES
        why = "they do not belong together" if strange else "one of them is damaged, or the key has a password"
        raise TlsFilesUnusable(f"tls_cert {cert} and tls_key {key} cannot be used: {why}") from None


def _pem(path: str, name: str) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            return stream.read(_LONGEST_PEM)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "that is no name of a file"
        raise TlsFilesUnusable(f"{name} {path} cannot be read: {why}") from None


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on which connections wait already, for processes that are started as well; :class:`CannotServe`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        made = listener(family, address)
    except OSError as error:
        raise CannotServe(f"it cannot listen on {host}, port {port}: {error.strerror}; choose another") from None
    with made:
        made.set_inheritable(True)
        yield made


def listener(family: socket.AddressFamily, address: Any) -> socket.socket:
    """A socket that listens there; :class:`OSError`."""
    # With its protocol named: only then does asyncio set TCP_NODELAY, without which answers wait 40 ms for the client.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(_WAITING)
    except OSError:
        made.close()
        raise
    return made


def url_of(scheme: Literal["http", "https"], opened: socket.socket) -> str:
    """How it is called, with the port it got."""
    host, port = opened.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ip_address(host).version == 6 else host}:{port}"
