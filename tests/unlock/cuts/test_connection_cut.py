"""The connection between client and authority is closed, or goes silent, at each message in either direction."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.unlock import channel
from akis.unlock.holds import Holds
from tests.unlock.cuts.issuer import Issuer
from tests.unlock.cuts.kept_card import AES, TDES, KeptCard
from tests.unlock.cuts.moments import RELAYED, REQUESTS, At, Cut, cuts
from tests.unlock.cuts.proxy import Proxy, Then
from tests.unlock.cuts.unlocking import PATIENCE, Judge, Said, unlock

pytestmark = pytest.mark.slow

Judged = Callable[[Issuer, KeptCard], Judge]
MESSAGES = [*cuts(*REQUESTS, *RELAYED), Cut(At.DONE, "before"), *cuts(At.REPORT)]
SOME = [
    Cut(At.CODE, "before"),
    Cut(At.ANSWER, "after"),
    Cut(At.OPENING, "before"),
    *cuts(At.SELECT, At.RESET),
    Cut(At.DONE, "before"),
    *cuts(At.REPORT),
]
"""Those at which time has to pass."""
SHORT = 1.0


def known(cut: Cut) -> Holds:
    """What the client can know: a RESET that never came to it was never given to the card."""
    if cut == Cut(At.RESET, "after") or cut.at is At.DONE:
        return Holds.UNKNOWN
    return cut.leaves


@pytest.mark.parametrize("cut", MESSAGES, ids=str)
def test_closed(issuer: Issuer, url: str, judged: Judged, cut: Cut) -> None:
    kept = KeptCard(AES, "blocked")
    cut_and_judged(issuer, url, kept, judged(issuer, kept), "connection closed", cut, "close", PATIENCE)


@pytest.mark.parametrize("cut", SOME, ids=str)
def test_silent(issuer: Issuer, url: str, judged: Judged, monkeypatch: pytest.MonkeyPatch, cut: Cut) -> None:
    """Nobody hears that it is cut: time runs out, at the client and at the authority."""
    monkeypatch.setattr(channel, "_TIME_TO_CLOSE", 0.1)
    kept = KeptCard(TDES, "new")
    cut_and_judged(issuer, url, kept, judged(issuer, kept), "connection silent", cut, "silent", SHORT)


def cut_and_judged(
    issuer: Issuer, url: str, kept: KeptCard, judge: Judge, what: str, cut: Cut, then: Then, timeout: float
) -> None:
    with Proxy(url, cut, then) as proxy:
        said = Said.of(unlock(issuer, kept, proxy.url, timeout=timeout))
        assert proxy.was_cut.is_set()
    if cut.at is At.REPORT:
        # The holder has the new PIN, and the authority may have been told or not.
        assert (said.outcome, said.code) == ("done", 0)
    else:
        assert (said.outcome, said.code) == ("failed", 7 if said.holds is Holds.UNKNOWN else 11)
    told = Holds.HOLDER_PIN if cut == Cut(At.REPORT, "after") else None
    judge(what, cut, said, known(cut), url, told=told)
