"""From the words of a command line to a card: ``emulator:…``, ``replay:…``, or a reader by number or part of its name.

Here one sees what stands between a card and its driver, outermost last: the reader, the recorder where one is asked
for, GET RESPONSE and 6CXX, chaining.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from akis.card import Card
from akis.emulator import EmulatorTransport
from akis.emulator.seed import new_seed, seeded
from akis.emulator.wanted import wanted
from akis.errors import AkisError, InvalidArgument, NoCard, NoReader, SharingViolation, WrongType
from akis.profile.load import DEFAULT, load, load_any, names
from akis.profile.model import CardProfile
from akis.profile.recognise import profile_for
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Header
from akis.trace.jsonl import is_trace
from akis.trace.model import Exchange
from akis.trace.open import open_trace
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.readers import Reader, choose
from akis.transport.recorder import Recorder
from akis.transport.recording import Recording
from akis.transport.replay import ReplayTransport
from akis.transport.replay_rekeyed import RekeyedReplay

EMULATOR = "emulator:"
REPLAY = "replay:"
READER = "AKIS_READER"
ChosenBy = Literal["named", "atr", "card", "trace", "default"]


class _Chosen(NamedTuple):
    """A profile, the name that a trace may give it (None for a file of the user's own), and why it is this one."""

    profile: CardProfile
    name: str | None
    by: ChosenBy


@dataclass(frozen=True, slots=True)
class Connection:
    """A way to a card, the name of where it leads, and the profile that describes the card.

    ``chosen_by`` says why this profile: the caller "named" it, or the card's ATR, the emulated card or the recording
    ("atr", "card", "trace") did; by "default" nothing did, and the card may well be of another kind. ``way`` is what
    lies beneath all wrappers, ``recorder`` the one that records, where that was asked for, and ``header`` what a trace
    says of where it was recorded.
    """

    transport: Transport
    name: str
    profile: CardProfile
    way: Transport
    recorder: Recorder | None = None
    chosen_by: ChosenBy = "default"
    header: Header = field(default_factory=Header)

    def card(self, watch: Callable[[Exchange], None] | None = None) -> Card:
        """The card itself; closing it closes the way. Of a recording, it is a :class:`PlayedCard`."""
        if isinstance(self.way, ReplayTransport):
            return PlayedCard(self.transport, self.way, self.profile, watch)
        return Card(self.transport, self.profile, watch)


class PlayedCard(Card):
    """A card that a recording plays. At the end of a ``with``, :class:`ReplayDiffers` where the session was another.

    That holds whatever became of a difference inside: one at a PIN command, say, is an unknown outcome to who sent it.
    Recorded exchanges that were not asked for count where the session ended well.
    """

    def __init__(
        self,
        transport: Transport,
        played: ReplayTransport,
        profile: CardProfile,
        watch: Callable[[Exchange], None] | None = None,
    ) -> None:
        super().__init__(transport, profile, watch)
        self.played = played

    def __exit__(self, *error: object) -> None:
        raised = error[1] if len(error) > 1 else None
        try:
            if raised is None or (isinstance(raised, AkisError) and self.played.stopped):
                self.played.check_finished()
        finally:
            super().__exit__(*error)


def connect(
    target: str | None = None,
    *,
    exclusive: bool = False,
    leave_card: bool = False,
    recording: Recording | None = None,
    keys: Sequence[DeviceKeys] = (),
    profile: str | CardProfile | None = None,
) -> Connection:
    """Open the way that ``target`` names: ``emulator:[NAME][,STATE]…``, ``replay:FILE``, or a reader by number or name.

    None takes ``AKIS_READER`` from the environment, and without that the only reader there is, or the only one with a
    card in it. Part of a reader's name is enough. ``exclusive`` keeps other programs from the card, and with
    ``leave_card`` a card in a reader is not reset at the end. ``recording`` writes down all that goes over the wire.
    ``keys`` are those of a recorded secure session, which is then played in one of the driver's own; no other way needs
    them.

    ``profile`` describes the card: the name of one that comes with the library, a file, or a profile itself. None
    leaves it to the card: the emulated one and a recording name theirs, any other has it chosen by its ATR.
    """
    named = None if profile is None else _named(profile)
    if recording is not None:
        recording.check()
    by_environment = target is None and bool(os.environ.get(READER))
    target = os.environ[READER] if by_environment else target
    if target is not None and target.startswith(EMULATOR):
        return _emulated(target.removeprefix(EMULATOR), recording, named)
    if target is not None and target.startswith(REPLAY):
        return _replayed(target.removeprefix(REPLAY), keys, recording, named)
    from akis.transport.pcsc import PcscTransport

    try:
        reader = _choose(target)
    except (InvalidArgument, NoReader) as error:
        if by_environment:
            raise type(error)(f"{error}; the reader is named by {READER}") from None
        raise
    try:
        way = PcscTransport(reader.name, exclusive=exclusive, leave_card=leave_card)
    except SharingViolation as error:
        raise SharingViolation(_with_holder(str(error))) from None
    chosen = named or _by_atr(way.atr)
    header = Header(protocol=way.protocol, reader=reader.name, profile=chosen.name)
    return _stacked(way, reader.name, chosen, header, recording)


def _with_holder(sentence: str) -> str:
    """The sentence that another program has the card, with that program's name where the system tells it."""
    from akis.doctor.holders import named, others

    what, separator, remedy = sentence.partition("; ")
    found = others()
    return f"{what}: {named(found)}{separator}{remedy}" if found else sentence


def _named(profile: str | CardProfile) -> _Chosen:
    """A profile that the caller wants."""
    if isinstance(profile, CardProfile):
        return _Chosen(profile, None, "named")
    if not isinstance(profile, str):
        raise WrongType(f"a profile is a CardProfile, or the name or file of one, not {type(profile).__name__}")
    return _Chosen(load_any(profile), profile if profile in names() else None, "named")


def _by_atr(atr: bytes) -> _Chosen:
    """The profile of the generation that the ATR speaks of; that of 2.x where it speaks of none."""
    found = profile_for(atr)
    name = found or DEFAULT
    return _Chosen(load(name), name, "default" if found is None else "atr")


def _emulated(text: str, recording: Recording | None, named: _Chosen | None) -> Connection:
    """A card of this process. One that is recorded has random numbers that can be had again."""
    wish = wanted(text)
    name = wish.personality.name
    seed = None if recording is None else new_seed()
    card = wish.card() if seed is None else wish.card(seeded(seed))
    chosen = named or _Chosen(card.personality.card_profile(), wish.personality.profile, "card")
    header = replace(wish.header(seed), profile=chosen.name)
    return _stacked(EmulatorTransport(card), f"emulator, {name}", chosen, header, recording)


def _replayed(path: str, keys: Sequence[DeviceKeys], recording: Recording | None, named: _Chosen | None) -> Connection:
    """A trace in the place of a card."""
    if not path:
        raise InvalidArgument(f"{REPLAY} names no trace; write {REPLAY}FILE")
    # What a trace of ours was allowed to keep can be compared; of other programs' logs nothing secret is read.
    trace = open_trace(path, None if named is None else named.name, keep_secrets=is_trace(path))
    name = trace.header.profile
    chosen = named or (_Chosen(load(name), name, "trace") if name else _by_atr(trace.header.atr or b""))
    # What is recorded from here on was answered by a recording, not by the emulated card that it may be of.
    header = replace(
        trace.header,
        reader=f"{REPLAY}{path}",
        profile=chosen.name,
        personality=None,
        state="",
        extended=False,
        seed=None,
    )
    profile = chosen.profile
    way = RekeyedReplay(trace, keys, profile=profile) if keys else ReplayTransport(trace, profile=profile)
    return _stacked(way, f"{REPLAY}{path}", chosen, header, recording)


def _stacked(way: Transport, name: str, chosen: _Chosen, header: Header, recording: Recording | None) -> Connection:
    recorder = None
    if recording is not None:
        try:
            recorder = recording.around(way, header, chosen.profile, datetime.now(UTC))
        except BaseException:
            way.close()
            raise
    top = ChainingTransport(GetResponseTransport(recorder or way), min(chosen.profile.max_data, 0xFF))
    return Connection(top, name, chosen.profile, way, recorder, chosen.by, header)


def _choose(target: str | None) -> Reader:
    from akis.transport.pcsc import IGNORE_READERS, list_readers

    readers = list_readers()
    try:
        return choose(readers, target)
    except NoCard:
        mute = [reader for reader in readers if reader.state.startswith("mute")]
        if len(mute) == 1:
            return mute[0]  # there is a card, and connecting to it says what is wrong
        raise
    except NoReader as error:
        left_out = {reader.name for reader in list_readers(ignore="")} - {reader.name for reader in readers}
        if left_out:
            raise NoReader(f"{error}; {IGNORE_READERS} leaves out {', '.join(sorted(left_out))}") from None
        raise
