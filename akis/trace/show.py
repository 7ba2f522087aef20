"""A trace as text, in 80 columns: every byte, its name and what it says. Streams, and writes in black and white.

Each exchange is a block: a heading with its number, name and time, then rows of bytes, ``→`` to the card and ``←``
from it, each with its fields beneath. ``!`` in the first column marks what the card refused, ``X`` what got no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from akis.profile.model import CardProfile
from akis.trace.atr_fields import atr_fields
from akis.trace.entries import Event, Exchanged, Trace, Wire
from akis.trace.fields import Field, spaced
from akis.trace.follow import MARKS, Follower, Outcome, Step, profile_of
from akis.trace.redact import Mask
from akis.trace.say import CUT, event, facts, failure, moment, printable, span, summary, wrapped

Style = Literal["full", "wire", "brief"]
_NAME, _BYTES = 13, 24
_INDENT = 8
_SHOWN_WHOLE, _SHOWN_BEGINNING = 8, 3
_TO_CARD, _FROM_CARD = "→", "←"


def blocks(trace: Trace, style: Style = "full", width: int = 80) -> Iterator[str]:
    """The trace from header to summary, a block of lines an entry; raises :class:`TraceError` where it is damaged."""
    page = _Page(profile_of(trace.header), style, max(width, 60))
    yield page.header(trace)
    follower = Follower()
    outcomes: dict[Outcome, int] = {}
    events = 0
    end: int | None = None
    for entry in trace.entries():
        if entry.start is not None:
            after = entry.start + (getattr(entry, "duration", None) or 0)
            end = after if end is None or after > end else end
        if isinstance(entry, Exchanged):
            step = follower.exchange(entry)
            outcome = step.outcome
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            yield page.exchange(step, outcome)
        else:
            follower.event(entry)
            events += 1
            yield page.event(entry, trace.header.atr)
    yield "\n" + wrapped(summary(follower.number, events, outcomes, end), page.width, 0)
    if getattr(trace, "cut", False):
        yield wrapped(CUT, page.width, 0)


class _Page:
    def __init__(self, profile: CardProfile, style: Style, width: int) -> None:
        self.width = width
        self._profile = profile
        self._style = style
        self._digits = 3 * ((width - 5) // 3)
        self._meaning = width - _INDENT - _NAME - _BYTES
        self._render = {"full": self._full, "wire": self._wire, "brief": self._brief}[style]

    def header(self, trace: Trace) -> str:
        rows = [f"{name + ' ':.<14}: {wrapped(value, self.width - 16, 16)}" for name, value in facts(trace.header)]
        atr = trace.header.atr
        if atr is not None:
            rows += ["ATR", *self._rows(" ", atr.hex(" ").upper())]
            if self._style == "full":
                self._fields(rows, atr_fields(atr))
        return "\n".join(rows)

    def event(self, seen: Event, atr: bytes | None) -> str:
        rows = [f"---- {event(seen)} ----"]
        if seen.atr is not None and self._style != "brief":
            rows += [f"  ATR{', as before' if seen.atr == atr else ''}", *self._rows(" ", seen.atr.hex(" ").upper())]
            if seen.atr != atr and self._style == "full":
                self._fields(rows, atr_fields(seen.atr))
        return "\n".join(rows) if self._style == "brief" else "\n" + "\n".join(rows)

    def exchange(self, step: Step, outcome: Outcome) -> str:
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
                rows += [_mask(mask) for mask in wire.masks]
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
        return line if len(line) <= self.width else line[: self.width - 1] + "…"

    def _heading(self, step: Step, outcome: Outcome) -> str:
        seen = step.seen
        left = f"{MARKS[outcome]}{step.number:>4}  {step.title}"
        when = [] if seen.start is None else [f"at {moment(seen.start)}"]
        if seen.duration is not None:
            when.append(f"took {span(seen.duration)}")
        if not when:
            return left
        right = ", ".join(when)
        room = self.width - len(left) - len(right)
        return f"{left}{' ' * room}{right}" if room > 1 else f"{left}\n{right:>{self.width}}"

    def _rows(self, arrow: str, digits: str) -> list[str]:
        """The bytes in rows; those after the first stand beneath it."""
        size = self._digits
        if len(digits) < size:
            return [f"   {arrow} {digits}"]
        rows = [f"   {arrow} {digits[:size].rstrip()}"]
        rows += [f"     {digits[at : at + size].rstrip()}" for at in range(size, len(digits), size)]
        return rows

    def _fields(self, rows: list[str], fields: list[Field]) -> None:
        width = self._meaning
        for name, text, meaning, _, _ in fields:
            # Short fields, such as those of headers, come up again and again.
            rows.append(_row(name, text, meaning, width) if len(text) < 6 else _made_row(name, text, meaning, width))

    def _failed(self, rows: list[str], step: Step) -> None:
        if step.seen.failure is not None:
            rows.append(f"   X {wrapped(failure(step.seen.failure), self.width - 5, 5)}")


def _text(wire: Wire) -> str:
    return spaced(wire.raw, wire.masks)


def _mask(mask: Mask) -> str:
    return f"        {mask.start}+{mask.length} {printable(mask.slot)}{', hidden' if mask.hidden else ''}"


def _made_row(name: str, text: str, meaning: str, width: int) -> str:
    """A field: its name, its bytes, and what they say in as many lines of ``width`` as it takes."""
    shown = text if len(text) < 3 * _SHOWN_WHOLE else _shortened(text)
    if not meaning:
        return f"        {name:<12} {shown}".rstrip()
    if len(meaning) > width or not meaning.isprintable():
        meaning = wrapped(meaning, width, _INDENT + _NAME + _BYTES)
    return f"        {name:<12} {shown:<23} {meaning}"


_row = lru_cache(8192)(_made_row)


def _shortened(text: str) -> str:
    """The beginning of a long field: all its bytes stand in the rows above."""
    return f"{text[: 3 * _SHOWN_BEGINNING - 1]} … {(len(text) + 1) // 3} bytes"
