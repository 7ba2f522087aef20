"""Whoever sends many passwords keeps nobody waiting but others who sign in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest

from akis.authority.steps import sign_in as module
from tests.akis.authority.http.served import HOLDER, WAIT, Served, bearer, until

MANY = 60
"""More than the framework has threads, which are 40."""


def test_others_are_answered_while_passwords_are_worked_on(authority: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    token, worked_on, enough = authority.sign_in(), [], Event()

    def slow(stored: str | None, password: str) -> bool:
        worked_on.append(password)
        enough.wait(WAIT)
        return False

    monkeypatch.setattr(module, "password_fits", slow)

    def guess(number: int) -> int:
        body = {"name": HOLDER.name, "password": f"guess {number}"}
        return httpx.post(f"{authority.serving.url}/v1/sign-ins", json=body, timeout=2 * WAIT).status_code

    with ThreadPoolExecutor(MANY) as pool:
        try:
            guesses = [pool.submit(guess, number) for number in range(MANY)]
            until(lambda: len(worked_on) > 1)
            until(lambda: sum(guess.running() for guess in guesses) == MANY)
            made = authority.http.post("/v1/codes", headers=bearer(token), timeout=WAIT / 2)
            assert made.status_code == 201
        finally:
            enough.set()
        assert {guess.result() for guess in guesses} <= {401, 429}
