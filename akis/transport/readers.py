"""Card readers as values, and which of them is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from akis.errors import InvalidArgument, NoCard, NoReader


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader, its place in the list, and what is in it: ``atr`` is None without a card, or with one that is mute.

    ``state`` is empty, card, mute card, or unavailable; in use, or in use exclusively, may follow a comma.
    """

    index: int
    name: str
    atr: bytes | None
    state: str

    def __str__(self) -> str:
        return f"{self.index} ({self.name})"


def choose(readers: Sequence[Reader], target: str | None = None) -> Reader:
    """The reader that ``target`` means: a number, a name, or a part of just one name, in any case.

    None means the only reader there is, or the only one with a card that answers. Raises :class:`NoReader` or
    :class:`NoCard` where nothing fits, :class:`InvalidArgument` where several do; each says what there is.
    """
    if target is None:
        return _only(readers)
    wanted = target.strip().casefold()
    if not wanted:
        raise InvalidArgument("the reader is a number or a part of its name, not an empty text")
    if not readers:
        raise NoReader("there is no card reader; plug one in")
    if wanted.isdecimal():
        fitting = [reader for reader in readers if reader.index == int(wanted)]
    else:
        named = [(reader, reader.name.casefold()) for reader in readers]
        fitting = [reader for reader, name in named if name == wanted]
        fitting = fitting or [reader for reader, name in named if wanted in name]
    if not fitting:
        raise NoReader(f"there is no reader {target.strip()!r}; there are {_listed(readers)}")
    if len(fitting) > 1:
        raise InvalidArgument(f"{target.strip()!r} fits several readers, say which: {_listed(fitting)}")
    return fitting[0]


def is_ignored(name: str, ignore: str) -> bool:
    """Whether a name has one of the parts, in any case, that ``ignore`` lists between commas or semicolons."""
    parts = (part.strip().casefold() for part in re.split("[,;]", ignore))
    return any(part and part in name.casefold() for part in parts)


def _only(readers: Sequence[Reader]) -> Reader:
    if not readers:
        raise NoReader("there is no card reader; plug one in")
    if len(readers) == 1:
        return readers[0]
    with_card = [reader for reader in readers if reader.atr is not None]
    if not with_card:
        raise NoCard(f"there is no card in any of the readers {_listed(readers)}; insert one")
    if len(with_card) > 1:
        raise InvalidArgument(f"several readers have a card, say which: {_listed(with_card)}")
    return with_card[0]


def _listed(readers: Sequence[Reader]) -> str:
    return ", ".join(map(str, readers))
