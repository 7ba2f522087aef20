"""Sessions with the PUK: right, wrong, changed, and used up."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.commands import files, pin, security
from akis.errors import CardError, PinBlocked, PinFormatError, PinRefused, PolicyRefused

from .driver import NEW_PIN, NEW_PUK, OTHER_PIN, PIN, PUK, WRONG_PUK, Driver, Session, refused


def verified(d: Driver) -> None:
    d.select()
    d.puk.verify(d.own_puk, permit_puk=True)
    d.pin.reset_counter()
    d.tries(3)
    d.pin.reset_to(NEW_PIN)
    d.pin.verify(NEW_PIN)
    d.raw(CommandApdu(0x00, pin.RESET, 0x03, PIN, NEW_PIN), 0x6700)
    d.puk.logout()
    with refused(CardError, sw=0x6982):
        d.pin.reset_counter()


def unblock(d: Driver) -> None:
    d.select()
    d.puk.unblock(d.own_puk, NEW_PIN, permit_puk=True)
    d.tries(3)
    d.pin.verify(NEW_PIN)


def reset_counter(d: Driver) -> None:
    d.select()
    d.puk.reset_counter(d.own_puk, permit_puk=True)
    d.tries(3)
    d.pin.verify(d.own_pin)


def changed(d: Driver) -> None:
    d.select()
    d.puk.change(d.own_puk, NEW_PUK, permit_puk=True)
    with refused(PinRefused, tries_left=2):
        d.puk.verify(d.own_puk, permit_puk=True)
    d.puk.verify(NEW_PUK, permit_puk=True)
    d.tries(3)


def wrong(d: Driver) -> None:
    d.select()
    with refused(PolicyRefused):
        d.puk.verify(WRONG_PUK)
    with refused(PinRefused, tries_left=2):
        d.puk.verify(WRONG_PUK, permit_puk=True)
    d.raw(pin.verify_empty(PUK), 0x63C2)
    with refused(PinRefused, tries_left=1):
        d.puk.unblock(WRONG_PUK, NEW_PIN, permit_puk=True)
    with refused(PolicyRefused):
        d.puk.unblock(d.own_puk, NEW_PIN, permit_puk=True)
    d.puk.unblock(d.own_puk, NEW_PIN, permit_puk=True, allow_last_try=True)
    d.tries(3)


def malformed(d: Driver) -> None:
    d.select()
    with refused(PinFormatError):
        d.puk.verify("2718281", permit_puk=True)
    d.raw(pin.verify(PUK, b"2718281"), 0x6A80)
    d.raw(pin.change(PUK, d.own_puk + b"271828"), 0x6A80)
    d.raw(pin.reset_retry_counter(PIN, d.own_puk, b"271"), 0x6A80)
    d.raw(CommandApdu(0x00, pin.RESET, 0x01, PIN, b"2718281"), 0x6A80)
    d.tries(0)


def used_up(d: Driver) -> None:
    d.select()
    with refused(PinRefused, tries_left=2):
        d.puk.verify(WRONG_PUK, permit_puk=True)
    with refused(PinRefused, tries_left=1):
        d.puk.reset_counter(WRONG_PUK, permit_puk=True)
    with refused(PinBlocked):
        d.puk.unblock(WRONG_PUK, OTHER_PIN, permit_puk=True, allow_last_try=True)
    _find_dead(d)
    d.card.reset()
    d.select()
    _find_dead(d)


def dead(d: Driver) -> None:
    d.select()
    _find_dead(d)
    d.raw(files.select_fid(0x5032))
    d.raw(files.read_binary(0, 16), 0x6985)
    d.raw(security.get_challenge(), 0x6985)
    with refused(CardError, sw=0x6985):
        d.open("issuer")


def _find_dead(d: Driver) -> None:
    d.card.life_cycle()
    d.tries(3, 0)
    d.raw(pin.verify(PIN, d.own_pin), 0x6985)
    d.raw(pin.verify(PUK, d.own_puk), 0x6985)
    d.raw(pin.reset_retry_counter(PIN, d.own_puk, NEW_PIN), 0x6985)


SESSIONS = (
    Session("puk-verified", "A verified PUK allows to reset the PIN's counter and to set a new PIN.", verified),
    Session("puk-unblocks", "The PUK puts a new PIN in the place of a blocked one.", unblock, state="blocked"),
    Session("puk-resets-counter", "The PUK unblocks a PIN that stays as it is.", reset_counter, state="blocked"),
    Session("puk-changed", "The PUK is changed; the old one is then a wrong one.", changed),
    Session("puk-wrong", "Two wrong PUKs, then the right one with the last try.", wrong),
    Session("puk-malformed", "Malformed PUKs and new PINs are refused and spend no try.", malformed, state="blocked"),
    Session("puk-used-up", "Three wrong PUKs destroy the card, and no reset brings it back.", used_up),
    Session("card-dead", "A dead card tells what it is and does nothing else.", dead, state="dead"),
)
