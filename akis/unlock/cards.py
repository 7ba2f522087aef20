"""Which of the holder's cards are in which reader, found without a try spent or anything else asked of any card."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from akis.connect import EMULATOR, READER, REPLAY, Connection, connect
from akis.errors import (
    CardError,
    CardMute,
    CardRemoved,
    CodecError,
    NoCard,
    NoReader,
    SharingViolation,
    TransportError,
)
from akis.profile.load import load, names
from akis.profile.model import CardProfile
from akis.transport.readers import Reader, choose
from akis.unlock.opened import HolderCard


class Connect(Protocol):
    """:func:`akis.connect.connect`, or what does the same with a recording or a profile of the caller's."""

    def __call__(self, target: str, *, exclusive: bool, leave_card: bool) -> Connection:
        """The way to the card that ``target`` names."""


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card of the holder and where it is: ``target`` leads to it, ``place`` is for people to read.

    ``profile`` describes it: the one that the card itself was recognised by, or the one that the authority names for
    a card that was not.
    """

    card: HolderCard
    target: str
    place: str
    profile: CardProfile


@dataclass(frozen=True, slots=True)
class Look:
    """What one look around found. ``notes`` are sentences on what was seen besides: empty readers, cards of others,
    cards that are mute or busy. None of them shows a serial number."""

    found: tuple[FoundCard, ...] = ()
    notes: tuple[str, ...] = ()


def look(
    target: str | None,
    cards: Sequence[HolderCard],
    *,
    connect: Connect = connect,
    readers: Callable[[], Sequence[Reader]] | None = None,
) -> Look:
    """Look once, to be called again and again until the card is there; nothing stays open afterwards.

    ``target`` names one place, as for :func:`akis.connect.connect`; None looks into every reader, or into the one that
    ``AKIS_READER`` names. Each card there is asked for its serial number by GET DATA, which costs nothing, and is left
    as it was. :class:`NoService`, and for a target that names no reader or several :class:`NoReader` and
    :class:`InvalidArgument`, are raised; all else that can be in the way is a note, since it may be gone at the next
    look.
    """
    target = _named(target)
    if target is not None and never_changes(target):
        return _together([_look_at(target, target, cards, connect)])
    there = _readers() if readers is None else readers()
    if target is not None:
        there = [choose(there, target)]
    if not there:
        return Look(notes=("there is no card reader; plug one in",))
    return _together([_look_into(reader, cards, connect) for reader in there])


def check_place(
    target: str | None, *, connect: Connect = connect, readers: Callable[[], Sequence[Reader]] | None = None
) -> None:
    """See that ``target``, as for :func:`look`, is a place where a card can come to be, before a code is spent on it.

    :class:`NoService` where there is no PC/SC service; :class:`NoReader` and :class:`InvalidArgument` for a target that
    names no reader or several; and for ``emulator:`` and ``replay:`` what opening them raises. No reader at all, where
    none is named, is nothing to raise: one may yet be plugged in.
    """
    target = _named(target)
    if never_changes(target):
        connect(str(target), exclusive=False, leave_card=True).transport.close()
        return
    there = _readers() if readers is None else readers()
    if target is not None:
        choose(there, target)


def never_changes(target: str | None) -> bool:
    """Whether no other card can ever come to be there: it is an emulated one, or a recording."""
    target = _named(target)
    return target is not None and target.startswith((EMULATOR, REPLAY))


def _named(target: str | None) -> str | None:
    return os.environ.get(READER) or None if target is None else target


def _readers() -> Sequence[Reader]:
    from akis.transport.pcsc import list_readers

    return list_readers()


def _together(looks: Sequence[Look]) -> Look:
    found = tuple(card for look in looks for card in look.found)
    return Look(found, tuple(note for look in looks for note in look.notes))


def _look_into(reader: Reader, cards: Sequence[HolderCard], connect: Connect) -> Look:
    state, _, use = reader.state.partition(", ")
    if state == "empty":
        return Look(notes=(f"there is no card in {reader.name}",))
    if state == "mute card":
        return Look(notes=(f"the card in {reader.name} does not answer; see that it is clean and the right way up",))
    if state == "unavailable":
        return Look(notes=(f"the reader {reader.name} is not available; plug it in again",))
    if use == "in use exclusively":
        return Look(notes=(_busy(reader.name),))
    return _look_at(reader.name, reader.name, cards, connect)


def _look_at(target: str, place: str, cards: Sequence[HolderCard], connect: Connect) -> Look:
    try:
        connection = connect(target, exclusive=False, leave_card=True)
        with connection.card() as card:
            serial = card.serial()
    except SharingViolation:
        return Look(notes=(_busy(place),))
    except (NoCard, CardRemoved, NoReader):
        return Look(notes=(f"there is no card in {place}",))
    except CardMute as error:
        return Look(notes=(str(error),))
    except (CardError, CodecError):
        return Look(notes=(f"the card in {place} does not tell its serial number; it is none of yours, or too new",))
    except TransportError as error:
        return Look(notes=(str(error),))
    mine = next((card for card in cards if card.serial == serial), None)
    if mine is None:
        return Look(notes=(f"the card in {place} is none of yours",))
    return Look((FoundCard(mine, target, place, _profile(connection, mine)),))


def _busy(place: str) -> str:
    return f"another program has the card in {place}; end that one"


def _profile(connection: Connection, card: HolderCard) -> CardProfile:
    """The authority's word counts for a card whose own nobody understood."""
    if connection.chosen_by == "default" and card.profile in names():
        return load(card.profile)
    return connection.profile
