"""Single facts of a trace in words: times, events, who recorded what. Nothing in them can steer a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from textwrap import wrap

from akis.trace.entries import Event, Failure, Header
from akis.trace.follow import MARKS, Outcome

CUT = "The last line of the trace is cut off in the middle; what it held is lost."
SECRETS = "secrets are in this trace as they are: for test cards only, not to be passed on"
HEURISTIC = "parts of this are conclusions: the log does not say everything"
_EVENTS = {"reset": "card reset", "removed": "card removed", "inserted": "card inserted"}


def printable(text: str) -> str:
    """The text with what a terminal would obey instead of print replaced; reader names and slots may be anybody's."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def moment(start: int) -> str:
    """Microseconds since the start of a recording, in seconds."""
    return f"{start // 1_000_000}.{start % 1_000_000:06} s"


def span(duration: float) -> str:
    """How long something took, from microseconds, in the unit that suits it."""
    if duration < 1000:
        return f"{duration:.0f} µs"
    return f"{duration / 1000:.3g} ms" if duration < 999_500 else f"{duration / 1_000_000:.2f} s"


def counted(number: int, noun: str) -> str:
    """A number of things: ``1 exchange``, ``2 exchanges``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def facts(header: Header, hidden: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """What is known of the whole session: name and value a row, without the ATR.

    ``hidden`` are the slots of its hidden bytes, where all of it was read; else those that it may have are told.
    """
    found = ", ".join(header.slots if hidden is None else hidden)
    card = ", ".join(filter(None, (header.personality, header.state, "extended length" if header.extended else "")))
    rows = (
        ("Title", header.title),
        ("Recorded", header.created),
        ("By", header.source),
        ("Reader", header.reader),
        ("Protocol", header.protocol),
        ("Profile", header.profile),
        ("Emulated card", card),
        ("Seed", header.seed),
        ("Hidden", f"where they occur: {found}" if found and hidden is None else found),
        ("Beware", SECRETS if header.secrets else ""),
        ("Heuristic", HEURISTIC if header.heuristic else ""),
    )
    return [(name, printable(value)) for name, value in rows if value]


def event(seen: Event) -> str:
    """What happened, and when."""
    when = "" if seen.start is None else f" at {moment(seen.start)}"
    return _EVENTS[seen.kind] + when


def failure(seen: Failure) -> str:
    """Why no answer came."""
    return printable(f"no answer, {seen.kind}" + (f": {seen.message}" if seen.message else ""))


def summary(exchanges: int, events: int, outcomes: dict[Outcome, int], took: int | None) -> str:
    """How much there was, and what of it went wrong, each with the sign that marks it."""
    text = counted(exchanges, "exchange")
    text += f", {counted(events, 'event')}" if events else ""
    text += f" in {moment(took)}" if took is not None else ""
    words: dict[Outcome, str] = {"warning": "with a warning", "refused": "refused", "failed": "without a valid answer"}
    wrong = [f"{outcomes[kind]} {word} ({MARKS[kind]})" for kind, word in words.items() if outcomes.get(kind)]
    return f"{text}; {', '.join(wrong)}." if wrong else f"{text}; none was refused."


@lru_cache(4096)
def wrapped(text: str, width: int, indent: int) -> str:
    """The text broken at words, lines after the first indented."""
    lines = wrap(printable(text), max(width, 8), break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)
