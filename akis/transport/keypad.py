"""The keypad of a reader, where it has one: how it is asked for, by PC/SC part 10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartcard.pcsc import PCSCPart10 as part10

from akis.errors import ReaderRefused, TransportError
from akis.transport.base import Transport

_FEATURE = 6
"""Bytes of one feature: tag, a length of 4, control code."""


@dataclass(frozen=True, slots=True)
class Keypad:
    """A reader's keypad: the control codes by which it is told to verify or change a PIN, None for what it cannot.

    ``display`` says whether the reader has one to show its messages on, None where it does not say.
    """

    verify: int | None
    change: int | None
    display: bool | None = None


def find_keypad(transport: Transport) -> Keypad | None:
    """The keypad of the reader that this way goes through; None where there is none. No command goes to the card."""
    features = _features(transport)
    verify = part10.hasFeature(features, part10.FEATURE_VERIFY_PIN_DIRECT)
    change = part10.hasFeature(features, part10.FEATURE_MODIFY_PIN_DIRECT)
    if verify is None and change is None:
        return None
    properties = part10.hasFeature(features, part10.FEATURE_IFD_PIN_PROPERTIES)
    return Keypad(verify, change, None if properties is None else _display(transport, properties))


def _features(transport: Transport) -> Sequence[Sequence[object]]:
    answer = _asked(transport, part10.CM_IOCTL_GET_FEATURE_REQUEST)
    whole = len(answer) % _FEATURE == 0 and all(length == 4 for length in answer[1::_FEATURE])
    return part10.parseFeatureRequest(list(answer)) if whole else ()


def _display(transport: Transport, properties: int) -> bool | None:
    """PIN_PROPERTIES begins with wLcdLayout: columns and lines, both 0 without a display."""
    answer = _asked(transport, properties)
    return answer[:2] != b"\x00\x00" if len(answer) >= 2 else None


def _asked(transport: Transport, code: int) -> bytes:
    """What the reader says; nothing where it does not know the question."""
    try:
        return transport.control(code, b"")
    except TransportError as error:
        if type(error) in (TransportError, ReaderRefused):
            return b""
        raise  # the card, the reader or the service is gone
