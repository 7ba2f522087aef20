"""Either side: whatever goes wrong inside ends the session."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.codec.apdu import ResponseApdu
from akis.sm import CardSession, SecureSession, Suite
from akis.sm.suite import Cmac, Encryption, RetailMac
from tests.akis.sm.messages import ALL_SUITES, DATA, WRITE, good_answer, good_command
from tests.sessions import Pair, assert_over


def protect_command(pair: Pair) -> tuple[SecureSession, Callable[[], object]]:
    terminal = pair.terminal()
    return terminal, lambda: terminal.protect(WRITE)


def open_answer(pair: Pair) -> tuple[SecureSession, Callable[[], object]]:
    terminal = pair.terminal()
    terminal.protect(WRITE)
    return terminal, lambda: terminal.unprotect(good_answer(pair))


def open_command(pair: Pair) -> tuple[CardSession, Callable[[], object]]:
    card = pair.card()
    return card, lambda: card.unprotect(good_command(pair))


def protect_answer(pair: Pair) -> tuple[CardSession, Callable[[], object]]:
    card = pair.card()
    card.unprotect(good_command(pair))
    return card, lambda: card.protect(ResponseApdu(DATA))


BROKEN = {
    "MAC": [(RetailMac, "__call__"), (Cmac, "__call__")],
    "cipher": [(Encryption, "encrypt"), (Encryption, "decrypt")],
}


@pytest.mark.parametrize("failure", [MemoryError, KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("step", [protect_command, open_answer, open_command, protect_answer])
@ALL_SUITES
def test_any_exception_inside_ends_the_session(
    kind: tuple[Suite, int],
    step: Callable[[Pair], tuple[SecureSession | CardSession, Callable[[], object]]],
    broken: str,
    failure: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> bytes:
        raise failure

    session, call = step(Pair(*kind))
    for owner, name in BROKEN[broken]:
        monkeypatch.setattr(owner, name, fail)
    with pytest.raises(failure):
        call()
    assert_over(session)
