"""What cardpeek saves: ``C:command:status word:data`` a command, ``R:ATR`` a reset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from akis.errors import TraceError
from akis.trace.entries import Event, Header
from akis.trace.importers.base import ENDED, Heard, Item
from akis.trace.importers.text import Facts, facts_header, head_lines, hex_bytes, lines

NAME = "cardpeek log"
HEURISTIC = False
_COMMAND = re.compile(r"C:([0-9A-Fa-f]*):([0-9A-Fa-f]{4}):([0-9A-Fa-f]*)\s*")
_RESET = re.compile(r"R:([0-9A-Fa-f]*)\s*")


def sniff(head: bytes) -> bool:
    """Whether the first line that is no comment is a command or a reset; without one, whether cardpeek says it is."""
    found = head_lines(head)
    first = next((line for line in found if line.strip() and not line.startswith("#")), None)
    if first is None:
        return any(line.startswith("# cardpeek") for line in found)
    return bool(_COMMAND.fullmatch(first) or _RESET.fullmatch(first))


def header(path: Path) -> Header:
    """The first ATR."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Commands and resets; there are no times."""
    return _heard(path, Facts())


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    begun = False
    for line in lines(path):
        if not line.text.strip() or line.text.startswith("#"):
            continue
        if not line.ended:
            # The rest of the file is gone, and the data may be cut; a command up to its colon is whole.
            if sent := re.match(r"C:((?:[0-9A-Fa-f]{2})+):", line.text):
                yield Heard(bytes.fromhex(sent[1]), None, failure=ENDED)
        elif found := _COMMAND.fullmatch(line.text):
            begun = True
            yield Heard(hex_bytes(found[1], line), hex_bytes(found[3], line) + bytes.fromhex(found[2]))
        elif found := _RESET.fullmatch(line.text):
            atr = hex_bytes(found[1], line) or None
            facts.atr = atr if facts.atr is None else facts.atr
            if begun:
                yield Event("reset", None, atr)
            begun = True
        else:
            raise TraceError("damaged, neither a command nor a reset", line.number)
