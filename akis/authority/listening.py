"""The socket an authority listens on, and the certificate it shows there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Literal

from akis.authority.settings import Settings
from akis.errors import AkisError

_WAITING = 2048
"""Connections that may wait to be accepted."""


class CannotServe(AkisError):
    """The authority cannot be started, or could not go on; the message says why."""


def check_tls(settings: Settings) -> None:
    """Refuse a certificate and a key that cannot be used: :class:`CannotServe`."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    try:
        # No password: else OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, lambda: b"")
    except (OSError, ValueError) as error:
        is_file = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
        reason = (error.strerror if is_file else None) or "they do not fit each other"  # type: ignore[union-attr]
        raise CannotServe(
            f"the certificate {settings.tls_cert} and its key {settings.tls_key} cannot be used: {reason}; both are PEM"
            " files, the key without a password"
        ) from None


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
