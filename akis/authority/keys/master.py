"""What a master key is to everything else: something that makes an AES-CMAC."""

from __future__ import annotations

from typing import Protocol

from akis.errors import AkisError

BLOCK = 16
"""Bytes of an AES-CMAC."""
KEY_LENGTHS = (16, 24, 32)
"""Bytes of an AES key."""


class MasterKeyError(AkisError):
    """The master key cannot be used; the message says why, and never what it is."""


class TokenPinRefused(MasterKeyError):
    """The token that holds the master key does not let this PIN in. It is not sent again: such PINs lock too."""


class MasterKey(Protocol):
    """An AES key that may be out of reach. Several threads may use one."""

    def cmac(self, data: bytes) -> bytes:
        """The AES-CMAC of ``data`` (SP 800-38B), 16 bytes; one operation of an HSM. :class:`MasterKeyError`."""
        ...

    def check(self) -> None:
        """Return where the key can be used now, else raise :class:`MasterKeyError` with the reason."""
        ...

    def close(self) -> None:
        """Let go of it; a second time does nothing, and whatever is asked afterwards is a :class:`MasterKeyError`."""
        ...


def closed() -> MasterKeyError:
    """What a master key that was closed answers with."""
    return MasterKeyError("the master key was closed and cannot be used again")
