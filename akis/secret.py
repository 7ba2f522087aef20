"""PINs, PUKs and keys, kept out of every text."""

from __future__ import annotations

import hmac
from typing import NoReturn

from akis.errors import InvalidArgument, WrongType


class Secret:
    """Bytes that never show: no repr, no str, no pickling, no hash; wiped on demand or at the end of a ``with``.

    Takes bytes-like values, or text of ASCII characters (a PIN as it was typed). Python may have made other copies of
    what was passed in; this one is gone after :meth:`wipe`.
    """

    __slots__ = ("_bytes", "_wiped")

    def __init__(self, value: bytes | bytearray | memoryview | str) -> None:
        self._wiped = False
        if isinstance(value, str):
            if not value.isascii():
                raise InvalidArgument("a secret given as text may hold ASCII characters only")
            value = value.encode("ascii")
        elif not isinstance(value, bytes | bytearray | memoryview):
            raise WrongType(f"a secret is text or bytes, not {type(value).__name__}")
        self._bytes = bytearray(value)

    @classmethod
    def of(cls, value: Secret | bytes | bytearray | memoryview | str) -> Secret:
        """``value`` itself where it is a Secret already, else a new Secret around it."""
        return value if isinstance(value, Secret) else cls(value)

    def reveal(self) -> bytes:
        """A plain copy, to be held only while an APDU is built and sent."""
        if self._wiped:
            raise InvalidArgument("this secret was wiped and cannot be used again")
        return bytes(self._bytes)

    def wipe(self) -> None:
        """Overwrite the bytes with zeros; the secret cannot be used afterwards."""
        self._bytes[:] = bytes(len(self._bytes))
        self._wiped = True

    def __len__(self) -> int:
        return len(self._bytes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return not (self._wiped or other._wiped) and hmac.compare_digest(self._bytes, other._bytes)

    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the secret

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise WrongType("a secret is not pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise WrongType("a secret is not pickled or copied")

    def __enter__(self) -> Secret:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()
