"""The PIN commands, row by row: bytes to the card, and through Pin and Puk.

Each row is run plain, inside an issuer's session and inside a terminal's, with every algorithm.
"""

from __future__ import annotations

import pytest

from akis.emulator.personality import CardKey
from akis.errors import CardError, PinBlocked, PinFormatError, PinRefused
from akis.pin import Pin, Puk
from akis.status import StatusWord
from tests.akis.emulator.cards import (
    ALGORITHMS,
    ISSUER,
    SN_IFD,
    TERMINAL,
    card_in,
    driver,
    driver_way,
    observe,
    open_session,
    plain_way,
    prepare,
    protected_way,
    state,
)
from tests.akis.emulator.pin_rows import TABLES, WHO


def runs(driven: bool):
    """Each row with each way it applies to: None for plain, or the session's key and algorithm."""
    sessions = [(key, algorithm) for key in (ISSUER, TERMINAL) for algorithm in ALGORITHMS]
    for who, given, command, answer, after, action in TABLES:
        if driven and action is None:
            continue
        for session in (None, *sessions):
            role = "plain" if session is None else "issuer" if session[0] == ISSUER else "terminal"
            if role in WHO[who]:
                name = role if session is None else f"{role} {session[1]:02X}"
                yield pytest.param(
                    session,
                    given,
                    action if driven else command,
                    answer,
                    after or given,
                    id=f"{name}: {given}: {command}",
                )


@pytest.mark.parametrize(("session", "given", "command", "answer", "after"), list(runs(driven=False)))
def test_bytes(session, given, command, answer, after):
    card = card_in(given, 0x0C if session is None else session[1])
    send = plain_way(card) if session is None else protected_way(card, open_session(card, *session))
    prepare(card, given, send)
    assert send(command) == answer
    assert observe(card, send) == state(after)


def expected_error(sw: StatusWord) -> tuple[type[Exception], dict[str, object]]:
    if sw == 0x6A80:
        return PinFormatError, {}
    if sw.tries_left:
        return PinRefused, {"tries_left": sw.tries_left}
    if sw in (0x63C0, 0x6983):
        return PinBlocked, {}
    return CardError, {"sw": sw}


@pytest.mark.parametrize(("session", "given", "action", "answer", "after"), list(runs(driven=True)))
def test_through_the_driver(session, given, action, answer, after):
    emulated = card_in(given, 0x0C if session is None else session[1])
    card = driver(emulated)
    if session is not None:
        key, algorithm = session
        card.open_session(device_keys(emulated, key, algorithm), SN_IFD)
    send = driver_way(card)
    prepare(emulated, given, send)
    if answer == "9000":
        action(Pin(card), Puk(card))
    else:
        kind, fields = expected_error(StatusWord(int(answer, 16)))
        with pytest.raises(kind) as caught:
            action(Pin(card), Puk(card))
        assert type(caught.value) is kind
        assert {name: getattr(caught.value, name) for name in fields} == fields
    assert (card.session is None) is (session is None)
    assert observe(emulated, send) == state(after)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("active 3 verified", (True, None)),
        ("active 3", (False, 3)),
        ("transport 1", (False, 1)),
        ("active 0", (False, 0)),
        ("unset 3", 0x6984),
        ("dead", 0x6985),
    ],
)
@pytest.mark.parametrize("protected", [False, True])
def test_asking_without_data_through_the_driver(given, asked, protected):
    emulated = card_in(given)
    card = driver(emulated)
    if protected:
        card.open_session(device_keys(emulated, TERMINAL, 0x8C), SN_IFD)
    prepare(emulated, given, driver_way(card))
    if isinstance(asked, tuple):
        assert Pin(card).ask_by_empty_verify(may_spend_try=True) == asked
    else:
        with pytest.raises(CardError) as caught:
            Pin(card).ask_by_empty_verify(may_spend_try=True)
        assert caught.value.sw == asked
    assert observe(emulated, driver_way(card)) == state(given)


def device_keys(card, key, algorithm):
    found: CardKey = next(item for item in card.personality.keys if item.reference == key)
    return found.device_keys(algorithm)
