"""What schemathesis is told about the authority it tries: how codes are made, and how to get tokens that serve.

The command line of schemathesis loads this file where ``SCHEMATHESIS_HOOKS`` names it; the authority is one with the
holders of the demonstration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st

from akis.authority.demo.data import demo_card
from akis.unlock.code import LENGTH, check_digit

CARD = demo_card("mehmet-2.5")
BY_SMS = demo_card("ayse-2.2")
_DIGITS = st.text("0123456789", min_size=LENGTH - 1, max_size=LENGTH - 1)
schemathesis.openapi.format("akis-unlock-code", _DIGITS.map(lambda digits: digits + check_digit(digits)))


class Portal:
    """What a holder and a client do before the request that is tried."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False)

    def sign_in(self, card: Any = CARD) -> str:
        return self._made("/v1/sign-ins", {"name": card.holder.name, "password": card.holder.password})["token"]

    def code(self, card: Any = CARD) -> str:
        return self._made("/v1/codes", None, self.sign_in(card))["code"]

    def opened(self, card: Any = CARD) -> str:
        return self._made("/v1/unlocks", {"code": self.code(card)})["token"]

    def asked(self) -> str:
        token = self.opened()
        body = {"serial": CARD.serial.hex()}
        self._http.put("/v1/unlocks/current/card", json=body, headers=_bearer(token)).raise_for_status()
        return token

    def _made(self, path: str, body: object, token: str = "") -> dict[str, Any]:
        answer = self._http.post(path, json=body, headers=_bearer(token) if token else {})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


class _Tokens:
    """A token in one of the states that ``makers`` give, another one for each request."""

    def __init__(self, *makers: Callable[[Portal], str]) -> None:
        self._makers: Iterator[Callable[[Portal], str]] = cycle(makers)

    def get(self, case: Any, context: Any) -> str:
        return next(self._makers)(_portal(case))

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), **_bearer(data)}


@schemathesis.auth(refresh_interval=None).apply_to(path=["/v1/codes", "/v1/sign-ins/current"])
class SignIns(_Tokens):
    """For the portal."""

    def __init__(self) -> None:
        super().__init__(Portal.sign_in)


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/v1/unlocks/current/")
class Unlocks(_Tokens):
    """For the client: one that waits for a card, by SMS or not, and one that waits for an answer."""

    def __init__(self) -> None:
        super().__init__(Portal.opened, Portal.asked, lambda portal: portal.opened(BY_SMS))


_right: dict[str, Iterator[Callable[[Portal], dict[str, str] | None]]] = {
    "/v1/sign-ins": cycle([lambda _: None, lambda _: {"name": CARD.holder.name, "password": CARD.holder.password}]),
    "/v1/unlocks": cycle([lambda _: None, lambda portal: {"code": portal.code()}]),
    "/v1/unlocks/current/card": cycle(
        [lambda _: None, lambda _: {"serial": CARD.serial.hex()}, lambda _: {"serial": BY_SMS.serial.hex()}]
    ),
    "/v1/unlocks/current/second-factor": cycle([lambda _: None, lambda _: {"answer": CARD.holder.password}]),
}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Every other body that fits its schema becomes one that fits the authority as well."""
    mode = case.meta.generation.mode if case.meta is not None else None
    if mode is None or not mode.is_positive or not isinstance(case.body, dict) or case.path not in _right:
        return
    body = next(_right[case.path])(_portal(case))
    if body is not None:
        case.body = body


def _portal(case: Any) -> Portal:
    url = case.operation.base_url
    if url not in _portals:
        _portals[url] = Portal(url)
    return _portals[url]


_portals: dict[str, Portal] = {}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
