"""Sentences for people, on standard error: broken at words where a terminal shows them, one line where it is a file."""

from __future__ import annotations

import shutil
import sys
import textwrap
from contextlib import suppress


def tell(text: str) -> None:
    """Print it, at once."""
    if sys.stderr.isatty():
        columns = shutil.get_terminal_size().columns
        width = max(columns, 20)
        lines = text.split("\n")
        text = "\n".join(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in lines)
    with suppress(OSError):  # nobody listens, and what is done counts more than what is said of it
        print(text, file=sys.stderr, flush=True)
