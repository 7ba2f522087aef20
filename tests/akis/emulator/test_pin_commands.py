"""The PIN commands, row by row as the definition of the card has them: bytes to the card, and through Pin and Puk.

Each row is run plain, inside an issuer's session and inside a terminal's, with every algorithm. ``any`` means all of
these, ``issuer`` the issuer's sessions only, ``others`` all but those.
"""

from __future__ import annotations

import pytest

from akis.emulator.personality import CardKey
from akis.errors import CardError, PinBlocked, PinFormatError, PinRefused
from akis.pin import Pin, Puk
from akis.status import StatusWord
from tests.akis.emulator.bench import (
    ALGORITHMS,
    ISSUER,
    NEW,
    NEW_PUK,
    PIN,
    PUK,
    SN_IFD,
    TERMINAL,
    WRONG,
    WRONG_PUK,
    Way,
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

ALLOW = {"allow_last_try": True}
PERMIT = {"permit_puk": True, "allow_last_try": True}
SAME = None


def verify(value):
    return lambda pin, puk: pin.verify(value, **ALLOW)


def change(old, new):
    return lambda pin, puk: pin.change(old, new, **ALLOW)


def change_to(new):
    return lambda pin, puk: pin.change_to(new)


def unblock(code, new):
    return lambda pin, puk: puk.unblock(code, new, **PERMIT)


def reset_by(code):
    return lambda pin, puk: puk.reset_counter(code, **PERMIT)


def reset_to(new="87654"):
    return lambda pin, puk: pin.reset_to(new)


def reset(pin, puk):
    pin.reset_counter()


def logout(pin, puk):
    pin.logout()


def logout_puk(pin, puk):
    puk.logout()


def verify_puk(value):
    return lambda pin, puk: puk.verify(value, **PERMIT)


def change_puk(old, new="11223344"):
    return lambda pin, puk: puk.change(old, new, **PERMIT)


# who, given, command, answer, state afterwards, the same through Pin and Puk (None: it never sends this)
VERIFY = [
    ("any", "unset 3", f"00200081 06 {PIN}", "6984", SAME, verify("123456")),
    ("any", "unset 3", "00200081 03 313233", "6984", SAME, None),
    ("any", "active 0", f"00200081 06 {PIN}", "6983", SAME, verify("123456")),
    ("any", "active 0", "00200081 03 313233", "6983", SAME, None),
    ("any", "transport 0", f"00200081 06 {PIN}", "6983", SAME, verify("123456")),
    ("any", "active 3", "00200081 03 313233", "6A80", SAME, verify("123")),
    ("any", "active 1", "00200081 09 313233343536373839", "6A80", SAME, verify("123456789")),
    ("any", "active 1", "00200081 06 31323334353A", "6A80", SAME, verify("12345:")),
    ("any", "active 1", "00200081 08 313233343536FFFF", "6A80", SAME, None),
    ("any", "active 1 verified", "00200081 06 010203040506", "6A80", SAME, None),
    ("any", "active 3", f"00200081 06 {PIN}", "9000", "active 3 verified", verify("123456")),
    ("any", "active 1", f"00200081 06 {PIN}", "9000", "active 3 verified", verify("123456")),
    ("any", "active 3 verified", f"00200081 06 {PIN}", "9000", SAME, verify("123456")),
    ("any", "active 2 = 31323334", "00200081 04 31323334", "9000", "active 3 = 31323334 verified", verify("1234")),
    ("any", "active 3 = 31323334", f"00200081 06 {PIN}", "63C2", "active 2 = 31323334", verify("123456")),
    ("any", "transport 2", f"00200081 06 {PIN}", "6985", "transport 3", verify("123456")),
    ("any", "transport 3", f"00200081 06 {WRONG}", "63C2", "transport 2", verify("000000")),
    ("any", "active 3", f"00200081 06 {WRONG}", "63C2", "active 2", verify("000000")),
    ("any", "active 2", f"00200081 06 {WRONG}", "63C1", "active 1", verify("000000")),
    ("any", "active 1", f"00200081 06 {WRONG}", "63C0", "active 0", verify("000000")),
    ("any", "active 0", f"00200081 06 {WRONG}", "6983", SAME, verify("000000")),
    ("any", "active 3 verified", f"00200081 06 {WRONG}", "63C2", "active 2", verify("000000")),
]
VERIFY_NO_DATA = [
    ("any", given, f"00200081{le}", answer, SAME, None)
    for le in ("", "00", "08")
    for given, answer in (
        ("active 3 verified", "9000"),
        ("active 3", "63C3"),
        ("active 1", "63C1"),
        ("active 0", "6983"),
        ("transport 2", "63C2"),
        ("unset 3", "6984"),
    )
]
LOGOUT = [
    ("any", "active 2 verified puk-verified", "0020FF81", "9000", "active 2 puk-verified", logout),
    ("any", "active 3", "0020FF81", "9000", SAME, logout),
    ("any", "active 3 verified puk 2 puk-verified", "0020FF82", "9000", "active 3 verified puk 2", logout_puk),
]
CHANGE = [
    ("any", "active 2", f"00240081 0B {PIN}{NEW}", "9000", f"active 3 = {NEW}", change("123456", "87654")),
    ("any", "active 2 verified", f"00240081 0B {PIN}{NEW}", "9000", f"active 3 = {NEW}", change("123456", "87654")),
    ("any", "active 3 verified", f"00240081 0C {PIN}{PIN}", "9000", "active 3", change("123456", "123456")),
    ("any", "transport 3", f"00240081 0B {PIN}{NEW}", "9000", f"active 3 = {NEW}", change("123456", "87654")),
    ("any", "transport 1", f"00240081 0C {PIN}{PIN}", "9000", "active 3", change("123456", "123456")),
    # split at the stored length, whatever the terminal meant
    ("any", "active 3 = 31323334", f"00240081 0A 31323334{PIN}", "9000", "active 3", change("1234", "123456")),
    ("any", "active 3", f"00240081 0C 3132{PIN}37383930", "63C2", "active 2", None),
    ("any", "active 3", f"00240081 0B {WRONG}{NEW}", "63C2", "active 2", change("000000", "87654")),
    ("any", "active 2 verified", f"00240081 0B {WRONG}{NEW}", "63C1", "active 1", change("000000", "87654")),
    ("any", "transport 1", f"00240081 0B {WRONG}{NEW}", "63C0", "transport 0", change("000000", "87654")),
    ("any", "active 0", f"00240081 0B {PIN}{NEW}", "6983", SAME, change("123456", "87654")),
    ("any", "active 1", f"00240081 09 {PIN}383736", "6A80", SAME, change("123456", "876")),
    ("any", "active 1", f"00240081 0F {PIN}393837363534333231", "6A80", SAME, change("123456", "987654321")),
    ("any", "active 1", f"00240081 0A {WRONG}38373641", "6A80", SAME, change("000000", "876A")),
    ("any", "active 1 verified", f"00240081 06 {PIN}", "6A80", SAME, None),
    ("any", "active 1", "00240081 04 31323334", "6A80", SAME, None),
    ("any", "active 1", "00240081", "6A80", SAME, None),
    ("any", "unset 3", f"00240081 0B {PIN}{NEW}", "6984", SAME, None),
]
CHANGE_TO = [
    ("issuer", "active 1", f"00240181 05 {NEW}", "9000", f"active 1 = {NEW}", change_to("87654")),
    ("issuer", "active 2 verified", f"00240181 05 {NEW}", "9000", f"active 2 = {NEW}", change_to("87654")),
    ("issuer", "unset 3", f"00240181 05 {NEW}", "9000", f"active 3 = {NEW}", change_to("87654")),
    ("issuer", "transport 2", f"00240181 05 {NEW}", "9000", f"active 2 = {NEW}", change_to("87654")),
    ("issuer", "active 0", f"00240181 05 {NEW}", "9000", f"active 0 = {NEW}", change_to("87654")),
    ("issuer", "active 1", "00240181 03 383736", "6A80", SAME, change_to("876")),
    ("issuer", "active 1", "00240181", "6A80", SAME, None),
    ("others", "active 3 verified puk-verified", f"00240181 05 {NEW}", "6982", SAME, change_to("87654")),
    ("others", "unset 3", f"00240181 05 {NEW}", "6982", SAME, change_to("87654")),
]
RESET = [
    # P1 = 00: PUK and new value
    ("any", "active 0 puk 2", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "active 3 verified", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "active 1 verified", f"002C0081 0E {PUK}{PIN}", "9000", "active 3", unblock("87654321", "123456")),
    ("any", "unset 3", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "transport 1", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "active 0", f"002C0081 0D {WRONG_PUK}{NEW}", "63C2", "active 0 puk 2", unblock("00000000", "87654")),
    ("any", "active 0 puk 2", f"002C0081 0D {WRONG_PUK}{NEW}", "63C1", "active 0 puk 1", unblock("00000000", "87654")),
    ("any", "active 0 puk 1", f"002C0081 0D {WRONG_PUK}{NEW}", "63C0", "active 0 dead", unblock("00000000", "87654")),
    ("any", "active 0 puk 1", f"002C0081 0B {WRONG_PUK}383736", "6A80", SAME, unblock("00000000", "876")),
    ("any", "active 0 puk 1", f"002C0081 08 {PUK}", "6A80", SAME, None),
    ("any", "active 0 puk 1", "002C0081 04 38373635", "6A80", SAME, None),
    ("any", "active 0 puk 0", f"002C0081 0D {PUK}{NEW}", "6983", SAME, unblock("87654321", "87654")),
    # P1 = 01: PUK
    ("any", "active 0 puk 2", f"002C0181 08 {PUK}", "9000", "active 3", reset_by("87654321")),
    ("any", "active 1 verified", f"002C0181 08 {PUK}", "9000", "active 3 verified", reset_by("87654321")),
    ("any", "transport 0", f"002C0181 08 {PUK}", "9000", "transport 3", reset_by("87654321")),
    ("any", "unset 3 puk 2", f"002C0181 08 {PUK}", "6984", SAME, reset_by("87654321")),
    ("any", "unset 3 puk 1", f"002C0181 08 {WRONG_PUK}", "6984", SAME, reset_by("00000000")),
    ("any", "active 0", f"002C0181 08 {WRONG_PUK}", "63C2", "active 0 puk 2", reset_by("00000000")),
    ("any", "active 0 puk 1", f"002C0181 08 {WRONG_PUK}", "63C0", "active 0 dead", reset_by("00000000")),
    ("any", "active 0 puk 1", "002C0181 07 30303030303030", "6A80", SAME, reset_by("0000000")),
    ("any", "active 0 puk 1", f"002C0181 0D {PUK}{NEW}", "6A80", SAME, None),
    ("any", "active 0 puk 0", f"002C0181 08 {PUK}", "6983", SAME, reset_by("87654321")),
    # P1 = 02: new value
    ("issuer", "active 0", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "unset 3", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "transport 1", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "active 3 verified", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "active 3 verified", f"002C0281 06 {PIN}", "9000", "transport 3", reset_to("123456")),
    ("issuer", "active 1 puk-verified", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW} puk-verified", reset_to()),
    ("issuer", "active 1 verified", "002C0281 03 383736", "6A80", SAME, reset_to("876")),
    ("issuer", "active 1 verified", "002C0281", "6A80", SAME, None),
    ("others", "active 0 puk-verified", f"002C0281 05 {NEW}", "9000", f"active 3 = {NEW} puk-verified", reset_to()),
    ("others", "unset 3 puk-verified", f"002C0281 05 {NEW}", "9000", f"active 3 = {NEW} puk-verified", reset_to()),
    ("others", "verified puk-verified", f"002C0281 06 {PIN}", "9000", "active 3 puk-verified", reset_to("123456")),
    ("others", "active 0", f"002C0281 05 {NEW}", "6982", SAME, reset_to()),
    ("others", "active 3 verified", f"002C0281 05 {NEW}", "6982", SAME, reset_to()),
    # P1 = 03: nothing
    ("issuer", "active 0", "002C0381", "9000", "active 3", reset),
    ("issuer", "active 1 verified puk 2", "002C0381", "9000", "active 3 verified puk 2", reset),
    ("issuer", "transport 0", "002C0381", "9000", "transport 3", reset),
    ("issuer", "unset 3", "002C0381", "6984", SAME, reset),
    ("others", "active 0 puk 2 puk-verified", "002C0381", "9000", "active 3 puk 2 puk-verified", reset),
    ("others", "unset 3 puk-verified", "002C0381", "6984", SAME, reset),
    ("others", "active 0", "002C0381", "6982", SAME, reset),
    ("others", "unset 3", "002C0381", "6982", SAME, reset),
]
PUK_COMMANDS = [
    ("any", "active 2 puk 1", f"00200082 08 {PUK}", "9000", "active 2 puk-verified", verify_puk("87654321")),
    ("any", "active 2 puk 3", f"00200082 08 {WRONG_PUK}", "63C2", "active 2 puk 2", verify_puk("00000000")),
    ("any", "active 2 puk-verified", f"00200082 08 {WRONG_PUK}", "63C2", "active 2 puk 2", verify_puk("00000000")),
    ("any", "active 2 puk 2", f"00200082 08 {WRONG_PUK}", "63C1", "active 2 puk 1", verify_puk("00000000")),
    ("any", "active 2 puk 1", f"00200082 08 {WRONG_PUK}", "63C0", "active 2 dead", verify_puk("00000000")),
    ("any", "active 2 puk 1", "00200082 07 38373635343332", "6A80", SAME, verify_puk("8765432")),
    ("any", "active 2 puk 1", "00200082 08 383736353433324A", "6A80", SAME, verify_puk("8765432J")),
    ("any", "active 2 puk 0", f"00200082 08 {PUK}", "6983", SAME, verify_puk("87654321")),
    ("any", "active 2 puk-verified", "00200082", "9000", SAME, None),
    ("any", "active 2 puk 2", "00200082", "63C2", SAME, None),
    ("any", "active 2 puk 0", "0020008200", "6983", SAME, None),
    ("any", "puk 1 puk-verified", f"00240082 10 {PUK}{NEW_PUK}", "9000", f"puk 3 = {NEW_PUK}", change_puk("87654321")),
    ("any", "active 2", f"00240082 10 {WRONG_PUK}{NEW_PUK}", "63C2", "active 2 puk 2", change_puk("00000000")),
    ("any", "puk 1", f"00240082 10 {WRONG_PUK}{NEW_PUK}", "63C0", "dead", change_puk("00000000")),
    ("any", "puk 1", f"00240082 0F {WRONG_PUK}31313232333334", "6A80", SAME, change_puk("00000000", "1122333")),
    ("any", "puk 0", f"00240082 10 {PUK}{NEW_PUK}", "6983", SAME, change_puk("87654321")),
    ("any", "active 0", f"002C0082 0D {PUK}{NEW}", "6A86", SAME, None),
    ("any", "active 0", f"002C0182 08 {PUK}", "6A86", SAME, None),
    ("any", "active 0 puk-verified", f"002C0282 05 {NEW}", "6A86", SAME, None),
    ("any", "active 0 puk-verified", "002C0382", "6A86", SAME, None),
]
# Where the definition is silent, ISO/IEC 7816-4 decides.
PARAMETERS = [
    ("any", "active 3", f"00200181 06 {PIN}", "6A86", SAME, None),
    ("any", "active 3", f"00240281 0B {PIN}{NEW}", "6A86", SAME, None),
    ("issuer", "active 3", f"00240182 08 {NEW_PUK}", "6A86", SAME, None),
    ("issuer", "active 0", f"002C0481 05 {NEW}", "6A86", SAME, None),
    ("any", "active 3 verified", f"0020FF81 06 {PIN}", "6700", SAME, None),
    ("issuer", "active 1", f"002C0381 05 {NEW}", "6700", SAME, None),
    ("any", "active 3", f"00200083 06 {PIN}", "6A88", SAME, None),
    ("any", "active 3", f"00200000 06 {PIN}", "6A88", SAME, None),
    ("any", "active 3", f"00200001 06 {PIN}", "6A88", SAME, None),
    ("issuer", "active 3", f"002C0201 05 {NEW}", "6A88", SAME, None),
]
DEAD = [
    ("any", "active 3 dead", f"00200081 06 {PIN}", "6985", SAME, verify("123456")),
    ("any", "active 3 dead", f"00200081 06 {WRONG}", "6985", SAME, verify("000000")),
    ("any", "active 3 dead", "00200081", "6985", SAME, None),
    ("any", "active 3 dead", "0020FF81", "6985", SAME, logout),
    ("any", "active 3 dead", f"00240081 0B {PIN}{NEW}", "6985", SAME, change("123456", "87654")),
    ("any", "active 3 dead", f"00240181 05 {NEW}", "6985", SAME, change_to("87654")),
    ("any", "active 3 dead", f"002C0081 0D {PUK}{NEW}", "6985", SAME, None),
    ("any", "active 3 dead", f"002C0181 08 {PUK}", "6985", SAME, None),
    ("any", "active 3 dead", f"002C0281 05 {NEW}", "6985", SAME, reset_to()),
    ("any", "active 3 dead", "002C0381", "6985", SAME, reset),
    ("any", "active 3 dead", f"00200082 08 {PUK}", "6985", SAME, None),
    ("any", "active 3 dead", "00B0000010", "6985", SAME, None),
    ("any", "active 3 dead", "0084000008", "6985", SAME, None),
    ("any", "active 3 dead", "0022C1A406 80010C 830101", "6985", SAME, None),
    ("any", "active 3 dead", "00FF0000", "6985", SAME, None),
    ("any", "active 3 dead", f"10200081 06 {PIN}", "6985", SAME, None),
]
TABLES = [
    *VERIFY,
    *VERIFY_NO_DATA,
    *LOGOUT,
    *CHANGE,
    *CHANGE_TO,
    *RESET,
    *PUK_COMMANDS,
    *PARAMETERS,
    *DEAD,
]


def runs(driven: bool):
    """Each row with each way it applies to: None for plain, or the session's key and algorithm."""
    sessions = [(key, algorithm) for key in (ISSUER, TERMINAL) for algorithm in ALGORITHMS]
    for who, given, command, answer, after, action in TABLES:
        if driven and action is None:
            continue
        for session in (None, *sessions):
            issuer = session is not None and session[0] == ISSUER
            if who == "any" or (who == "issuer") is issuer:
                name = "plain" if session is None else f"{'issuer' if issuer else 'terminal'} {session[1]:02X}"
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


class TestPlaces:
    """References 81 and 82 exist only while DF PKCS-15 is current; leaving it ends what was verified in it."""

    @pytest.mark.parametrize(
        "command",
        [
            "00200081",
            f"00200081 06 {PIN}",
            "0020FF81",
            f"00240081 0B {PIN}{NEW}",
            f"00240181 05 {NEW}",
            f"002C0281 05 {NEW}",
            "002C0381",
            "00200082",
            "00CB3FFF 06 4D04BF810180 00",
            "00CB3FFF 06 4D04BF810280 00",
        ],
    )
    @pytest.mark.parametrize("protected", [False, True])
    def test_not_there_in_the_mf(self, command, protected):
        card = card_in("active 2")
        send: Way = protected_way(card, open_session(card)) if protected else plain_way(card)
        assert send("00A4000C 02 3F00") == "9000"
        assert send(command) == "6A88"
        assert send("00A4040C 07 504B43532D3135") == "9000"
        assert observe(card, send) == state("active 2")

    @pytest.mark.parametrize(
        ("select", "kept"),
        [
            ("00A4000C 02 3F00", False),
            ("00A4000C 02 2F00", False),
            ("00A4080C 02 2F00", False),
            ("00A4030C", False),
            ("00A4020C 02 5032", True),
            ("00A4000C 02 3D00", True),
            ("00A4040C 07 504B43532D3135", True),
        ],
    )
    @pytest.mark.parametrize("protected", [False, True])
    def test_leaving_the_application_ends_verification(self, select, kept, protected):
        card = card_in("active 3")
        send: Way = protected_way(card, open_session(card)) if protected else plain_way(card)
        prepare(card, "active 3 verified puk-verified", send)
        assert send(select) == "9000"
        assert send("00A4040C 07 504B43532D3135") == "9000"
        assert observe(card, send) == state("active 3 verified puk-verified" if kept else "active 3")

    def test_a_file_that_is_not_there_ends_nothing(self):
        card = card_in("active 3")
        send = plain_way(card)
        prepare(card, "active 3 verified", send)
        assert send("00A40000 02 1234") == "6A82"
        assert observe(card, send) == state("active 3 verified")


class TestOverSecureMessagingOnly:
    """A personality may take PIN commands inside a session only."""

    @pytest.mark.parametrize(
        "command",
        [
            "00200081",
            f"00200081 06 {PIN}",
            f"00200081 06 {WRONG}",
            "00200081 03 313233",
            "0020FF81",
            f"00240081 0B {PIN}{NEW}",
            f"002C0081 0D {PUK}{NEW}",
            f"002C0181 08 {PUK}",
            "002C0381",
            f"00200082 08 {PUK}",
        ],
    )
    def test_plain(self, command):
        card = card_in("active 2", pin_over_sm_only=True)
        assert plain_way(card)(command) == "6982"
        assert observe(card, protected_way(card, open_session(card, TERMINAL))) == state("active 2")

    @pytest.mark.parametrize("key", [ISSUER, TERMINAL])
    def test_protected(self, key):
        card = card_in("active 2", pin_over_sm_only=True)
        send = protected_way(card, open_session(card, key))
        assert send(f"00200081 06 {PIN}") == "9000"
        assert send(f"00240081 0B {PIN}{NEW}") == "9000"
        assert send(f"002C0181 08 {PUK}") == "9000"
        assert observe(card, send) == state(f"active 3 = {NEW}")

    def test_counters_are_read_in_the_clear(self):
        card = card_in("active 2", pin_over_sm_only=True)
        assert plain_way(card)("00CB3FFF 06 4D04BF810180 00") == "BF8101099A01039B01028001069000"
