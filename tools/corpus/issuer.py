"""Sessions of the issuer and of the terminal: unblocking, transport PINs, and who may do what."""

from __future__ import annotations

from akis.commands import pin
from akis.errors import CardError, PinBlocked, PinRefused

from .driver import NEW_PIN, PIN, TRANSPORT_PIN, WRONG_PIN, WRONG_PUK, Driver, Session, refused


def unblock(d: Driver, algorithm: int | None = None) -> None:
    d.select()
    d.tries(0)
    d.open("issuer", algorithm)
    d.pin.unblock(d.own_pin, d.random)
    d.tries(3)
    # In the clear again, which ends the session and with it the issuer's rights.
    d.card.end_session()
    with refused(CardError, sw=0x6982):
        d.pin.reset_counter()
    d.pin.verify(d.own_pin)


def unblock_sha1(d: Driver) -> None:
    unblock(d, 0x0C)


def transport(d: Driver) -> None:
    d.select()
    d.open("issuer")
    d.pin.reset_to(TRANSPORT_PIN)
    with refused(CardError, sw=0x6985):
        d.pin.verify(TRANSPORT_PIN)
    with refused(PinRefused, tries_left=2):
        d.pin.verify(WRONG_PIN)
    d.card.end_session()
    d.raw(pin.verify_empty(PIN), 0x63C2)
    d.open("issuer")
    d.pin.change(TRANSPORT_PIN, NEW_PIN)
    d.pin.verify(NEW_PIN)


def set_pin(d: Driver) -> None:
    d.select()
    d.open("issuer")
    with refused(CardError, sw=0x6984):
        d.pin.reset_counter()
    d.pin.change_to(d.own_pin)
    d.pin.verify(d.own_pin)
    d.card.end_session()
    d.pin.verify(d.own_pin)


def reset_counter(d: Driver) -> None:
    d.select()
    d.open("issuer")
    d.send(pin.change_to(PIN, b"271"), 0x6A80)
    d.send(pin.reset_retry_counter(PIN, new=b"27182x"), 0x6A80)
    d.pin.change_to(d.own_pin)
    d.tries(0)
    d.pin.reset_counter()
    d.tries(3)


def terminal(d: Driver) -> None:
    d.select()
    d.open("terminal")
    with refused(CardError, sw=0x6982):
        d.pin.reset_to(NEW_PIN)
    with refused(CardError, sw=0x6982):
        d.pin.reset_counter()
    with refused(CardError, sw=0x6982):
        d.pin.change_to(NEW_PIN)
    with refused(CardError, sw=0x6982):
        d.pin.unblock(NEW_PIN, d.random)
    d.pin.verify(d.own_pin)
    d.tries(3)


def holder(d: Driver) -> None:
    d.select()
    d.open("terminal")
    with refused(PinRefused, tries_left=2):
        d.pin.verify(WRONG_PIN)
    d.send(pin.verify_empty(PIN), 0x63C2)
    d.pin.verify(d.own_pin)
    d.send(pin.verify_empty(PIN))
    d.pin.logout()
    d.pin.change(d.own_pin, NEW_PIN)
    with refused(PinRefused, tries_left=2):
        d.puk.verify(WRONG_PUK, permit_puk=True)
    d.puk.unblock(d.own_puk, d.own_pin, permit_puk=True)
    d.tries(3)


def blocks(d: Driver) -> None:
    d.select()
    d.open("terminal")
    with refused(PinBlocked):
        d.pin.verify(WRONG_PIN, allow_last_try=True)
    d.send(pin.verify(PIN, d.own_pin), 0x6983)
    d.send(pin.change(PIN, d.own_pin + NEW_PIN), 0x6983)
    d.tries(0)


AES = "akis-2.5"
SESSIONS = (
    Session(
        "unblock-3des-sha1", "The issuer unblocks a PIN inside 3DES secure messaging.", unblock_sha1, state="blocked"
    ),
    Session("unblock-3des-sha256", "The issuer unblocks a PIN, session keys by SHA-256.", unblock, state="blocked"),
    Session("unblock-aes", "The issuer unblocks a PIN inside AES secure messaging.", unblock, AES, "blocked"),
    Session("transport-pin-3des", "A transport PIN is good for one change and for no VERIFY.", transport),
    Session("transport-pin-aes", "A transport PIN is good for one change, on a 2.5 card.", transport, AES, "blocked"),
    Session("issuer-sets-pin-3des", "The issuer gives a new card its first PIN.", set_pin, state="new"),
    Session("issuer-sets-pin-aes", "The issuer gives a new 2.5 card its first PIN.", set_pin, AES, "new"),
    Session("issuer-resets-counter-3des", "The issuer fills a counter and sets a PIN.", reset_counter, state="blocked"),
    Session("issuer-resets-counter-aes", "The issuer fills a counter of a 2.5 card.", reset_counter, AES, "blocked"),
    Session("terminal-role-refused-3des", "The terminal's session may not do what the issuer's may.", terminal),
    Session("terminal-role-refused-aes", "The terminal's session has no rights of the issuer.", terminal, AES),
    Session("secure-pin-commands-3des", "PIN and PUK, right and wrong, in the terminal's session.", holder),
    Session("secure-pin-commands-aes", "PIN and PUK, right and wrong, in a session with AES.", holder, AES),
    Session("secure-pin-blocked-3des", "The last try is lost inside secure messaging.", blocks, state="last-try"),
    Session("secure-pin-blocked-aes", "The last try is lost inside AES secure messaging.", blocks, AES, "last-try"),
)
