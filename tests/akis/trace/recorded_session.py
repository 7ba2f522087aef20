"""A session with an emulated card, recorded: everything a capture has to hold is in it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from akis.codec.apdu import CommandApdu
from akis.connect import connect
from akis.emulator import load_personality
from akis.errors import PinRefused
from akis.pin import Pin
from akis.trace.jsonl import Lines
from akis.transport.recording import Recording
from tests.bench import NEW_PIN, PIN, SN_IFD, WRONG_PIN
from tools.info import describe

PUT_DATA = 0xDA


def recorded(place: Path, card: str = "akis-2.2", keep_secrets: bool = False) -> Lines:
    """Look at the card, PIN wrong and right, reset, unblock in secure messaging, long commands as chains."""
    path = place / "session.jsonl"
    key = load_personality(card.partition(",")[0]).key("issuer")
    with connect(f"emulator:{card}", recording=Recording(path, keep_secrets)).card() as on:
        describe(on)
        pin = Pin(on)
        pin.verify(PIN)
        with suppress(PinRefused):
            pin.verify(WRONG_PIN)
        pin.ask_by_empty_verify(may_spend_try=True)
        on.send(CommandApdu(0x00, PUT_DATA, 0x01, 0x02, bytes(300)))
        on.reset()
        on.select_application()
        on.open_session(key.device_keys(key.algorithms[-1]), SN_IFD)
        pin.unblock(NEW_PIN)
        on.send(CommandApdu(0x00, PUT_DATA, 0x01, 0x02, bytes(600)))
    return Lines(path)
