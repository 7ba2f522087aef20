"""Text that came over the network, made fit for a terminal."""

from __future__ import annotations

from akis.trace.say import printable

_LONGEST = 500


def shown(text: str) -> str:
    """``text`` without control characters, which could redraw a screen, and of bounded length."""
    clean = printable(text)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
