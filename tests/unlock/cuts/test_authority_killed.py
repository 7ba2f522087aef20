"""The authority, a process of its own, is killed at each message and started again on the same database and port."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from akis.unlock.holds import Holds
from akis.unlock.steps import Step
from tests.akis.authority.http.served import until
from tests.unlock.cuts.authority_process import AuthorityProcess
from tests.unlock.cuts.issuer import Issuer
from tests.unlock.cuts.kept_card import AES, TDES, KeptCard
from tests.unlock.cuts.moments import RELAYED, REQUESTS, At, Cut, cuts
from tests.unlock.cuts.proxy import Proxy, Then
from tests.unlock.cuts.unlocking import NEW_PIN, Judge, Said, ask_again, unlock

pytestmark = pytest.mark.slow

Judged = Callable[[Issuer, KeptCard], Judge]
KILL, TERMINATE = signal.SIGKILL, signal.SIGTERM
CODES = {KILL: -9, TERMINATE: 0}
ALL = [*cuts(*REQUESTS, *RELAYED, At.DONE), Cut(At.REPORT, "before")]
SOME = [*cuts(At.CODE, At.OPENING, At.AUTHENTICATE, At.RESET, At.DONE), Cut(At.REPORT, "before")]


@pytest.fixture(scope="module")
def authority(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorityProcess]:
    with AuthorityProcess(issuer, tmp_path_factory.mktemp("authority")) as process:
        yield process


def known(cut: Cut) -> Holds:
    """What the client can know: a RESET that never came to it was never given to the card."""
    if cut in (Cut(At.RESET, "after"), Cut(At.DONE, "before")):
        return Holds.UNKNOWN
    return Holds.HOLDER_PIN if cut == Cut(At.DONE, "after") else cut.leaves


@pytest.mark.parametrize(("number", "cut"), [(KILL, cut) for cut in ALL] + [(TERMINATE, cut) for cut in SOME], ids=str)
def test_at_a_message(
    issuer: Issuer, authority: AuthorityProcess, judged: Judged, number: signal.Signals, cut: Cut
) -> None:
    """Once it is done, the client finishes without it: what is left to do is between client and card."""
    kept = KeptCard(TDES, "blocked")
    judge = judged(issuer, kept)
    ended: list[int] = []
    # Killed right after `done` was said, it was said.
    then: Then = "deliver" if cut == Cut(At.DONE, "after") else "close"
    with Proxy(authority.url, cut, then, lambda: ended.append(authority.end(number))) as proxy:
        said = Said.of(unlock(issuer, kept, proxy.url))
    assert ended == [CODES[number]]
    authority.start()
    expected = known(cut)
    if expected is Holds.HOLDER_PIN:
        assert (said.outcome, said.code) == ("done", 0)
    else:
        assert (said.outcome, said.code) == ("failed", 7 if expected is Holds.UNKNOWN else 11)
    leaves = Holds.TRANSPORT_PIN if cut == Cut(At.DONE, "before") else expected
    judge(
        f"authority, {number.name}",
        cut,
        said,
        expected,
        authority.url,
        leaves=cut.leaves if expected is Holds.UNKNOWN else leaves,
        ended=number is not KILL,
    )


@pytest.mark.parametrize("number", [KILL, TERMINATE], ids=str)
def test_restarted_between_the_second_factor_and_the_exchange(
    issuer: Issuer, authority: AuthorityProcess, judged: Judged, number: signal.Signals
) -> None:
    """The same unlock goes on: all that it needs is in the database."""
    kept = KeptCard(AES, "blocked")
    judge = judged(issuer, kept)

    def step(come_to: Step) -> None:
        if come_to is Step.CONFIRMED:
            authority.again(number)

    report = unlock(issuer, kept, authority.url, step=step)
    said, when = Said.of(report), f"before the exchange, {number.name}"
    cut = Cut(At.OPENING, "before")
    assert (said.outcome, said.code) == ("done", 0), report.error
    judge(
        "authority restarted",
        cut,
        said,
        Holds.HOLDER_PIN,
        authority.url,
        when=when,
        leaves=Holds.HOLDER_PIN,
        told=Holds.HOLDER_PIN,
    )


@pytest.mark.parametrize("number", [KILL, TERMINATE], ids=str)
@pytest.mark.parametrize("cut", [Cut(At.SELECT, "after"), Cut(At.RESET, "after")], ids=str)
def test_restarted_in_the_exchange(
    issuer: Issuer, authority: AuthorityProcess, judged: Judged, number: signal.Signals, cut: Cut
) -> None:
    """The same unlock may try once more, with neither a new code nor the second factor, once the lease has run out."""
    kept = KeptCard(AES, "new")
    judge = judged(issuer, kept)
    ended: list[int] = []

    def start() -> None:
        until(lambda: bool(ended))  # the client may hear of it while it is ending
        authority.start()

    with Proxy(authority.url, cut, "close", lambda: ended.append(authority.end(number))) as proxy:
        report = unlock(issuer, kept, proxy.url, once_more=start, wait=ask_again)
    assert ended == [CODES[number]]
    said, when = Said.of(report), f"{cut}, {number.name}"
    assert (said.outcome, said.code) == ("done", 0), report.error
    assert kept.is_ready(NEW_PIN)
    judge(
        "authority restarted",
        cut,
        said,
        Holds.HOLDER_PIN,
        authority.url,
        when=when,
        leaves=Holds.HOLDER_PIN,
        told=Holds.HOLDER_PIN,
    )
