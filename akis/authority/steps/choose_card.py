"""The card that is to be unlocked is chosen; where SMS is the second factor, that sends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from akis.authority.context import Authority
from akis.authority.refused import Refused
from akis.authority.sms import SmsFailed
from akis.authority.steps import attempts
from akis.authority.steps.barred import check_not_revoked
from akis.authority.steps.current_unlock import current_unlock, wrong_order
from akis.authority.steps.second_factor import SMS, SecondFactor, answer_mac, check_answers
from akis.authority.steps.sms_text import sms_text
from akis.authority.steps.step import Line, step
from akis.authority.store.tables import IssuedCard, Unlock
from akis.pin import random_digits
from akis.secret import Secret
from akis.unlock.kinds import Kind

SMS_DIGITS = 6
_SERIAL = re.compile(r"[0-9A-F]{24}")


@dataclass(frozen=True)
class _Sms:
    """One SMS that was counted and is to be sent; ``before`` is what was due until then, if anything."""

    phone: str
    code: Secret
    label: str
    mac: bytes
    before: bytes | None


def choose_card(authority: Authority, token: str, serial: str, address: str) -> SecondFactor:
    """Say which card (serial number in hex) is to be unlocked. Where SMS is the second factor, this sends it.

    Again before the second factor was given: another card, or a new SMS, whose code takes the place of the last one's;
    it stays valid as long as the unlock. An SMS the gateway did not take is not counted, and the code of the one before
    it, if there was one, is valid again.

    Refused: UNLOCK_OVER, HOLDER_LOCKED, CARD_NOT_YOURS, CARD_REVOKED, WRONG_ORDER, TOO_MANY, SMS_NOT_SENT.
    """
    sms = None
    with step(authority, "choose_card", address) as (session, line):
        unlock = current_unlock(authority, session, line, token)
        if unlock.state not in ("opened", "asked"):
            raise wrong_order("the second factor was given already, for the card that was chosen")
        card = _own_card(session, line, unlock, serial.upper())
        check_answers(authority, session, unlock.holder)
        if unlock.holder.second_factor == SMS:
            sms = _new_sms(authority, session, unlock, card)
            unlock.answer_mac = sms.mac
            unlock.sms_sent += 1
        unlock.card_id = card.id
        unlock.state = "asked"
    if sms is not None:
        with sms.code:
            _send(authority, token, sms, address)
    return SecondFactor.of(unlock.holder)


def _own_card(session: Session, line: Line, unlock: Unlock, serial: str) -> IssuedCard:
    line.card = serial if _SERIAL.fullmatch(serial) else None
    card = session.scalars(
        select(IssuedCard).where(IssuedCard.serial == line.card, IssuedCard.holder_id == unlock.holder_id)
    ).one_or_none()
    if card is None:
        raise Refused(Kind.CARD_NOT_YOURS, "this card is not one of yours")
    check_not_revoked(card)
    return card


def _new_sms(authority: Authority, session: Session, unlock: Unlock, card: IssuedCard) -> _Sms:
    rules, who = authority.rules, f"sms/{unlock.holder.name}"
    if unlock.sms_sent >= rules.sms_sent:
        # The next may be sent in another unlock.
        left = max(1, int((unlock.expires_at - authority.now()).total_seconds()))
        raise Refused(
            Kind.TOO_MANY, "no more SMS are sent for this unlock; begin again with a new code", retry_after=left
        )
    if not unlock.holder.phone:
        raise Refused(Kind.SMS_NOT_SENT, "no phone number is on record for this holder; turn to the issuer of the card")
    wait = attempts.blocked_for(session, who, authority.now(), rules.sms_to_one, rules.window)
    if wait is not None:
        raise Refused(Kind.TOO_MANY, "too many SMS were sent to this phone; wait and try again", retry_after=wait)
    attempts.count(session, who, authority.now(), rules.window)
    code = random_digits(SMS_DIGITS, authority.random).decode("ascii")
    mac = answer_mac(authority, unlock.id, code)
    return _Sms(unlock.holder.phone, Secret(code), card.label, mac, unlock.answer_mac)


def _send(authority: Authority, token: str, sms: _Sms, address: str) -> None:
    """Send it, outside of the transaction that counted it, since a gateway may take its time."""
    try:
        authority.sms.send(sms.phone, sms_text(sms.code.reveal().decode("ascii"), sms.label))
    except SmsFailed as failed:
        with step(authority, "choose_card", address) as (session, line):
            unlock = current_unlock(authority, session, line, token)
            unlock.sms_sent -= 1
            if unlock.answer_mac == sms.mac:
                unlock.answer_mac = sms.before
                unlock.state = "opened" if sms.before is None else "asked"
            raise Refused(Kind.SMS_NOT_SENT, "the SMS could not be sent; try again in a while") from failed
