"""The emulated card in a reader of pyscard, inside this process, with or without a PC/SC service.

``install(card)`` once, and a program written with pyscard runs unchanged: pyscard's classes stay as they are, and only
the PC/SC functions beneath them (``SCardConnect`` and the others of ``smartcard.scard``) are answered here where they
concern an emulated reader. All else goes to the PC/SC service, if there is one. Behaviour is that of pcsc-lite.
"""

from __future__ import annotations

from akis.emulator.card import EmulatedCard
from akis.emulator.pyscard_service import Service
from akis.emulator.pyscard_slot import EmulatedReader
from akis.errors import InvalidArgument

__all__ = ["NAME", "EmulatedReader", "install", "uninstall"]

NAME = "akis emulator 0"

_service = Service()


def install(card: EmulatedCard, name: str = NAME) -> EmulatedReader:
    """Put a reader of this name with this card in it before all others that pyscard knows."""
    if not name or name in _service.readers:
        raise InvalidArgument(f"there is an emulated reader {name!r} already" if name else "a reader has a name")
    with _service.changed:
        reader = _service.readers[name] = EmulatedReader(name, card, _service.changed)
        _service.enter()
    return reader


def uninstall() -> None:
    """Take all emulated readers away: their cards are pulled, and pyscard is as it was before.

    Contexts and connections that a program still holds fail from here on, and can be closed as ever.
    """
    with _service.changed:
        for reader in _service.readers.values():
            reader.remove()
        _service.readers.clear()
        _service.leave()
