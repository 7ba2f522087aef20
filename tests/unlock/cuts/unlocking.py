"""A holder's client in this process, cut once; and what is to be true afterwards, whatever was cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass

import pytest

from akis.authority.store.tables import Unlock
from akis.connect import Connection
from akis.errors import AkisError, AuthorityUnreachable
from akis.secret import Secret
from akis.unlock.api import AuthorityClient
from akis.unlock.holds import Holds
from akis.unlock.run import UnlockRun
from akis.unlock.steps import Progress, unseen
from tests.akis.authority.http.served import until
from tests.unlock.cuts.issuer import Issuer, contradicts
from tests.unlock.cuts.kept_card import KeptCard
from tests.unlock.cuts.moments import ORDER, At, Cut
from tests.unlock.cuts.table import PROPERTY, Row
from tools.unlock_report import Report

NEW_PIN, SECOND_PIN = "593827", "740296"
PATIENCE = 20.0
_POLL = 0.1
_MARGIN = 4.0
"""Seconds that a run may take of its own on a busy machine; by itself it takes a tenth of one."""
_WORDS = {
    Holds.AS_BEFORE: "before",
    Holds.TRANSPORT_PIN: "transport",
    Holds.HOLDER_PIN: "holder's",
    Holds.UNKNOWN: "unknown",
}
KINDS = (
    "card pulled",
    "card's power cut",
    "Ctrl-C in the client",
    "client, SIGINT",
    "client, SIGTERM",
    "client, SIGKILL",
    "connection closed",
    "connection silent",
    "authority, SIGTERM",
    "authority, SIGKILL",
    "authority restarted",
)
"""What may be cut, in the order of the table."""


@dataclass(frozen=True)
class Said:
    """What a client said at its end; ``holds`` is None where it could say nothing."""

    holds: Holds | None
    outcome: str
    code: int

    @classmethod
    def of(cls, report: Report) -> Said:
        return cls(report.holds, report.outcome, report.code)


def give_up(seconds: int) -> bool:
    """Waits for no other unlock of the card."""
    return False


def ask_again(seconds: int) -> bool:
    """Waits where another unlock has the card: shorter than one is told to, so that its lease alone is measured."""
    time.sleep(_POLL)
    return True


def unlock(
    issuer: Issuer,
    kept: KeptCard,
    url: str,
    new_pin: str = NEW_PIN,
    *,
    connect: Callable[..., Connection] | None = None,
    timeout: float = PATIENCE,
    step: Progress = unseen,
    wait: Callable[[int], bool] = give_up,
    once_more: Callable[[], None] | None = None,
) -> Report:
    """One run of the client, with a new code, to whichever end.

    With ``once_more`` the authority is lost in a first exchange, and a second one follows once that was called.
    """
    error: AkisError | KeyboardInterrupt | None = None
    with AuthorityClient(url, timeout=timeout) as client:
        run = UnlockRun(client, connect=connect or kept.connect(), step=step)
        try:
            run.open(issuer.code(kept.which))
            run.use(run.look("emulator:kept").found[0])
            run.choose()
            run.confirm(Secret(kept.which.holder.password))
            if once_more is not None:
                with pytest.raises(AuthorityUnreachable):
                    run.exchange(Secret(new_pin))
                once_more()
            run.exchange(Secret(new_pin), wait=wait)
        except (AkisError, KeyboardInterrupt) as caught:
            error = caught
    return Report.of(run, error)


class Judge:
    """Sees one cut through: what was there before it, what is said after it, and that a second run puts all right.

    The row of the table is written in any case, also where the judgement is bad.
    """

    def __init__(self, issuer: Issuer, kept: KeptCard, record: Callable[[str, object], None]) -> None:
        self.issuer = issuer
        self.kept = kept
        self._record = record
        self._before = set(issuer.unlocks())

    def __call__(
        self,
        what: str,
        cut: Cut,
        said: Said,
        expected: Holds | None,
        url: str,
        *,
        when: str = "",
        leaves: Holds | None = None,
        told: Holds | None = None,
        ended: bool = True,
    ) -> None:
        """Check ``said`` against ``expected``, and both against the card.

        ``leaves`` is what the card must hold, by default what everything before the cut comes to; ``told`` what the
        client reports to the authority. ``ended`` is False where that had no chance to write down how the exchange
        ended. ``url`` is where the second run goes, which waits for the lease of the first one at most.
        """
        __tracebackhide__ = True
        if ended:
            until(lambda: not (unlock := self._noted()) or unlock.state != "exchanging")
        if told is not None:
            until(lambda: bool((unlock := self._noted()) and unlock.reported))
        truth, noted = self.kept.holds(NEW_PIN), self._noted()
        start = time.monotonic()
        written = ended or not cut.at < At.DONE
        # Only where nobody could give the card back is it still taken.
        second = unlock(self.issuer, self.kept, url, SECOND_PIN, wait=give_up if written else ask_again)
        took = time.monotonic() - start
        row = Row(
            cut=what,
            card=str(self.kept),
            when=when or str(cut),
            said=_word(said.holds),
            held=_word(truth),
            noted=_word(noted.holds if noted else None),
            told=_word(noted.reported if noted else None),
            ended=f"{said.outcome}, {said.code}",
            again=f"{second.outcome}, {took:.1f} s",
        )
        self._record(PROPERTY, [[KINDS.index(what), str(self.kept), ORDER.index(cut.at), when, cut.done], astuple(row)])
        assert said.holds in (truth, Holds.UNKNOWN, None), "the client said what is not true"
        assert said.holds is expected
        assert truth is (cut.leaves if leaves is None else leaves)
        assert not contradicts(noted, truth), "the authority noted what is not true"
        if not cut.at < At.DONE:
            assert noted is not None
            assert noted.holds == Holds.TRANSPORT_PIN, "a transport PIN left that the authority has not written down"
        assert told == (noted and noted.reported)
        assert (second.outcome, second.holds) == ("done", Holds.HOLDER_PIN), second.message
        assert took < self.issuer.authority.rules.lease + _MARGIN
        assert self.kept.is_ready(SECOND_PIN)
        self.issuer.check_audit()

    def _noted(self) -> Unlock | None:
        """The authority's record of the unlock that was cut; None where the code was not redeemed."""
        new = [unlock for key, unlock in self.issuer.unlocks().items() if key not in self._before]
        assert len(new) <= 1
        return new[0] if new else None


def _word(holds: Holds | str | None) -> str:
    return "-" if holds is None else _WORDS[Holds(holds)]
