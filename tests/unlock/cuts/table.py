"""The table of cuts, printed at the end of a run of the tests: what was cut where, what the client said, and the truth.

Rows travel in the reports of the tests, so they arrive with pytest-xdist as well.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import pytest

PROPERTY = "cut"
_GAP = "  "


@dataclass(frozen=True)
class Row:
    """One cut; every field is text for people.

    ``noted`` is what the authority wrote down at the end of the exchange, ``told`` what the client reported to it.
    """

    cut: str
    card: str
    when: str
    said: str
    held: str
    noted: str
    told: str
    ended: str
    again: str


HEADINGS = Row(
    "What was cut",
    "Card",
    "When",
    "Client said",
    "Card held",
    "Noted",
    "Told",
    "Client ended",
    "Second run",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the rows of this run, if it had any."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    rows = [(tuple(value[0]), Row(*value[1])) for report in reports for value in _of(report)]
    if not rows:
        return
    terminalreporter.section(f"cuts of an unlock: {len(rows)}")
    for line in table([row for _, row in sorted(rows, key=lambda found: found[0])]):
        terminalreporter.write_line(line)


def table(rows: list[Row]) -> list[str]:
    """The rows in aligned columns, with a heading."""
    cells = [astuple(HEADINGS), *map(astuple, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (cells[0], ["-" * width for width in widths], *cells[1:])
    ]


def _of(report: Any) -> list[Any]:
    if getattr(report, "when", None) != "call":
        return []
    return [value for name, value in report.user_properties if name == PROPERTY]
