"""The second factor of an unlock: a code by SMS, or the web password once more."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from sqlalchemy.orm import Session

from akis.authority.context import Authority
from akis.authority.passwords import password_fits
from akis.authority.refused import Refused
from akis.authority.sms import masked
from akis.authority.spent import PASSWORDS
from akis.authority.steps import attempts
from akis.authority.steps.current_unlock import chosen_card, current_unlock, wrong_order
from akis.authority.steps.step import Line, step
from akis.authority.store.tables import Holder, Unlock
from akis.unlock.kinds import Kind

SMS = "sms"


@dataclass(frozen=True)
class SecondFactor:
    """``kind`` is ``sms`` or ``password``; ``to`` is the end of the phone number, such as ``… 42``, or None."""

    kind: str
    to: str | None

    @classmethod
    def of(cls, holder: Holder) -> SecondFactor:
        """How this holder proves it."""
        to = masked(holder.phone) if holder.second_factor == SMS and holder.phone else None
        return cls(holder.second_factor, to)


def answer_mac(authority: Authority, unlock_id: str, code: str) -> bytes:
    """What is kept of an SMS code: worth something for this unlock only."""
    return authority.mac("answers", unlock_id.encode("ascii"), code.encode("utf-8", "replace"))


def check_answers(authority: Authority, session: Session, holder: Holder) -> None:
    """Refused: TOO_MANY where too many of this holder's answers were wrong lately.

    An unlock has few answers, and whoever opens many to guess on is stopped here.
    """
    # After the lock on the unlock, which can do no harm: nobody asks about these and locks an unlock afterwards.
    rules, who = authority.rules, _wrong_answers_of(holder)
    wait = attempts.blocked_for(session, who, authority.now(), rules.sign_ins_wrong, rules.window)
    if wait is not None:
        raise Refused(Kind.TOO_MANY, "too many wrong answers; wait and try again", retry_after=wait)


def answer(authority: Authority, token: str, given: str, address: str) -> None:
    """Give the second factor: the digits of the SMS, with or without spaces, or the web password.

    An answer counts before it is looked at, as a PIN does on a card: of many at one moment, ``rules.answers`` at most
    are looked at. While too many of the holder's answers were wrong, in whichever unlocks, none is, nor does it count.

    Refused: UNLOCK_OVER, HOLDER_LOCKED, CARD_REVOKED, WRONG_ORDER, SECOND_FACTOR_WRONG with ``tries_left``,
    SECOND_FACTOR_SPENT, TOO_MANY.
    """
    with step(authority, "second_factor", address) as (session, line):
        unlock = _asked(authority, session, line, token)
        if unlock.answers_wrong >= authority.rules.answers:
            raise _spent(unlock)
        check_answers(authority, session, unlock.holder)
        unlock.answers_wrong += 1
        left = authority.rules.answers - unlock.answers_wrong
        due = unlock.holder.password_hash, unlock.answer_mac
        line.outcome = None
    fits = _fits(authority, unlock, due, given)
    with step(authority, "second_factor", address) as (session, line):
        if not fits:
            attempts.count(session, _wrong_answers_of(unlock.holder), authority.now(), authority.rules.window)
        unlock = _asked(authority, session, line, token)
        if due != (unlock.holder.password_hash, unlock.answer_mac):
            raise wrong_order("what is asked for has changed, so give the newest answer")
        if fits:
            unlock.state = "confirmed"
            unlock.answer_mac = None
            return
        if left == 0:
            raise _spent(unlock)
        raise Refused(Kind.SECOND_FACTOR_WRONG, "this answer is wrong", tries_left=left)


def _wrong_answers_of(holder: Holder) -> str:
    """Under what a holder's wrong answers count, over all unlocks."""
    return f"second-factor/{holder.name}"


def _asked(authority: Authority, session: Session, line: Line, token: str) -> Unlock:
    """The unlock, which waits for an answer."""
    unlock = current_unlock(authority, session, line, token)
    chosen_card(unlock)
    if unlock.state == "opened":
        raise wrong_order("choose the card once more")
    if unlock.state != "asked":
        raise wrong_order("the second factor was given already")
    return unlock


def _fits(authority: Authority, unlock: Unlock, due: tuple[str | None, bytes | None], given: str) -> bool:
    """Whether it is the answer; outside of any transaction, since passwords are made to take long."""
    stored, expected = due
    if unlock.holder.second_factor != SMS:
        with authority.spent.on(PASSWORDS):
            return password_fits(stored, given)
    shown = answer_mac(authority, unlock.id, "".join(given.split()))
    return expected is not None and hmac.compare_digest(shown, expected)


def _spent(unlock: Unlock) -> Refused:
    unlock.state = "over"
    return Refused(
        Kind.SECOND_FACTOR_SPENT,
        "too many wrong answers: this unlock is over; begin again with a new code",
        tries_left=0,
    )
