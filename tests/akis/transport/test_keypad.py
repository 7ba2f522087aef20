"""Which readers have a keypad, by what they answer when they are asked for their features."""

from __future__ import annotations

import pytest

from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import CardRemoved, NoService, ReaderRefused, TransportError
from akis.transport.keypad import Keypad, find_keypad
from akis.transport.pcsc import PcscTransport
from akis.transport.wrapper import TransportWrapper
from tests.akis.keypad_reader import GET_FEATURE_REQUEST, MODIFY, PROPERTIES, VERIFY, KeypadReader


class Answering(TransportWrapper):
    """A reader that answers control messages with these bytes, or raises."""

    def __init__(self, **answers: bytes | Exception) -> None:
        super().__init__(EmulatorTransport(EmulatedCard.named()))
        self._answers = {GET_FEATURE_REQUEST: answers["features"], PROPERTIES: answers.get("properties", b"")}

    def control(self, code: int, data: bytes) -> bytes:
        answer = self._answers[code]
        if isinstance(answer, Exception):
            raise answer
        return answer


ALL = bytes.fromhex("0604 42330006 0704 42330007 0A04 4233000A")


@pytest.mark.parametrize(
    ("features", "found"),
    [
        (ALL, Keypad(VERIFY, MODIFY)),
        (ALL[:6], Keypad(VERIFY, None)),
        (ALL[6:12], Keypad(None, MODIFY)),
        (bytes.fromhex("FF0400000001") + ALL, Keypad(VERIFY, MODIFY)),
        (bytes.fromhex("120442330012"), None),
        (b"", None),
        (ALL[:-1], None),
        (ALL.replace(b"\x06\x04", b"\x06\x05"), None),
        (TransportError("the reader cannot do this"), None),
        (ReaderRefused("the reader cannot do this"), None),
    ],
)
def test_features(features, found):
    assert find_keypad(Answering(features=features)) == found


@pytest.mark.parametrize(
    ("properties", "display"),
    [(b"\x10\x02\x07\x00", True), (b"\x00\x00\x07\x00", False), (b"", None), (ReaderRefused("no"), None)],
)
def test_a_display(properties, display):
    assert find_keypad(Answering(features=ALL, properties=properties)) == Keypad(VERIFY, MODIFY, display)


@pytest.mark.parametrize("error", [CardRemoved("gone"), NoService("gone")])
def test_what_is_gone_is_no_reader_without_a_keypad(error):
    with pytest.raises(type(error)):
        find_keypad(Answering(features=error))


def test_asking_sends_nothing_to_the_card():
    card = EmulatedCard.named()
    card.process = None  # type: ignore[method-assign, assignment]
    assert find_keypad(KeypadReader(EmulatorTransport(card))) == Keypad(VERIFY, MODIFY, True)


def test_an_emulated_card_and_the_virtual_reader_have_none(inserted):
    assert find_keypad(EmulatorTransport(EmulatedCard.named())) is None
    with PcscTransport(inserted.reader) as transport:
        assert find_keypad(transport) is None
