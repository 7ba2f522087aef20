"""The trace that the arguments of ``akis trace`` name."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .tell import tell

if TYPE_CHECKING:
    from pathlib import Path

    from akis.trace.entries import Trace

_LARGEST_PAGE = 50_000_000
"""Bytes, some 25,000 exchanges."""
FILE = "a trace, or the log of another program that `akis trace convert` reads"


def add_reading(parser: argparse.ArgumentParser) -> None:
    """``--profile`` and ``--from-reader``."""
    parser.add_argument("--profile", metavar="NAME", help="the card's profile; default: the one that the trace names")
    parser.add_argument("--from-reader", metavar="NAME", help="of a log with several readers, the one with this in it")


def tell_of_size(page: Path) -> None:
    """Say so where a page is more than browsers open."""
    size = page.stat().st_size
    if page.suffix.lower() == ".html" and size > _LARGEST_PAGE:
        tell(
            f"Note: {page} has {size // 1_000_000} MB, more than most browsers open; "
            "`akis trace show --brief` and `akis trace stats` take sessions of any length."
        )


def open_file(path: str, args: argparse.Namespace) -> Trace:
    """The trace with its secrets hidden, whatever the file does; says so where it does not."""
    from akis.trace.jsonl import Lines, is_trace
    from akis.trace.open import open_trace

    trace = open_trace(path, args.profile, reader=args.from_reader)
    if is_trace(path) and Lines(path).header.secrets:
        tell(f"Note: {path} holds PINs as they are, hidden here; `akis trace redact` makes a copy without them.")
    return trace
