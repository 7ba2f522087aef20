"""``akis trace stats``: what commands there were, what became of them and how long they took."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .parser import add_examples
from .trace_file import FILE, add_reading, open_file
from .width import columns

if TYPE_CHECKING:
    from akis.trace.stats import CommandStats, Stats

_TABLE, _NAME = 80, 33
_COLUMNS = ("count", "median", "p99", "worst", "bytes →", "bytes ←")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis trace stats monday.jsonl tuesday.jsonl")
    parser.add_argument("files", metavar="FILE", nargs="+", help=f"{FILE}; several are counted together")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON, times in microseconds")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Count and print."""
    from akis.trace.stats import Stats

    stats, cut = Stats(), 0
    for path in args.files:
        trace = open_file(path, args)
        stats.add(trace)
        cut += bool(getattr(trace, "cut", False))
    if args.json:
        print(json.dumps(_report(stats, cut), ensure_ascii=False, indent=2))
    else:
        _print(stats, cut)
    return 0


def _print(stats: Stats, cut: int) -> None:
    from akis.trace.say import counted, moment, span
    from akis.trace.stats import EXACTNESS

    width = columns()
    table = width >= _TABLE
    if stats.rows and table:
        print(_line("", *_COLUMNS))
    for row in stats.rows:
        times = [row.durations.quantile(0.5), row.durations.quantile(0.99), row.durations.worst]
        shown = [span(time) if row.durations.count and time is not None else "-" for time in times]
        values = row.count, *shown, _many(row.bytes_to_card), _many(row.bytes_from_card)
        print(_line(_name(row), *values) if table else _lines(_name(row), values, width))
        print(_filled(_words(row), width, 4))
    events = "".join(f", {kind} {count}" for kind, count in sorted(stats.events.items()))
    if stats.rows:
        print()
    counts = f"{counted(stats.exchanges, 'exchange')}{events}; session time {moment(stats.session_time)}."
    print(_filled(counts, width))
    if stats.rows:
        print(_filled("What took the most time together comes first, then what came up most often.", width))
        print(_filled(f"Median and p99 are exact to {EXACTNESS:.1%} of themselves, the worst is exact.", width))
    if cut:
        end = "ends" if cut == 1 else "end"
        print(_filled(f"{cut} of the traces {end} in the middle of a line; what it held was not counted.", width))


def _lines(name: str, values: Sequence[object], width: int) -> str:
    """What the table has in a line, for less room than that takes."""
    named = ", ".join(f"{name} {value}" for name, value in zip(_COLUMNS, values, strict=True))
    return f"{_filled(name, width)}\n{_filled(named, width, 4)}"


def _filled(text: str, width: int, indent: int = 0) -> str:
    return textwrap.fill(
        text, width, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False
    )


def _line(name: str, *values: object) -> str:
    widths = (8, 8, 8, 8, 8, 8)
    text = "".join(f"{column!s:>{width}}" for column, width in zip(values, widths, strict=True))
    # A long name has a line of its own.
    return f"{name:<32}{text}" if len(name) < _NAME else f"{name}\n{'':<32}{text}"


def _name(row: CommandStats) -> str:
    return f"{row.name} (SM)" if row.protected else row.name


def _words(row: CommandStats) -> str:
    words = [f"{word} ×{count}" for word, count in sorted(row.words.items(), key=lambda item: (-item[1], item[0]))]
    return ", ".join([*words, f"no answer ×{row.unanswered}"] if row.unanswered else words)


def _many(count: int) -> str:
    """A count in seven places."""
    for size, unit in ((1, ""), (1000, "k"), (1000_000, "M"), (1000_000_000, "G")):
        if count < 10_000 * size or unit == "G":
            return f"{count // size}{unit}"
    return ""


def _report(stats: Stats, cut: int) -> dict[str, Any]:
    from akis.trace.stats import EXACTNESS

    return {
        "schema": 1,
        "exchanges": stats.exchanges,
        "events": stats.events,
        "session_time": stats.session_time,
        "quantiles_exact_to": EXACTNESS,
        "cut": cut,
        "commands": [_row(row) for row in stats.rows],
    }


def _row(row: CommandStats) -> dict[str, Any]:
    durations = row.durations
    return {
        "name": row.name,
        "protected": row.protected,
        "count": row.count,
        "status_words": row.words,
        "unanswered": row.unanswered,
        "timed": durations.count,
        "median": durations.quantile(0.5),
        "p99": durations.quantile(0.99),
        "worst": durations.worst if durations.count else None,
        "total": durations.total,
        "bytes_to_card": row.bytes_to_card,
        "bytes_from_card": row.bytes_from_card,
    }
