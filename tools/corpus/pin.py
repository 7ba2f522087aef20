"""Sessions with the PIN: verified, wrong, blocked, changed, malformed, not there yet."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.commands import files, pin
from akis.errors import CardError, PinBlocked, PinFormatError, PinRefused, PolicyRefused

from .driver import NEW_PIN, OTHER_PIN, PIN, PUK, WRONG_PIN, Driver, Session, refused


def verify(d: Driver) -> None:
    d.select()
    d.raw(pin.verify_empty(PIN), 0x63C3)
    d.pin.verify(d.own_pin)
    d.pin.ask_by_empty_verify(may_spend_try=True)
    d.raw("00 20 00 81 00")
    d.pin.logout()
    d.raw(pin.verify_empty(PIN), 0x63C3)
    d.tries(3)


def wrong(d: Driver) -> None:
    d.select()
    with refused(PinRefused, tries_left=2):
        d.pin.verify(WRONG_PIN)
    d.tries(2)
    d.raw(pin.verify_empty(PIN), 0x63C2)
    d.pin.verify(d.own_pin)
    d.tries(3)


def last_try(d: Driver) -> None:
    d.select()
    with refused(PolicyRefused):
        d.pin.verify(d.own_pin)
    d.pin.verify(d.own_pin, allow_last_try=True)
    d.tries(3)


def last_try_wrong(d: Driver) -> None:
    d.select()
    with refused(PinBlocked):
        d.pin.verify(WRONG_PIN, allow_last_try=True)
    d.tries(0)
    d.raw(pin.verify(PIN, d.own_pin), 0x6983)
    d.card.reset()
    d.select()
    with refused(PinBlocked):
        d.pin.verify(d.own_pin)


def blocked(d: Driver) -> None:
    d.select()
    with refused(PinBlocked):
        d.pin.verify(d.own_pin)
    d.raw(pin.verify_empty(PIN), 0x6983)
    d.raw(pin.verify(PIN, d.own_pin), 0x6983)
    d.raw(pin.change(PIN, d.own_pin + NEW_PIN), 0x6983)
    d.raw(pin.reset_retry_counter(PIN, new=NEW_PIN), 0x6982)
    d.raw(pin.reset_retry_counter(PIN), 0x6982)


def change(d: Driver) -> None:
    d.select()
    d.pin.change(d.own_pin, NEW_PIN)
    d.raw(pin.verify_empty(PIN), 0x63C3)
    with refused(PinRefused, tries_left=2):
        d.pin.verify(d.own_pin)
    d.pin.verify(NEW_PIN)
    d.pin.change(NEW_PIN, OTHER_PIN)
    d.pin.change(OTHER_PIN, d.own_pin)
    d.pin.verify(d.own_pin)


def change_refused(d: Driver) -> None:
    d.select()
    with refused(PinRefused, tries_left=2):
        d.pin.change(WRONG_PIN, NEW_PIN)
    with refused(PinFormatError):
        d.pin.change(OTHER_PIN, NEW_PIN)
    d.raw(pin.change(PIN, d.own_pin + b"271"), 0x6A80)
    d.raw(pin.change(PIN, d.own_pin + b"27x5"), 0x6A80)
    d.raw(pin.change_to(PIN, NEW_PIN), 0x6982)
    d.tries(2)
    d.pin.change(d.own_pin, NEW_PIN)
    d.tries(3)


def malformed(d: Driver) -> None:
    d.select()
    with refused(PinFormatError):
        d.pin.verify("271")
    for block in (b"271", b"271828182", b"27182x", b"\x02\x07\x01\x08\x02\x08", b"271828\xff\xff"):
        d.raw(pin.verify(PIN, block), 0x6A80)
    d.tries(3)
    d.pin.verify(d.own_pin)


def new_card(d: Driver) -> None:
    d.select()
    d.tries(3)
    d.raw(pin.verify_empty(PIN), 0x6984)
    d.raw(pin.verify(PIN, d.own_pin), 0x6984)
    d.raw(pin.change(PIN, d.own_pin + NEW_PIN), 0x6984)
    with refused(PolicyRefused):
        d.pin.change(d.own_pin, NEW_PIN)
    d.raw(pin.reset_retry_counter(PIN, d.own_puk), 0x6984)
    d.puk.unblock(d.own_puk, NEW_PIN, permit_puk=True)
    d.pin.verify(NEW_PIN)


def elsewhere(d: Driver) -> None:
    d.raw(pin.verify(PIN, d.own_pin), 0x6A88)
    d.raw("00 CB 3F FF 06 4D 04 BF 81 01 80 00", 0x6A88)
    with refused(PolicyRefused):
        d.pin.verify(d.own_pin)
    d.select()
    d.pin.verify(d.own_pin)
    d.raw(files.select_fid(files.MF))
    d.raw(pin.verify_empty(PIN), 0x6A88)
    d.select()
    d.raw(pin.verify_empty(PIN), 0x63C3)


def parameters(d: Driver) -> None:
    d.select()
    d.raw(CommandApdu(0x00, pin.VERIFY, 0x00, 0x83, d.own_pin), 0x6A88)
    d.raw(CommandApdu(0x00, pin.VERIFY, 0x01, PIN, d.own_pin), 0x6A86)
    d.raw(CommandApdu(0x00, pin.VERIFY, 0xFF, PIN, d.own_pin), 0x6700)
    d.raw(CommandApdu(0x00, pin.CHANGE, 0x02, PIN, d.own_pin + NEW_PIN), 0x6A86)
    d.raw(CommandApdu(0x00, pin.CHANGE, 0x01, PUK, d.own_puk), 0x6A86)
    d.raw(CommandApdu(0x00, pin.RESET, 0x04, PIN, d.own_puk), 0x6A86)
    d.raw(CommandApdu(0x00, pin.RESET, 0x00, PUK, d.own_puk + NEW_PIN), 0x6A86)
    d.raw(CommandApdu(0x00, pin.VERIFY | 1, 0x00, PIN, d.own_pin), 0x6D00)
    with refused(CardError, sw=0x6982):
        d.pin.reset_counter()
    d.tries(3)


SESSIONS = (
    Session("pin-verified", "The right PIN is verified, asked about, and taken back.", verify),
    Session("pin-verified-aes-card", "The right PIN is verified on a 2.5 card.", verify, "akis-2.5"),
    Session("pin-wrong", "A wrong PIN spends a try, and the right one brings it back.", wrong),
    Session("pin-last-try", "The last try is spent on the right PIN.", last_try, state="last-try"),
    Session("pin-last-try-wrong", "The last try is spent on a wrong PIN.", last_try_wrong, state="last-try"),
    Session("pin-blocked", "Nothing the holder can send is accepted on a blocked PIN.", blocked, state="blocked"),
    Session("pin-changed", "The PIN is changed three times.", change),
    Session(
        "pin-change-refused", "A PIN change is refused for a wrong PIN and for malformed new ones.", change_refused
    ),
    Session("pin-malformed", "Malformed PINs are refused and spend no try.", malformed),
    Session("pin-unset", "A new card has no PIN until the PUK sets one.", new_card, state="new"),
    Session("pin-outside-application", "The PIN is known in its application only, verified or not.", elsewhere),
    Session("pin-wrong-parameters", "PIN commands with parameters that the card does not have.", parameters),
)
