"""What each route may answer besides what was asked for, for the OpenAPI document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from akis.authority.http.problems import MEDIA_TYPE, SAME_AGAIN, STATUS, Problem
from akis.authority.http.request_id import HEADER
from akis.unlock.kinds import Kind

_REF = "#/components/schemas/{model}"
_REQUEST_ID = {"description": "Names this request in the logs.", "schema": {"type": "string"}}
_RETRY_AFTER = {
    "description": "Seconds after which the same request may do better.",
    "schema": {"type": "integer", "minimum": 0},
}
_ANYWHERE = (Kind.TOO_LARGE,)
NOT_BY_KIND = (405, 408)
"""Malformed like others, but with a status that says more: a wrong method, and a request that did not come in time."""

Answers = dict[int | str, dict[str, Any]]


def refusals(*kinds: Kind) -> Answers:
    """The problem documents that a route may answer with, by status; those that any may are added."""
    by_status: defaultdict[int, list[Kind]] = defaultdict(list)
    for kind in (*kinds, *_ANYWHERE):
        by_status[STATUS[kind]].append(kind)
    for status in NOT_BY_KIND:
        by_status[status] = [Kind.MALFORMED]
    return {status: _answer(status, found) for status, found in sorted(by_status.items())}


def openapi(app: FastAPI) -> Mapping[str, Any]:
    """The OpenAPI document, with the one schema that the framework does not find by itself."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
        )
        schema = Problem.model_json_schema(ref_template=_REF)
        components = made.setdefault("components", {}).setdefault("schemas", {})
        components |= schema.pop("$defs", {})
        components["Problem"] = schema
        for path in made["paths"].values():
            for operation in path.values():
                for answer in operation["responses"].values():
                    answer.setdefault("headers", {})[HEADER] = _REQUEST_ID
        app.openapi_schema = made
    return app.openapi_schema


def _answer(status: int, kinds: list[Kind]) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    answer: dict[str, Any] = {
        "description": f"{title}: {', '.join(f'`{kind}`' for kind in kinds)}",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": _REF.format(model="Problem")},
                "examples": {kind.value: {"value": _example(status, title, kind)} for kind in kinds},
            }
        },
    }
    if status in SAME_AGAIN:
        answer["headers"] = {"Retry-After": _RETRY_AFTER}
    return answer


def _example(status: int, title: str, kind: Kind) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": "one sentence that says what to do",
        "kind": kind.value,
        "request_id": "example-request-1",
        **({"tries_left": 2} if kind is Kind.SECOND_FACTOR_WRONG else {}),
        **({"retry_after": 60} if status in (429, 503) else {}),
    }
