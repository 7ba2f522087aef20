"""Pieces of markup that every part of a page is made of. All that comes from a card or a reader goes through here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from akis.trace.say import printable

SIGNS = {"pass": "✓", "fail": "✗", "not applicable": "–", "unknown": "?"}
"""Of verdicts, for those who do not see colours."""


def safe(text: object) -> str:
    """Text that is nothing but text."""
    return escape(printable(str(text)))


def section(title: str, content: str) -> str:
    """A part of the page under its heading."""
    return f"<section><h2>{safe(title)}</h2>\n{content}</section>\n"


def rows(named: Iterable[tuple[str, str]]) -> str:
    """A list of names and values; the values are markup."""
    return f"<dl>{''.join(f'<div><dt>{safe(name)}</dt><dd>{value}</dd></div>' for name, value in named)}</dl>"


def faint(text: str) -> str:
    """A line of less weight; markup."""
    return f'<p class="faint">{text}</p>\n'
