"""The client, a process of its own, is killed at each step: it says nothing, or, asked to end, what the card holds."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from akis.unlock.holds import Holds
from tests.unlock.cuts.far_card import FarCard, Struck
from tests.unlock.cuts.issuer import Issuer
from tests.unlock.cuts.kept_card import AES, TDES, Fault, KeptCard
from tests.unlock.cuts.moments import COMMANDS, At, Cut, cuts
from tests.unlock.cuts.processes import Akis, Ended
from tests.unlock.cuts.proxy import Proxy, Then
from tests.unlock.cuts.unlocking import NEW_PIN, Judge, Said

pytestmark = pytest.mark.slow

Judged = Callable[[Issuer, KeptCard], Judge]
KILL, INTERRUPT, TERMINATE = signal.SIGKILL, signal.SIGINT, signal.SIGTERM
SOME = cuts(At.NUMBER, At.AUTHENTICATE, At.RESET, At.CHANGE, At.VERIFY)
"""Where it matters for a client that can still say something."""


def client(folder: Path, issuer: Issuer, kept: KeptCard, card: FarCard, url: str) -> Akis:
    """``akis unlock`` with a new code."""
    said = {
        "CODE": issuer.code(kept.which).reveal(),
        "NEW_PIN": NEW_PIN,
        "ANSWER": kept.which.holder.password,
        "AKIS_AUTHORITY": url,
    }
    sources = [word for name in ("code", "new-pin", "answer") for word in (f"--{name}", f"env:{_variable(name)}")]
    arguments = ("unlock", "--json", "--non-interactive", "--reader", "emulator:far", *sources)
    return Akis(folder, *arguments, environment=said, card=card.address)


def _variable(option: str) -> str:
    return option.replace("-", "_").upper()


def said_by(ended: Ended, number: signal.Signals) -> Said:
    """What it said before it ended by that signal, which it was asked to do in order unless it was killed."""
    if number is KILL:
        assert ended.out == ""
        return Said(None, "killed", ended.code)
    return Said(Holds(ended.report["holds"]), ended.report["outcome"], ended.code)


CODES = {KILL: -9, INTERRUPT: 130, TERMINATE: 143}


def test_one_that_is_left_alone(issuer: Issuer, url: str, tmp_path: Path) -> None:
    kept = KeptCard(AES, "new")
    with FarCard(kept, tmp_path) as card, client(tmp_path, issuer, kept, card, url) as process:
        ended = process.wait()
    assert ended.code == 0, ended.err
    assert (ended.report["outcome"], ended.report["holds"]) == ("done", "holder_pin")
    assert kept.is_ready(NEW_PIN)


@pytest.mark.parametrize(
    ("number", "cut"),
    [(KILL, cut) for cut in cuts(*COMMANDS)] + [(number, cut) for number in (INTERRUPT, TERMINATE) for cut in SOME],
    ids=str,
)
def test_at_the_card(
    issuer: Issuer, url: str, judged: Judged, tmp_path: Path, number: signal.Signals, cut: Cut
) -> None:
    kept = KeptCard(TDES, "blocked")
    judge = judged(issuer, kept)
    with FarCard(kept, tmp_path) as card:
        process = client(tmp_path, issuer, kept, card, url)

        def kill() -> None:
            process.kill(number)
            raise Struck

        card.fault = Fault(cut, kill)
        with process:
            said = said_by(process.wait(), number)
    assert said.code == CODES[number]
    expected = None if number is KILL else cut.seen_at_the_card
    told = expected if cut.at > At.DONE else None
    judge(f"client, {number.name}", cut, said, expected, url, told=told)


@pytest.mark.parametrize(
    ("number", "cut"),
    [(KILL, cut) for cut in (*cuts(At.CODE, At.CHOICE, At.ANSWER), Cut(At.DONE, "before"), *cuts(At.REPORT))]
    + [(INTERRUPT, cut) for cut in (Cut(At.ANSWER, "after"), Cut(At.DONE, "before"), Cut(At.REPORT, "after"))],
    ids=str,
)
def test_at_a_message(
    issuer: Issuer, url: str, judged: Judged, tmp_path: Path, number: signal.Signals, cut: Cut
) -> None:
    kept = KeptCard(AES, "blocked")
    judge = judged(issuer, kept)
    then: Then = "close" if number is KILL else "silent"
    running: list[Akis] = []
    with FarCard(kept, tmp_path) as card, Proxy(url, cut, then, lambda: running[0].kill(number)) as proxy:
        process = client(tmp_path, issuer, kept, card, proxy.url)
        running.append(process)
        with process:
            said = said_by(process.wait(), number)
        assert proxy.was_cut.is_set()
    expected = None if number is KILL else Holds.UNKNOWN if cut.at is At.DONE else cut.leaves
    assert said.code == CODES[number]
    told = Holds.HOLDER_PIN if cut == Cut(At.REPORT, "after") else None
    judge(f"client, {number.name}", cut, said, expected, url, told=told)
