"""Routes of the portal: a holder signs in and gets a code."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter

from akis.authority.http.bearer import SignInToken
from akis.authority.http.bodies import CodeOut, HolderOut, SignedIn, SignInBody
from akis.authority.http.documented import refusals
from akis.authority.http.of_request import Address, TheAuthority, TheService
from akis.authority.steps.codes import new_code
from akis.authority.steps.sign_in import sign_in, sign_out, signed_in
from akis.unlock.kinds import Kind

router = APIRouter(tags=["portal"])


@router.post(
    "/v1/sign-ins",
    status_code=201,
    summary="Sign in",
    responses=refusals(Kind.SIGN_IN_REFUSED, Kind.HOLDER_LOCKED, Kind.MALFORMED, Kind.TOO_MANY, Kind.NOT_READY),
)
async def sign_in_(body: SignInBody, service: TheService, address: Address) -> SignedIn:
    """Name and web password for a token. An unknown name and a wrong password are told the same."""
    authority = service.authority
    token, holder = await anyio.to_thread.run_sync(
        lambda: sign_in(authority, body.name, body.password, address), limiter=service.sign_in_threads
    )
    return SignedIn(
        token=token,
        expires_in=authority.rules.sign_in_lasts,
        holder=HolderOut(name=holder.name, full_name=holder.full_name),
    )


@router.delete(
    "/v1/sign-ins/current",
    status_code=204,
    summary="Sign out",
    responses=refusals(Kind.NOT_SIGNED_IN, Kind.NOT_READY),
)
def sign_out_(token: SignInToken, authority: TheAuthority, address: Address) -> None:
    """The token is worthless from now on."""
    sign_out(authority, token, address)


@router.post(
    "/v1/codes",
    status_code=201,
    summary="A new code",
    responses=refusals(Kind.NOT_SIGNED_IN, Kind.HOLDER_LOCKED, Kind.NOT_READY)
    | {
        201: {
            "links": {
                "redeem": {
                    "operationId": "open_unlock",
                    "requestBody": {"code": "$response.body#/code"},
                    "description": "The client redeems the code.",
                }
            }
        }
    },
)
def new_code_(token: SignInToken, authority: TheAuthority, address: Address) -> CodeOut:
    """A code that opens one unlock, once and for a short time. The holder's older codes are cancelled."""
    code, expires_at = new_code(authority, signed_in(authority, token).id, address)
    with code.secret:
        return CodeOut(code=code.reveal(), expires_in=authority.rules.code_lasts, expires_at=expires_at)
