"""Where an authority is, and how the client makes sure that it is the one: https, or http on this machine alone."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from akis.errors import InvalidArgument

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` without brackets; ``path`` starts with a slash or is empty, and ends without one."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def from_text(cls, text: str) -> Address:
        """Read ``https://HOST[:PORT][/PATH]``; :class:`InvalidArgument` where it is no address of an authority."""
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise InvalidArgument("the authority's address is not one; write it as https://HOST") from None
        host = parts.hostname or ""
        if parts.scheme not in _DEFAULT_PORTS or not host or not _is_plain(text.strip(), parts):
            raise InvalidArgument("the authority's address is not one; write it as https://HOST")
        if parts.scheme == "http" and not is_loopback(host):
            raise InvalidArgument(
                "http is for an authority on this machine alone, all could read along; write the address as https://"
            )
        return cls(parts.scheme == "https", host, port or _DEFAULT_PORTS[parts.scheme], parts.path.rstrip("/"))

    def url(self, path: str = "", *, websocket: bool = False) -> str:
        """The address of ``path`` there, for HTTP or for a WebSocket."""
        scheme = ("ws" if websocket else "http") + ("s" if self.secure else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}{self.path}{path}"

    def __str__(self) -> str:
        return self.url()


def is_loopback(host: str) -> bool:
    """Whether this host is certainly the machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def tls_context(address: Address, ca: Path | None) -> ssl.SSLContext | None:
    """What verifies the authority's certificate: the CAs in the PEM file ``ca``, or, without one, those of the system.

    None for an address without TLS. :class:`InvalidArgument` where the file is none, or there is nothing to verify.
    """
    if not address.secure:
        if ca is not None:
            raise InvalidArgument("a CA file is for https, and the authority's address is http")
        return None
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise InvalidArgument(f"the CA file {ca} has no certificate in PEM form") from None
    except OSError as error:
        raise InvalidArgument(f"the CA file {ca} cannot be read: {error.strerror or 'no such file'}") from None


def _is_plain(text: str, parts: SplitResult) -> bool:
    """Whether there is nothing in it but scheme, host, port and path; a password in an address would be shown."""
    odd = parts.username is not None or parts.password is not None or "?" in text or "#" in text
    return not odd and text.isascii() and text.isprintable() and " " not in text
