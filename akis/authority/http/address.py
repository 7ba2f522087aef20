"""Who asks: the other end of the connection, or whom our own proxy names."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

UNKNOWN = "unknown"
_FORWARDED = b"x-forwarded-for"


def client_address(scope: Mapping[str, Any], behind_proxy: bool) -> str:
    """The address as text, of at most 45 characters.

    Behind a proxy it is the last hop of X-Forwarded-For, which that proxy wrote; what stands before it anybody may have
    written. Otherwise nobody is believed.
    """
    if behind_proxy:
        given = [value for name, value in scope["headers"] if name == _FORWARDED]
        named = _address(given[-1].decode("latin-1").rpartition(",")[2].strip()) if given else None
        if named is not None:
            return named
    client = scope.get("client")
    return (client and _address(client[0])) or UNKNOWN


def _address(text: str) -> str | None:
    """Written one way only; a zone, which may be any text, is no part of it."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)
