"""The card is pulled, or loses its power, at each command of an unlock; a holder presses Ctrl-C at each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.authority.demo.data import DemoCard
from akis.emulator.personality import State
from akis.errors import CardRemoved
from akis.unlock.holds import Holds
from akis.unlock.steps import Step
from tests.unlock.cuts.issuer import Issuer
from tests.unlock.cuts.kept_card import AES, TDES, Fault, KeptCard
from tests.unlock.cuts.moments import BY_CARD, COMMANDS, At, Cut, cuts
from tests.unlock.cuts.unlocking import NEW_PIN, Judge, Said, unlock

pytestmark = pytest.mark.slow

Judged = Callable[[Issuer, KeptCard], Judge]


@pytest.mark.parametrize(("which", "state"), [(TDES, "blocked"), (AES, "new")], ids=["3DES", "AES"])
def test_the_commands_and_their_order(issuer: Issuer, url: str, which: DemoCard, state: State) -> None:
    """What the other tests cut."""
    kept = KeptCard(which, state)
    report = unlock(issuer, kept, url)
    assert (report.outcome, report.holds, report.code) == ("done", Holds.HOLDER_PIN, 0)
    assert kept.seen == list(BY_CARD.values())
    assert kept.is_ready(NEW_PIN)


@pytest.mark.parametrize("cut", cuts(*COMMANDS), ids=str)
@pytest.mark.parametrize(("which", "state"), [(TDES, "blocked"), (AES, "new")], ids=["3DES", "AES"])
def test_pulled(issuer: Issuer, url: str, judged: Judged, which: DemoCard, state: State, cut: Cut) -> None:
    kept = KeptCard(which, state)
    judge = judged(issuer, kept)
    report = unlock(issuer, kept, url, connect=kept.connect(Fault(cut, kept.take_out)))
    said = Said.of(report)
    assert said.outcome == "failed"
    assert said.code == (7 if said.holds is Holds.UNKNOWN else 3)
    judge("card pulled", cut, said, cut.seen_at_the_card, url, told=told(cut))


def test_pulled_between_reset_and_change(issuer: Issuer, url: str, judged: Judged) -> None:
    """It is confirmed that the RESET was done, and nothing more has been sent."""
    kept = KeptCard()
    judge = judged(issuer, kept)

    def step(come_to: Step) -> None:
        if come_to is Step.CHANGING:
            kept.take_out()

    report = unlock(issuer, kept, url, step=step)
    assert isinstance(report.error, CardRemoved)
    cut = Cut(At.SELECT_AGAIN, "before")
    said, when = Said.of(report), "between RESET and CHANGE"
    judge("card pulled", cut, said, Holds.TRANSPORT_PIN, url, when=when, told=Holds.TRANSPORT_PIN)


@pytest.mark.parametrize(
    ("at", "write", "leaves"),
    [
        (At.RESET, 1, Holds.AS_BEFORE),
        (At.CHANGE, 1, Holds.TRANSPORT_PIN),
        (At.CHANGE, 2, Holds.TRANSPORT_PIN),
        (At.CHANGE, 3, Holds.TRANSPORT_PIN),
        (At.VERIFY, 1, Holds.HOLDER_PIN),
        (At.VERIFY, 2, Holds.HOLDER_PIN),
    ],
)
def test_power_cut_while_it_writes(issuer: Issuer, url: str, judged: Judged, at: At, write: int, leaves: Holds) -> None:
    """Before its write number 1, 2, 3 of that command; a try may be gone then, and the PIN is one of the two."""
    kept = KeptCard()
    judge = judged(issuer, kept)
    cut = Cut(at, "before")
    report = unlock(issuer, kept, url, connect=kept.connect(kept.lose_power_at_write(write, cut)))
    said, when = Said.of(report), f"write {write} of {at.value}"
    judge("card's power cut", cut, said, cut.seen_at_the_card, url, when=when, leaves=leaves, told=told(cut))


@pytest.mark.parametrize("cut", cuts(*COMMANDS), ids=str)
def test_ctrl_c(issuer: Issuer, url: str, judged: Judged, cut: Cut) -> None:
    kept = KeptCard(AES, "blocked")
    judge = judged(issuer, kept)

    def interrupt() -> None:
        raise KeyboardInterrupt

    report = unlock(issuer, kept, url, connect=kept.connect(Fault(cut, interrupt)))
    said = Said.of(report)
    assert (said.outcome, said.code) == ("interrupted", 130)
    judge("Ctrl-C in the client", cut, said, cut.seen_at_the_card, url, told=told(cut))


def told(cut: Cut) -> Holds | None:
    """What the authority hears of it at the end, once it has said that the RESET was done."""
    return cut.seen_at_the_card if cut.at > At.DONE else None
