"""How an unlock ended: for people in a few sentences, for programs as one JSON object and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from akis.errors import AkisError, AuthorityRefused, AuthorityUnreachable, InvalidArgument, PinOutcomeUnknown
from akis.unlock.finish import VerifyContradicts
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.steps import Step

from .exit_codes import Exit, exit_code
from .language import _
from .unlock_signals import Terminated
from .unlock_words import HOLDS, IF_USED, SUCCESS, what_next, why

if TYPE_CHECKING:
    from akis.unlock.cards import FoundCard
    from akis.unlock.opened import SecondFactor
    from akis.unlock.run import UnlockRun

Outcome = Literal["done", "failed", "interrupted"]


@dataclass(frozen=True)
class Report:
    """The end of an unlock. ``begun`` says whether a code was redeemed; before that, there is no card to speak of."""

    outcome: Outcome
    code: int
    error: AkisError | None = None
    holds: Holds = Holds.AS_BEFORE
    steps: Sequence[tuple[Step, bool]] = ()
    begun: bool = False
    holder: str | None = None
    found: FoundCard | None = None
    factor: SecondFactor | None = None

    @classmethod
    def of(
        cls,
        run: UnlockRun | None,
        error: AkisError | KeyboardInterrupt | None,
        steps: Sequence[tuple[Step, bool]] = (),
    ) -> Report:
        """The report on ``run``, None where there came to be none, which ``error`` ended, None where it ended well."""
        holds = Holds.AS_BEFORE if run is None else run.holds
        opened = None if run is None else run.opened
        outcome: Outcome = "done" if error is None else "failed" if isinstance(error, AkisError) else "interrupted"
        return cls(
            outcome,
            _code(error, holds),
            error if isinstance(error, AkisError) else None,
            holds,
            tuple(steps),
            opened is not None,
            None if opened is None else opened.holder,
            None if run is None else run.found,
            None if opened is None else opened.second_factor,
        )

    @property
    def message(self) -> str:
        """Its first sentence; the success has a full stop, the rest follows the name of the program."""
        if self.outcome == "done":
            return _(SUCCESS)
        return (
            _("interrupted")
            if self.error is None
            else why(self.error, None if self.factor is None else self.factor.kind)
        )

    @property
    def advice(self) -> tuple[str, ...]:
        """What the card holds, and what to do next where that does not go without saying."""
        if self.outcome == "done" or (not self.begun and isinstance(self.error, InvalidArgument)):
            return ()
        if isinstance(self.error, VerifyContradicts):
            return (what_next(self.error, self.holds),)  # what the card holds is just what is in doubt
        held = _(HOLDS[self.holds])
        if not self.begun and isinstance(self.error, AuthorityUnreachable):
            return held, _(IF_USED)  # the answer to the code may be what was lost
        if not self.begun and not isinstance(self.error, AuthorityRefused):
            return (held,)  # the code was not used
        return held, what_next(self.error, self.holds)

    def as_json(self) -> dict[str, Any]:
        """Everything there is to know of it; ``kind`` is the authority's word for why it refused."""
        refused = self.error if isinstance(self.error, AuthorityRefused) else None
        return {
            "schema": 1,
            "command": "unlock",
            "outcome": self.outcome,
            "holds": self.holds.value,
            "message": self.message,
            "advice": list(self.advice),
            "steps": [{"step": step.name.lower(), "done": done} for step, done in self.steps],
            "holder": self.holder,
            "card": None if self.found is None else _card(self.found),
            "kind": None if refused is None else refused.kind,
            "tries_left": None if refused is None else _tries_left(refused),
            "retry_after": None if refused is None else refused.retry_after,
            # The authority's own words, or the library's, in English whatever is spoken here: for logs, and for whoever
            # runs the authority. ``message`` above is what the holder is told, in a language of the holder's.
            "error": None if self.error is None else {"kind": type(self.error).__name__, "message": str(self.error)},
        }


def _card(found: FoundCard) -> dict[str, str]:
    return {"serial": found.card.serial.hex().upper(), "label": found.card.label, "reader": found.place}


def _tries_left(refused: AuthorityRefused) -> int | None:
    return 0 if refused.kind == Kind.SECOND_FACTOR_SPENT else refused.tries_left


def _code(error: AkisError | KeyboardInterrupt | None, holds: Holds) -> int:
    if error is None:
        return Exit.DONE
    if isinstance(error, Terminated):
        return error.code
    if isinstance(error, AkisError) and holds is Holds.UNKNOWN:
        return Exit.PIN_OUTCOME_UNKNOWN
    if isinstance(error, PinOutcomeUnknown) and isinstance(error.__cause__, AkisError):
        error = error.__cause__  # what the card holds is known, so what counts is what became of the way to it
    return exit_code(error.refusal if isinstance(error, VerifyContradicts) else error)
