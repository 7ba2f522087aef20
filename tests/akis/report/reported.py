"""Cards to be inspected: emulated ones in every state, and deviations that are put between them and the inspection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from akis.codec.apdu import SM_BITS, CommandApdu
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.wanted import wanted
from akis.report.check_session import SessionKeys
from akis.report.inspect import Inspection
from akis.report.model import Report
from akis.transport.base import Transport
from akis.transport.wrapper import TransportWrapper
from tests.akis.probe.probed import CARDS as OF_PROBES

CARDS = (*OF_PROBES, "blank,dead", ",extended")
WITH_KEYS = tuple(name for name in CARDS if not name.startswith(("akis-1", "blank")))
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
READ_BINARY, GET_DATA, GET_DATA_ODD = 0xB0, 0xCA, 0xCB

Send = Callable[[bytes], bytes]
Deviation = Callable[[bytes, Send], bytes]
"""Answers a command in the place of the card, which it may ask."""


class Clock:
    """Time that passes where somebody says so."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


class Wire(TransportWrapper):
    """A way with deviations on it, each of which takes ``milliseconds`` by the clock; keeps what was sent."""

    def __init__(self, inner: Transport, *deviations: Deviation) -> None:
        super().__init__(inner)
        self.sent: list[bytes] = []
        self._deviations = deviations

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        send: Send = self.inner.transmit
        for deviation in self._deviations:
            send = _deviating(deviation, send)
        return send(command)


def _deviating(deviation: Deviation, send: Send) -> Send:
    return lambda command: deviation(command, send)


def no_counter(command: bytes, send: Send) -> bytes:
    """The PIN object is not there."""
    return b"\x6a\x88" if command[1] == GET_DATA_ODD and b"\xbf\x81\x01" in command else send(command)


def another_word_for_the_offset(command: bytes, send: Send) -> bytes:
    """6A86 in the place of 6B00."""
    answer = send(command)
    return b"\x6a\x86" if answer == b"\x6b\x00" else answer


def plain_inside(command: bytes, send: Send) -> bytes:
    """What is asked in a secure session is answered in the clear."""
    if command[0] & SM_BITS != SM_BITS:
        return send(command)
    send(command)
    return bytes(77) + b"\x90\x00"


def le_ignored(command: bytes, send: Send) -> bytes:
    """As much as there is, whatever Le is."""
    asked = CommandApdu.from_bytes(command)
    if asked.ins not in (READ_BINARY, GET_DATA) or asked.cla:
        return send(command)
    return send(asked.replace(ne=0x100).to_bytes())


def slow(clock: Clock, ins: int = READ_BINARY, milliseconds: int = 300) -> Deviation:
    """One command takes its time."""

    def deviation(command: bytes, send: Send) -> bytes:
        clock.now += 1_000_000 * (milliseconds if command[1] == ins else 10)
        return send(command)

    return deviation


def emulated(name: str) -> EmulatedCard:
    return wanted(name).card()


def keys_of(card: EmulatedCard, errors: bool = True) -> SessionKeys | None:
    """The published keys of its terminal, if it has any."""
    if not card.personality.keys:
        return None
    key = card.personality.key("terminal")
    return SessionKeys(key.device_keys(key.algorithms[-1]), bytes(8), errors)


def inspected(
    card: EmulatedCard | str,
    *deviations: Deviation,
    clock: Callable[[], int] | None = None,
    rounds: int = 3,
    errors: bool = True,
    guessed: bool = False,
) -> tuple[Report, Wire]:
    """The report of an emulated card, with its keys where it has some, and the wire it was asked over."""
    card = emulated(card) if isinstance(card, str) else card
    wire = Wire(EmulatorTransport(card), *deviations)
    inspection = Inspection(
        wire,
        card.personality.card_profile(),
        guessed=guessed,
        keys=keys_of(card, errors),
        rounds=rounds,
        clock=clock or Clock(),
    )
    return inspection.run("a reader", NOON), wire


def with_verdict(report: Report, verdict: str) -> dict[str, str]:
    """The checks with this verdict, each with what was observed."""
    return {done.name: done.outcome.observed for done in report.checks if done.outcome.verdict == verdict}
