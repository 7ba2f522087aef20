"""Trace files for the tests of ``akis trace``."""

from __future__ import annotations

from pathlib import Path

from akis.trace.entries import Trace
from akis.trace.jsonl import Writer


def written(path: Path, trace: Trace) -> Path:
    """A trace in a file."""
    with path.open("w", encoding="utf-8") as stream:
        writer = Writer(stream, trace.header)
        for entry in trace.entries():
            writer.write(entry)
    return path
