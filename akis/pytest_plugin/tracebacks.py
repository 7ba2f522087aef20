"""Reports that end in the test: frames of this library are of no use in them, and hold commands with PINs in them."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType, TracebackType

from akis.errors import AkisError


def without_library(error: BaseException) -> BaseException:
    """The error, its causes too, with the frames of this library cut out where it is one of this library's errors.

    pytest prints the arguments of the frame that raised, the bytes of a command among them.
    """
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, AkisError):
            current.__traceback__ = _of_others(current.__traceback__)
        waiting += [cause for cause in (current.__cause__, current.__context__) if cause is not None]
    return error


def _of_others(first: TracebackType | None) -> TracebackType | None:
    kept = [entry for entry in _entries(first) if not _is_ours(entry.tb_frame)]
    made: TracebackType | None = None
    for entry in reversed(kept):
        made = TracebackType(made, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return made


def _entries(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "akis"
