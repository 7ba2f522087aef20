"""A trace as text, in 40 columns or more: every byte, its name and what it says. It streams, and has no colours.

Each exchange is a block: a heading with its number, name and time, then rows of bytes, ``→`` to the card and ``←``
from it, each with its fields beneath. ``!`` in the first column marks what the card refused, ``X`` what got no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from akis.profile.model import CardProfile
from akis.trace.atr_fields import atr_fields
from akis.trace.elapsed import Elapsed
from akis.trace.entries import Event, Exchanged, Trace, Wire
from akis.trace.fields import Field, spaced
from akis.trace.follow import MARKS, Follower, Outcome, Step, profile_of
from akis.trace.layout import NARROWEST, byte_rows, field_rows, is_narrow
from akis.trace.redact import Mask
from akis.trace.say import CUT, event, facts, failure, moment, span, summary, wrapped

Style = Literal["full", "wire", "brief"]
_TO_CARD, _FROM_CARD = "→", "←"


def blocks(trace: Trace, style: Style = "full", width: int = 80) -> Iterator[str]:
    """The trace from header to summary, a block of lines an entry; raises :class:`TraceError` where it is damaged."""
    page = Page(profile_of(trace.header), style, max(width, NARROWEST))
    yield page.header(trace)
    follower = Follower()
    outcomes: dict[Outcome, int] = {}
    events, elapsed = 0, Elapsed()
    for entry in trace.entries():
        elapsed.add(entry)
        if isinstance(entry, Exchanged):
            step = follower.exchange(entry)
            outcome = step.outcome
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            yield page.exchange(step, outcome)
        else:
            follower.event(entry)
            events += 1
            yield page.event(entry, trace.header.atr)
    yield "\n" + wrapped(summary(follower.number, events, outcomes, elapsed.time), page.width, 0)
    if getattr(trace, "cut", False):
        yield wrapped(CUT, page.width, 0)


class Page:
    """The blocks of a session, one at a time, in ``width`` columns."""

    def __init__(self, profile: CardProfile, style: Style, width: int) -> None:
        self.width = width
        self._profile = profile
        self._style = style
        self._render = {"full": self._full, "wire": self._wire, "brief": self._brief}[style]

    def header(self, trace: Trace) -> str:
        """What is known of the whole session."""
        rows = [f"{name + ' ':.<14}: {wrapped(value, self.width - 16, 16)}" for name, value in facts(trace.header)]
        atr = trace.header.atr
        if atr is not None:
            rows += ["ATR", *self._rows(" ", atr.hex(" ").upper())]
            if self._style == "full":
                self._fields(rows, atr_fields(atr))
        return "\n".join(rows)

    def event(self, seen: Event, atr: bytes | None) -> str:
        """A reset, removal or insertion; ``atr`` is the one of the session."""
        rows = [f"---- {event(seen)} ----"]
        if seen.atr is not None and self._style != "brief":
            rows += [f"  ATR{', as before' if seen.atr == atr else ''}", *self._rows(" ", seen.atr.hex(" ").upper())]
            if seen.atr != atr and self._style == "full":
                self._fields(rows, atr_fields(seen.atr))
        return "\n".join(rows) if self._style == "brief" else "\n" + "\n".join(rows)

    def exchange(self, step: Step, outcome: Outcome) -> str:
        """A command and its answer; without one, the command alone."""
        return self._render(step, outcome)

    def _full(self, step: Step, outcome: Outcome) -> str:
        seen = step.seen
        rows = ["", self._heading(step, outcome)]
        rows += self._rows(_TO_CARD, _text(seen.command))
        self._fields(rows, step.command_fields(self._profile))
        if seen.answer is not None:
            rows += self._rows(_FROM_CARD, _text(seen.answer))
            self._fields(rows, step.answer_fields(self._profile))
        self._failed(rows, step)
        return "\n".join(rows)

    def _wire(self, step: Step, outcome: Outcome) -> str:
        rows = ["", self._heading(step, outcome)]
        for arrow, wire in ((_TO_CARD, step.seen.command), (_FROM_CARD, step.seen.answer)):
            if wire is not None:
                rows += self._rows(arrow, _text(wire))
                rows += [_mask(mask, self.width) for mask in wire.masks]
        self._failed(rows, step)
        return "\n".join(rows)

    def _brief(self, step: Step, outcome: Outcome) -> str:
        seen, answer = step.seen, step.answer
        start = "" if seen.start is None else moment(seen.start)[:-2]
        took = "" if seen.duration is None else span(seen.duration)
        name = f"{step.name} (SM)" if step.protected else step.name
        if answer is not None:
            said = f"{answer.sw} {name}"
            if outcome != "done":
                said += f", {answer.sw.meaning(self._profile.status_words)}"
        else:
            said = f"---- {name}, {failure(seen.failure) if seen.failure is not None else 'no valid answer'}"
        header = _text(seen.command)[:11].replace(" ", "")
        line = f"{MARKS[outcome]}{step.number:>6}{start:>13}{took:>9} {header:<8} {said}"
        if is_narrow(self.width):
            return f"{line[:38].rstrip()}\n        {wrapped(said, self.width - 8, 8)}"
        return line if len(line) <= self.width else line[: self.width - 1] + "…"

    def _heading(self, step: Step, outcome: Outcome) -> str:
        seen = step.seen
        left = f"{MARKS[outcome]}{step.number:>4}  {wrapped(step.title, self.width - 7, 7)}"
        when = [] if seen.start is None else [f"at {moment(seen.start)}"]
        if seen.duration is not None:
            when.append(f"took {span(seen.duration)}")
        if not when:
            return left
        right = ", ".join(when)
        room = self.width - len(left) - len(right)
        return f"{left}{' ' * room}{right}" if room > 1 else f"{left}\n{right:>{self.width}}"

    def _rows(self, arrow: str, digits: str) -> list[str]:
        return byte_rows(arrow, digits, self.width)

    def _fields(self, rows: list[str], fields: list[Field]) -> None:
        rows += field_rows(fields, self.width)

    def _failed(self, rows: list[str], step: Step) -> None:
        if step.seen.failure is not None:
            rows.append(f"   X {wrapped(failure(step.seen.failure), self.width - 5, 5)}")


def _text(wire: Wire) -> str:
    return spaced(wire.raw, wire.masks)


def _mask(mask: Mask, width: int) -> str:
    text = f"{mask.start}+{mask.length} {mask.slot}{', hidden' if mask.hidden else ''}"
    return f"        {wrapped(text, width - 8, 8)}"
