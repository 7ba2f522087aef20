"""Recordings for tests: of the emulated card, as the recorder writes them, and of messages made by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from akis.card import Card
from akis.codec.apdu import CommandApdu
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.emulator.memory import Memory
from akis.sm.mutual_auth import DeviceKeys
from akis.sm.observer import SessionKeys
from akis.trace.entries import Entry, Exchanged, Wire
from akis.trace.redactor import Redactor
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder
from tests.bench import SN_IFD
from tests.sessions import Pair

READ = CommandApdu(0x00, 0xB0, 0x00, 0x04, ne=16)
WRITE = CommandApdu(0x00, 0xD6, 0x00, 0x00, b"some data to be written")
EMPTY = CommandApdu(0x00, 0x2C, 0x03, 0x81)


def exchanged(command: bytes | str, answer: bytes | str | None) -> Exchanged:
    """An exchange on the wire, from bytes or hex."""
    sent, got = (bytes.fromhex(side) if isinstance(side, str) else side for side in (command, answer))
    return Exchanged(Wire(sent or b""), None if got is None else Wire(got))


def session_keys(pair: Pair) -> SessionKeys:
    return SessionKeys(pair.suite, pair.k_enc, pair.k_mac, pair.ssc(0))


def said(pair: Pair, number: int, plain: CommandApdu = READ, data: bytes = b"", sw: bytes = b"\x90\x00") -> Exchanged:
    """The exchange with this number of a session (0 is the first), protected by hand."""
    keys, odd = pair.by_hand, bool(plain.ins % 2)
    command = keys.command(pair.ssc(2 * number + 1), plain, pair.rules)
    return exchanged(command, keys.answer(pair.ssc(2 * number + 2), data, sw, odd, pair.rules.mac_length))


class Recording:
    """An emulated card and its driver, and what the recorder between them wrote down."""

    def __init__(self, name: str = "akis-2.2", **own: Any) -> None:
        self.personality = replace(load_personality(name), **own)
        self.entries: list[Entry] = []
        self.emulated = EmulatedCard(self.personality, Memory.new(self.personality, ""), Random(7).randbytes)
        profile = self.personality.card_profile()
        self.way = Recorder(EmulatorTransport(self.emulated), self.entries.append, Redactor(profile))
        self.card = Card(ChainingTransport(GetResponseTransport(self.way)), profile)
        self.card.select_application()

    def keys(self, role: str = "issuer", algorithm: int | None = None) -> DeviceKeys:
        key = self.personality.key(role)
        return key.device_keys(key.algorithms[-1] if algorithm is None else algorithm)

    def open(self, role: str = "issuer", algorithm: int | None = None) -> Recording:
        self.card.open_session(self.keys(role, algorithm), SN_IFD, Random(8).randbytes)
        return self
