"""How many columns there are for what goes to standard output."""

from __future__ import annotations

import shutil
import sys

_NARROWEST, _OF_A_FILE = 40, 80


def columns() -> int:
    """Those of the terminal, 40 at least; 80 where it goes elsewhere."""
    return max(shutil.get_terminal_size().columns, _NARROWEST) if sys.stdout.isatty() else _OF_A_FILE
