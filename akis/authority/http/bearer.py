"""The two tokens that requests show, one of a sign-in and one of an unlock."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from akis.authority.refused import Refused
from akis.unlock.kinds import Kind

LONGEST = 256
"""Characters of a token that is looked at; ours are far shorter."""

_sign_in = HTTPBearer(scheme_name="sign-in", description="The token of a sign-in.", auto_error=False)
unlock_bearer = HTTPBearer(scheme_name="unlock", description="The token of an unlock.", auto_error=False)
Credentials = HTTPAuthorizationCredentials | None


def shown_token(credentials: Credentials, kind: Kind) -> str:
    """The token, or :class:`Refused` with what such a request is told."""
    if credentials is None or not 0 < len(credentials.credentials) <= LONGEST:
        raise Refused(kind, "the request shows no token of ours in its Authorization header")
    return credentials.credentials


async def _of_sign_in(credentials: Annotated[Credentials, Depends(_sign_in)]) -> str:
    return shown_token(credentials, Kind.NOT_SIGNED_IN)


async def _of_unlock(credentials: Annotated[Credentials, Depends(unlock_bearer)]) -> str:
    return shown_token(credentials, Kind.UNLOCK_OVER)


SignInToken = Annotated[str, Depends(_of_sign_in)]
UnlockToken = Annotated[str, Depends(_of_unlock)]
