"""Sessions in which the card is taken away, reset by others, or silent."""

from __future__ import annotations

from akis.commands import objects, pin
from akis.errors import CardReset, NoCard, PinOutcomeUnknown, PinRefused, TransportError

from .driver import NEW_PIN, PIN, WRONG_PIN, Driver, Session, refused


def out_before(d: Driver) -> None:
    d.select()
    d.pin.verify(d.own_pin)
    d.emulated.take_out()
    with refused(NoCard):
        d.card.life_cycle()
    with refused(NoCard):
        d.card.life_cycle()
    d.reader.put_back()
    d.select()
    d.raw(pin.verify_empty(PIN), 0x63C3)


def pulled_before(d: Driver) -> None:
    d.select()
    d.emulated.pull_before(objects.GET_DATA)
    with refused(TransportError):
        d.card.serial()
    d.reader.put_back()
    d.card.reset()
    d.card.serial()


def pulled_after(d: Driver) -> None:
    d.select()
    with refused(PinRefused, tries_left=2):
        d.pin.verify(WRONG_PIN)
    d.reader.pull_after(pin.VERIFY)
    with refused(PinOutcomeUnknown):
        d.pin.verify(WRONG_PIN)
    with refused(TransportError):
        d.pin.tries_left()
    d.reader.put_back()
    d.card.reset()
    d.select()
    d.tries(1)
    d.pin.verify(d.own_pin, allow_last_try=True)
    d.tries(3)


def reset_by_another(d: Driver) -> None:
    d.select()
    d.pin.verify(d.own_pin)
    d.reader.reset_by_another()
    with refused(CardReset):
        d.raw(pin.verify(PIN, WRONG_PIN))
    with refused(CardReset):
        d.pin.verify(d.own_pin)
    d.card.reset()
    d.select()
    # The wrong PIN did not get to the card.
    d.raw(pin.verify_empty(PIN), 0x63C3)


def session_reset(d: Driver) -> None:
    d.select()
    d.open("issuer")
    d.pin.reset_counter()
    d.reader.reset_by_another()
    with refused(PinOutcomeUnknown):
        d.pin.reset_counter()
    d.card.reset()
    d.select()
    d.open("issuer")
    d.pin.reset_counter()


def silent(d: Driver) -> None:
    d.select()
    with refused(PinRefused, tries_left=2):
        d.pin.verify(WRONG_PIN)
    d.emulated.silence(pin.VERIFY)
    with refused(PinOutcomeUnknown):
        d.pin.verify(WRONG_PIN)
    d.tries(1)
    d.emulated.silence(pin.CHANGE)
    with refused(PinOutcomeUnknown):
        d.pin.change(d.own_pin, NEW_PIN, allow_last_try=True)
    d.pin.verify(NEW_PIN)


def unblock_cut_off(d: Driver) -> None:
    d.select()
    d.open("issuer")
    d.reader.pull_after(pin.CHANGE)
    with refused(PinOutcomeUnknown):
        d.pin.unblock(d.own_pin, d.random)
    d.reader.put_back()
    d.card.reset()
    d.select()
    d.open("issuer")
    d.pin.unblock(d.own_pin, d.random)
    d.tries(3)


AES = "akis-2.5"
SESSIONS = (
    Session("card-out-between-commands", "The card is taken out between two commands, and put back.", out_before),
    Session("card-pulled-before-it-worked", "The card is pulled before it has seen a command.", pulled_before),
    Session("card-pulled-after-verify", "The card is pulled when it has compared a wrong PIN.", pulled_after),
    Session(
        "card-reset-by-another-program", "Another program resets the card; the driver does so too.", reset_by_another
    ),
    Session("secure-session-reset", "Another program's reset ends a secure session.", session_reset, AES),
    Session("card-silent", "Nothing at all is answered to a VERIFY and to a CHANGE.", silent),
    Session(
        "unblock-cut-off-3des",
        "The card is pulled in the middle of an unblock; running it again finishes.",
        unblock_cut_off,
        state="blocked",
    ),
    Session(
        "unblock-cut-off-aes",
        "The card is pulled in the middle of an unblock with AES.",
        unblock_cut_off,
        AES,
        "blocked",
    ),
)
