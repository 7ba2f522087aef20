"""Routes of the client beside the card, up to the exchange."""

from __future__ import annotations

from fastapi import APIRouter, Request

from akis.authority.http.bearer import UnlockToken
from akis.authority.http.bodies import (
    AnswerBody,
    CardBody,
    CardOut,
    CertificateOut,
    ChosenOut,
    CodeBody,
    ConfirmedOut,
    HolderOut,
    SecondFactorOut,
    UnlockOut,
)
from akis.authority.http.documented import refusals
from akis.authority.http.of_request import Address, TheAuthority
from akis.authority.http.requests import UNLOCK
from akis.authority.steps.choose_card import choose_card
from akis.authority.steps.redeem import open_unlock
from akis.authority.steps.second_factor import SecondFactor, answer
from akis.authority.store.tables import IssuedCard
from akis.unlock.kinds import Kind

router = APIRouter(tags=["unlock"])


@router.post(
    "/v1/unlocks",
    status_code=201,
    summary="Redeem a code",
    responses=refusals(
        Kind.CODE_WRONG,
        Kind.CODE_EXPIRED,
        Kind.CODE_USED,
        Kind.CODE_CANCELLED,
        Kind.HOLDER_LOCKED,
        Kind.MALFORMED,
        Kind.TOO_MANY,
        Kind.NOT_READY,
    ),
)
def open_unlock_(body: CodeBody, request: Request, authority: TheAuthority, address: Address) -> UnlockOut:
    """A code for the token of an unlock, and the cards of its holder. A wrong check digit costs nothing."""
    opened = open_unlock(authority, body.code, address)
    request.scope["state"][UNLOCK] = opened.unlock.id
    return UnlockOut(
        token=opened.token,
        unlock=opened.unlock.id,
        expires_in=authority.rules.unlock_lasts,
        holder=HolderOut(name=opened.holder.name, full_name=opened.holder.full_name),
        second_factor=_second_factor(opened.second_factor),
        cards=[_card(card) for card in opened.cards],
    )


@router.put(
    "/v1/unlocks/current/card",
    summary="Choose the card",
    responses=refusals(
        Kind.UNLOCK_OVER,
        Kind.CARD_NOT_YOURS,
        Kind.CARD_REVOKED,
        Kind.HOLDER_LOCKED,
        Kind.WRONG_ORDER,
        Kind.MALFORMED,
        Kind.TOO_MANY,
        Kind.SMS_NOT_SENT,
        Kind.NOT_READY,
    ),
)
def choose_card_(body: CardBody, token: UnlockToken, authority: TheAuthority, address: Address) -> ChosenOut:
    """Which card is to be unlocked. Where the second factor is an SMS, this sends it; once more sends a new one."""
    return ChosenOut(second_factor=_second_factor(choose_card(authority, token, body.serial.upper(), address)))


@router.post(
    "/v1/unlocks/current/second-factor",
    summary="Give the second factor",
    responses=refusals(
        Kind.UNLOCK_OVER,
        Kind.SECOND_FACTOR_WRONG,
        Kind.SECOND_FACTOR_SPENT,
        Kind.HOLDER_LOCKED,
        Kind.CARD_REVOKED,
        Kind.WRONG_ORDER,
        Kind.MALFORMED,
        Kind.TOO_MANY,
        Kind.NOT_READY,
    ),
)
def answer_(body: AnswerBody, token: UnlockToken, authority: TheAuthority, address: Address) -> ConfirmedOut:
    """The digits of the SMS, or the web password. Few answers are looked at, the right one included."""
    answer(authority, token, body.answer, address)
    return ConfirmedOut()


def _second_factor(asked: SecondFactor) -> SecondFactorOut:
    return SecondFactorOut.model_validate(asked, from_attributes=True)


def _card(card: IssuedCard) -> CardOut:
    return CardOut(
        serial=card.serial,
        label=card.label,
        profile=card.profile,
        certificates=[
            CertificateOut(subject=found.subject, not_before=found.not_before, not_after=found.not_after)
            for found in card.certificates
        ],
    )
