"""The document that describes the API is whole, and every answer keeps to the headers that all have."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from akis.authority.http.documented import NOT_BY_KIND
from akis.authority.http.problems import MEDIA_TYPE, STATUS
from akis.unlock.kinds import Kind
from tests.akis.authority.http.served import HOLDER, Served

OF_EXCHANGE = {
    Kind.CARD_BUSY,
    Kind.OTHER_CARD,
    Kind.CARD_NOT_AUTHENTIC,
    Kind.CARD_REFUSED,
    Kind.OUT_OF_ORDER,
    Kind.CARD_GONE,
    Kind.TIMED_OUT,
}
"""What comes as a message of the exchange only."""


@pytest.fixture
def document(authority: Served) -> dict[str, Any]:
    answer = authority.http.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def answers(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (status, answer)
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
    ]


def test_every_refusal_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for status, answer in answers(document):
        if int(status) >= 400:
            assert list(answer["content"]) == [MEDIA_TYPE]


def test_every_kind_that_may_come_over_http_is_documented_somewhere(document: dict[str, Any]) -> None:
    named = {
        (int(status), kind)
        for status, answer in answers(document)
        if int(status) >= 400
        for kind in answer["content"][MEDIA_TYPE]["examples"]
    }
    assert named - {(status, "malformed") for status in NOT_BY_KIND} == {
        (status, kind.value) for kind, status in STATUS.items()
    }
    assert set(STATUS) == set(Kind) - OF_EXCHANGE


def test_the_two_tokens_are_told_apart(document: dict[str, Any]) -> None:
    secured = {
        (path, method): operation.get("security")
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert secured["/v1/codes", "post"] == secured["/v1/sign-ins/current", "delete"] == [{"sign-in": []}]
    assert secured["/v1/unlocks/current/card", "put"] == [{"unlock": []}]
    assert secured["/v1/sign-ins", "post"] is None
    for scheme in document["components"]["securitySchemes"].values():
        assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_real_answers_fit_their_schemas(authority: Served, document: dict[str, Any]) -> None:
    def check(answer: Any, schema: str) -> None:
        wanted = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        Draft202012Validator(wanted).validate(answer.json())

    check(authority.http.post("/v1/sign-ins", json={"name": HOLDER.name, "password": HOLDER.password}), "SignedIn")
    check(authority.http.post("/v1/unlocks", json={"code": authority.code()}), "UnlockOut")
    check(authority.http.post("/v1/unlocks", json={}), "Problem")


def test_examples_are_bodies_that_are_taken_and_open_nothing(authority: Served, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path, schema, status in (("/v1/sign-ins", "SignInBody", 401), ("/v1/unlocks", "CodeBody", 403)):
        body = {name: field["examples"][0] for name, field in schemas[schema]["properties"].items()}
        assert authority.http.post(path, json=body).status_code == status


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/metrics", "/v1/codes", "/nowhere"])
def test_headers_of_every_answer(authority: Served, path: str) -> None:
    headers = authority.http.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-request-id"]
    assert "server" not in headers


def test_headers_of_the_websocket(authority: Served) -> None:
    with authority.exchange("x", additional_headers={"X-Request-ID": "example-1"}) as exchange:
        response = exchange.socket.response
        assert response is not None
        assert response.headers["x-request-id"] == "example-1"
        assert "server" not in response.headers
