"""A trace as one HTML page to attach to a report: a timeline, and every field of every exchange to unfold.

The page is whole in itself: it loads nothing and, by its own content security policy, may not. It can be read without
its script, which only filters. The trace is read three times, for its length, its time axis and its entries, and never
held.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

from akis.profile.model import CardProfile
from akis.trace.atr_fields import atr_fields
from akis.trace.elapsed import Elapsed
from akis.trace.entries import Event, Exchanged, Failure, Trace, Wire
from akis.trace.fields import Field, spaced
from akis.trace.follow import Follower, Outcome, Step, profile_of
from akis.trace.say import CUT, event, facts, failure, moment, printable, span, summary

_BINS = 160
"""Columns of the overview, whatever the length of the trace."""
_SIGNS: dict[Outcome, str] = {"done": "✓", "warning": "~", "refused": "!", "failed": "✗"}
_WORDS: dict[Outcome, str] = {"done": "done", "warning": "warning", "refused": "refused", "failed": "failed"}
_WORST: tuple[Outcome, ...] = ("done", "warning", "refused", "failed")
_LEAST_WIDTH = 0.4
"""Percent of the time axis; what is shorter could not be seen."""


@dataclass(slots=True)
class _Overview:
    """What the first reading finds out."""

    elapsed: Elapsed = field(default_factory=Elapsed)
    exchanges: int = 0
    events: int = 0
    hidden: dict[str, None] = field(default_factory=dict)
    """The slots of hidden bytes, in the order they occur."""
    outcomes: dict[Outcome, int] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """Where the time axis ends; 0 where there is none."""
        return self.elapsed.end


def pages(trace: Trace) -> Iterator[str]:
    """The page in pieces; raises :class:`TraceError` where the trace is damaged, before or after the first piece."""
    overview = _measured(trace)
    yield from _head(trace, overview)
    yield from _timeline(trace, overview)
    follower, profile = Follower(), profile_of(trace.header)
    yield '<ol class="entries" id="entries">\n'
    for entry in trace.entries():
        if isinstance(entry, Exchanged):
            yield _exchange(follower.exchange(entry), profile, overview.end)
        else:
            follower.event(entry)
            yield _event(entry, overview.end)
    yield "</ol>\n"
    said = summary(overview.exchanges, overview.events, overview.outcomes, overview.elapsed.time)
    yield f"<footer><p>{_safe(said)}</p>"
    if getattr(trace, "cut", False):
        yield f'<p class="failed"><b>✗</b> {_safe(CUT)}</p>'
    yield f"</footer>\n</main>\n<script>{_script()}</script>\n</body>\n</html>\n"


def _measured(trace: Trace) -> _Overview:
    found, follower = _Overview(), Follower()
    for entry in trace.entries():
        found.elapsed.add(entry)
        if isinstance(entry, Exchanged):
            outcome = follower.exchange(entry).outcome
            found.outcomes[outcome] = found.outcomes.get(outcome, 0) + 1
            for wire in (entry.command, entry.answer):
                if wire is not None:
                    found.hidden.update(dict.fromkeys(mask.slot for mask in wire.masks if mask.hidden))
        else:
            follower.event(entry)
            found.events += 1
    found.exchanges = follower.number
    return found


def _head(trace: Trace, overview: _Overview) -> Iterator[str]:
    title = printable(trace.header.title) or "Session with a smart card"
    digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    yield f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_safe(title)}</title>
<style>
{_packaged("html.css")}</style>
</head>
<body>
<main>
<h1>{_safe(title)}</h1>
<p class="summary">{_counts(overview)}</p>
<dl class="facts">
"""
    for name, value in facts(trace.header, overview.hidden):
        if name == "Title":
            continue  # it is the heading
        kind = ' class="beware"' if name in ("Beware", "Heuristic") else ""
        yield f"<div{kind}><dt>{name}</dt><dd>{_safe(value)}</dd></div>\n"
    yield "</dl>\n"
    if trace.header.atr is not None:
        atr = trace.header.atr
        yield f"<details><summary>ATR <code>{atr.hex(' ').upper()}</code></summary>"
        yield f"{_table(atr_fields(atr))}</details>\n"
    yield """<form class="filter" id="filter" hidden>
<label>Search <input type="search" id="search" autocomplete="off" placeholder="VERIFY, 63C2, DO'87' …"></label>
<label><input type="checkbox" id="wrong"> only what went wrong</label>
<button type="button" id="unfold">Unfold all</button>
<output id="found" aria-live="polite"></output>
</form>
"""


def _counts(overview: _Overview) -> str:
    """How many of what; sign, word and colour say the same."""
    pieces = [f"<span><b>{overview.exchanges}</b> exchanges</span>"]
    if overview.events:
        pieces.append(f"<span><b>{overview.events}</b> events</span>")
    if overview.elapsed.time is not None:
        pieces.append(f"<span><b>{moment(overview.elapsed.time)}</b></span>")
    for kind in _WORST:
        if overview.outcomes.get(kind):
            pieces.append(f'<span class="{kind}"><b>{_SIGNS[kind]}</b> {overview.outcomes[kind]} {_WORDS[kind]}</span>')
    return " ".join(pieces)


def _timeline(trace: Trace, overview: _Overview) -> Iterator[str]:
    """The session from left to right in columns: how much of each the card was busy, and the worst that happened."""
    if not overview.end:
        yield '<p class="note">The trace has no times, so there is no time axis.</p>\n'
        return
    end = overview.end
    busy = [0.0] * _BINS
    worst = [-1] * _BINS
    events: list[str] = [""] * _BINS
    follower = Follower()
    for entry in trace.entries():
        if isinstance(entry, Event):
            follower.event(entry)
            if entry.start is not None:
                events[_bin(entry.start, end)] = entry.kind
            continue
        step = follower.exchange(entry)
        if entry.start is None:
            continue
        first, last = _bin(entry.start, end), _bin(entry.start + max(_took(entry) - 1, 0), end)
        rank = _WORST.index(step.outcome)
        for at in range(first, last + 1):
            inside = min(entry.start + _took(entry), end * (at + 1) / _BINS) - max(entry.start, end * at / _BINS)
            busy[at] += max(inside, 0)
            worst[at] = max(worst[at], rank)
    yield '<figure class="axis"><div class="bars" role="img" aria-label="Time axis of the session">'
    for at in range(_BINS):
        if worst[at] >= 0:
            height = min(100.0, max(14.0, 100 * busy[at] * _BINS / end))
            place = f"left:{100 * at / _BINS:.3f}%;height:{height:.0f}%;width:{101 / _BINS:.3f}%"
            yield f'<i class="{_WORST[worst[at]]}" style="{place}"></i>'
        if events[at]:
            yield f'<i class="event" style="left:{100 * at / _BINS:.3f}%" title="{events[at]}"></i>'
    ticks = "".join(f"<span>{moment(end * part // 4)}</span>" for part in range(5))
    legend = '; <b class="event">┆</b> resets and removals' if any(events) else ""
    yield f'</div><div class="ticks">{ticks}</div><figcaption>How busy the card was{legend}</figcaption></figure>\n'


def _bin(start: int, end: int) -> int:
    return min(_BINS - 1, start * _BINS // end)


def _took(entry: Exchanged | Event) -> int:
    return entry.duration or 0 if isinstance(entry, Exchanged) else 0


def _exchange(step: Step, profile: CardProfile, end: int) -> str:
    seen, answer, outcome = step.seen, step.answer, step.outcome
    ending = f"{answer.sw} {answer.sw.meaning(profile.status_words)}" if answer is not None else "no answer"
    took = "" if seen.duration is None else f'<span class="took">{span(seen.duration)}</span>'
    notes = "".join(f'<span class="note">{_safe(note)}</span>' for note in step.notes)
    pieces = [
        f'<li class="{outcome}" id="x{step.number}"><details><summary>',
        f'<span class="sign" role="img" aria-label="{_WORDS[outcome]}">{_SIGNS[outcome]}</span>',
        f'<span class="number">{step.number}</span><span class="name">{_safe(step.name)}{notes}</span>',
        f'<span class="sw">{_safe(ending)}</span>{took}{_place(seen.start, seen.duration, end)}</summary>',
    ]
    if seen.start is not None:
        pieces.append(f'<p class="when">starts at {moment(seen.start)}</p>')
    pieces.append(_side("→", "Command", seen.command, step.command_fields(profile)))
    if seen.answer is not None:
        pieces.append(_side("←", "Answer", seen.answer, step.answer_fields(profile)))
    if seen.failure is not None:
        pieces.append(_failure(seen.failure))
    pieces.append("</details></li>\n")
    return "".join(pieces)


def _place(start: int | None, duration: int | None, end: int) -> str:
    """Where on the time axis it is, to scale."""
    if start is None or not end:
        return ""
    width = min(100.0, max(_LEAST_WIDTH, 100 * (duration or 0) / end))
    left = min(100 * start / end, 100 - width)
    return f'<span class="place" aria-hidden="true"><i style="left:{left:.3f}%;width:{width:.3f}%"></i></span>'


def _event(seen: Event, end: int) -> str:
    words = _safe(event(seen))
    place = _place(seen.start, None, end)
    if seen.atr is None:
        return f'<li class="event"><p><span class="sign">┆</span><span class="name">{words}</span>{place}</p></li>\n'
    return (
        f'<li class="event"><details><summary><span class="sign">┆</span><span class="name">{words}</span>{place}'
        f"</summary><h3>ATR</h3><pre>{seen.atr.hex(' ').upper()}</pre>{_table(atr_fields(seen.atr))}</details></li>\n"
    )


def _failure(seen: Failure) -> str:
    return f'<p class="failed"><b>✗</b> {_safe(failure(seen))}</p>'


def _side(arrow: str, name: str, wire: Wire, fields: list[Field]) -> str:
    digits = spaced(wire.raw, wire.masks)
    return f'<h3><span aria-hidden="true">{arrow}</span> {name}</h3><pre>{digits}</pre>{_table(fields)}'


def _table(fields: Iterable[Field]) -> str:
    return f"<table>{''.join(map(_row, fields))}</table>"


def _row(field: Field) -> str:
    name = field.name.lstrip()
    depth = (len(field.name) - len(name)) // 2
    indent = f' style="padding-left:{depth}.2em"' if depth else ""
    kind = ' class="hidden-bytes"' if field.hidden else ' class="slot"' if field.slot else ""
    cells = f"<td><code>{field.text}</code></td><td>{_safe(field.meaning)}</td>"
    return f'<tr{kind}><th scope="row"{indent}>{_safe(name)}</th>{cells}</tr>'


def _safe(text: str) -> str:
    return escape(printable(text))


def _script() -> str:
    return _packaged("html.js")


def _packaged(name: str) -> str:
    return (files("akis.trace") / name).read_text("utf-8")
