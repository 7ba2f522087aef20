"""What stands between a driver and the way to a card: everything passes until a subclass says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from akis.errors import WrongType
from akis.transport.base import Transport


class TransportWrapper(Transport):
    """Another transport, :attr:`inner`, with something added to it. Closing this closes that."""

    def __init__(self, inner: Transport) -> None:
        if not isinstance(inner, Transport):
            raise WrongType(f"{type(self).__name__} wraps a Transport, not {type(inner).__name__}")
        self.inner = inner

    @property
    def atr(self) -> bytes:
        return self.inner.atr

    def transmit(self, command: bytes) -> bytes:
        return self.inner.transmit(command)

    def reset(self) -> bytes:
        return self.inner.reset()

    def control(self, code: int, data: bytes) -> bytes:
        return self.inner.control(code, data)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.inner.transaction():
            yield

    def close(self) -> None:
        self.inner.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inner!r})"
