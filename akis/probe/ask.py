"""The questions of a probe, as a conversation; what the answers mean is in :mod:`akis.probe.draft`."""

from __future__ import annotations

from dataclasses import replace

from akis.card import Card
from akis.codec.apdu import CommandApdu
from akis.codec.file_path import MF, FilePath
from akis.commands import files, objects
from akis.commands.objects import PinObject
from akis.conversation.base import Conversation
from akis.errors import CodecError, PolicyRefused, WrongType
from akis.pkcs15.applications import PKCS15_AID
from akis.probe.findings import Findings, Information, NumberedPin, Selection
from akis.probe.looking import Looking
from akis.status import StatusWord

NAME, AID = b"PKCS-15", PKCS15_AID
USUAL_PATH: FilePath = (0x3D00,)
"""Where the signature application is on every card of which that is known."""
SYSTEM_INFORMATION, MEMORY_INFORMATION = 0x0106, 0x0104
MOST_PIN_OBJECTS = 31
"""P2 of a PIN command has five bits for its number (ISO/IEC 7816-4:2005 table 65)."""
CERTIFICATES = range(0x2F10, 0x2F1A)


def probe(card: Card) -> Findings:
    """Ask the card. It is left with another file selected, and what was verified in the one before may be gone.

    :class:`PolicyRefused`, with nothing sent, where a secure session is open: it would go through that, and a probe
    wants to know what the card says to everybody.
    """
    if not isinstance(card, Card):
        raise WrongType(f"a probe is of a Card, not of {type(card).__name__}")
    if card.session is not None:
        raise PolicyRefused("a probe asks in the clear, and a secure session is open; nothing was sent")
    looking = Looking()
    found = card.run(looking.only(look_around(card.atr)))
    return replace(found, commands=looking.commands)


def look_around(atr: bytes) -> Conversation[Findings]:
    """Every question, each once: where things are, what the card says of itself, and in the application its PINs."""
    mf = yield from _select(files.select_fid(files.MF))
    by_name = yield from _select(files.select_name(NAME))
    by_aid = yield from _select(files.select_name(AID))
    path, by_path = yield from _find_path(by_name if by_name.selected else by_aid)
    system = Information.of((yield objects.get_data(SYSTEM_INFORMATION)))
    memory = Information.of((yield objects.get_data(MEMORY_INFORMATION)))
    way = _way_in(by_name, by_aid, path)
    application = None if way is None else (yield from _select(way))
    pins: tuple[NumberedPin, ...] = ()
    ended, unreadable = None, False
    if application is not None and application.selected:
        # PIN objects are those of the current DF, so this comes right after its selection.
        pins, ended, unreadable = yield from _pin_objects()
    certificates = () if path is None else (yield from _certificates(path))
    return Findings(
        atr=bytes(atr),
        mf=mf,
        by_name=by_name,
        by_aid=by_aid,
        by_path=by_path,
        application_path=path,
        application=application,
        system=system,
        memory=memory,
        pin_objects=pins,
        pins_ended=ended,
        pins_unreadable=unreadable,
        certificates=certificates,
    )


def _select(command: CommandApdu) -> Conversation[Selection]:
    return Selection.of((yield command))


def _find_path(application: Selection) -> Conversation[tuple[FilePath | None, Selection]]:
    """The path that leads to the application, and the last answer: the one its FCI names, before the usual one."""
    said = application.control.fid if application.selected and application.control is not None else None
    # 3F00 is the MF, and the other two are reserved (ISO/IEC 7816-4:2005 §5.3.1).
    paths = [USUAL_PATH] if said in (None, MF, 0x3FFF, 0xFFFF) else [(said,), USUAL_PATH]
    for path in dict.fromkeys(paths):
        found = yield from _select(files.select_path(path))
        if found.selected:
            return path, found
    return None, found


def _way_in(by_name: Selection, by_aid: Selection, path: FilePath | None) -> CommandApdu | None:
    """The best SELECT of the application that worked."""
    if by_name.selected:
        return files.select_name(NAME)
    if by_aid.selected:
        return files.select_name(AID)
    return None if path is None else files.select_path(path)


def _pin_objects() -> Conversation[tuple[tuple[NumberedPin, ...], StatusWord | None, bool]]:
    """Those of the current DF from 1 on, to the first that the card refuses or that makes no sense."""
    found: list[NumberedPin] = []
    for number in range(1, MOST_PIN_OBJECTS + 1):
        answer = yield objects.get_pin_object(number)
        if not answer.sw.ok:
            return tuple(found), answer.sw, False
        try:
            found.append(NumberedPin(number, PinObject.from_bytes(answer.data, number)))
        except CodecError:
            return tuple(found), None, True
    return tuple(found), None, False


def _certificates(application: FilePath) -> Conversation[tuple[FilePath, ...]]:
    """Which of the places that are known for certificates have a file; none of them is read."""
    found = []
    for fid in CERTIFICATES:
        path = (*application, fid)
        if (yield from _select(files.select_path(path))).there:
            found.append(path)
    return tuple(found)
