"""Every refusal as one document (RFC 9457), whoever refuses: a service, the framework, or the limits in front of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from akis.authority.http import logs
from akis.authority.http.request_id import request_id_of
from akis.authority.refused import Refused
from akis.errors import AkisError
from akis.unlock.kinds import Kind

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 422,
    Kind.TOO_LARGE: 413,
    Kind.NOT_SIGNED_IN: 401,
    Kind.TOO_MANY: 429,
    Kind.NOT_READY: 503,
    Kind.SIGN_IN_REFUSED: 401,
    Kind.HOLDER_LOCKED: 403,
    Kind.CODE_WRONG: 403,
    Kind.CODE_EXPIRED: 403,
    Kind.CODE_USED: 403,
    Kind.CODE_CANCELLED: 403,
    Kind.UNLOCK_OVER: 401,
    Kind.CARD_NOT_YOURS: 403,
    Kind.CARD_REVOKED: 403,
    Kind.WRONG_ORDER: 409,
    Kind.SMS_NOT_SENT: 503,
    Kind.SECOND_FACTOR_WRONG: 403,
    Kind.SECOND_FACTOR_SPENT: 403,
}
"""The status of each kind that is refused over plain HTTP. Those of the exchange go as messages."""
SAME_AGAIN = (409, 429, 503)
"""Where the same request may do better later, so that Retry-After says when."""
SOON = 5
"""Seconds after which to try again where nobody knows better."""
NOT_READY = "the authority cannot do this at present; try again in a moment"
_BY_STATUS = {
    404: "there is no such path; /openapi.json says which there are",
    405: "this path does not take this method; Allow says which it takes",
}
_MALFORMED = "the request is not what this path takes; /openapi.json says what is"


class Problem(BaseModel):
    """What every refusal looks like; ``kind`` is for programs, ``detail`` for people."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(description="The status, in words.", examples=["Forbidden"])
    status: int = Field(examples=[403])
    detail: str = Field(description="One sentence that says what to do.", examples=["this code is wrong"])
    kind: Kind = Field(examples=[Kind.CODE_WRONG])
    tries_left: int | None = Field(default=None, description="Answers that the second factor may still have.")
    retry_after: int | None = Field(default=None, description="Seconds after which the same may succeed.")
    request_id: str = Field(description="Names this request in the logs.", examples=["example-request-1"])


def problem(
    request_id: str,
    status: int,
    kind: Kind,
    detail: str,
    *,
    tries_left: int | None = None,
    retry_after: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that refuses. Nothing that came in with the request is in it, but the id it may have named itself."""
    if retry_after is None and status in (429, 503):
        retry_after = SOON
    found = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        kind=kind,
        tries_left=tries_left,
        retry_after=retry_after,
        request_id=request_id,
    )
    more = dict(headers or {})
    if retry_after is not None:
        more["Retry-After"] = str(retry_after)
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    body = found.model_dump_json(exclude_none=True)
    return Response(body, status, more, MEDIA_TYPE)


def refuse_in_problems(app: FastAPI) -> None:
    """Let ``app`` answer with a :class:`Problem` whatever is raised in it."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _by_framework)
    app.add_exception_handler(AkisError, _not_ready)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(
        request_id_of(request.scope),
        STATUS.get(error.kind, 409),
        error.kind,
        error.message,
        tries_left=error.tries_left,
        retry_after=error.retry_after,
    )


async def _malformed(request: Request, error: Exception) -> Response:
    return problem(request_id_of(request.scope), 422, Kind.MALFORMED, _MALFORMED)


async def _by_framework(request: Request, error: Exception) -> Response:
    """Unknown paths, wrong methods, and bodies that could not be read, which the framework gives 400."""
    assert isinstance(error, HTTPException)
    status = error.status_code if error.status_code in _BY_STATUS else 422
    detail = _BY_STATUS.get(status, _MALFORMED)
    return problem(request_id_of(request.scope), status, Kind.MALFORMED, detail, headers=error.headers)


async def _not_ready(request: Request, error: Exception) -> Response:
    """The database, the HSM: an error of ours that no service made a refusal of. Its sentence is for the operator."""
    logs.logger().error("not ready", exc_info=error)
    return problem(request_id_of(request.scope), 503, Kind.NOT_READY, NOT_READY)
