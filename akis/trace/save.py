"""A trace into a file, in the format that the file's name ends in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from akis.errors import AkisError, InvalidArgument
from akis.trace.entries import Trace

Write = Callable[[Trace, Path], list[str]]


def save(trace: Trace, out: str | Path) -> list[str]:
    """Write ``trace`` to ``out`` and return what is lost on the way, a sentence each; an empty list for nothing.

    The name's end says the format: .jsonl (akis), .dump or .apdu4j (apdu4j), .pcap or .pcapng (GSMTAP, for Wireshark),
    .sh (a script of opensc-tool), .html. A file that is there already is left as it is, and where anything goes wrong
    there is none afterwards: :class:`InvalidArgument`, or the :class:`TraceError` of the trace. Only its owner may read
    the file.
    """
    out = Path(out)
    write = _writer(out)
    check_free(out)
    try:
        # Beside its place, so that giving it its name is one step; a place of its own, so that nobody else looks in.
        with tempfile.TemporaryDirectory(prefix=".akis-", dir=out.parent) as place:
            made = Path(place) / f"trace{out.suffix.lower()}"
            lost = write(trace, made)
            made.chmod(0o600)
            _move(made, out)
    except AkisError:
        raise
    except (OSError, ValueError) as error:
        raise InvalidArgument(
            f"{out} cannot be written: {getattr(error, 'strerror', None) or 'no such name'}"
        ) from None
    return lost


def check_free(out: Path) -> None:
    """Raise :class:`InvalidArgument` where ``out`` is there already, or cannot be."""
    try:
        if os.path.lexists(out):
            raise InvalidArgument(f"{out} is there already and was left as it is; name another file")
        if not out.parent.is_dir():
            raise InvalidArgument(f"{out} cannot be written: there is no such directory")
    except (OSError, ValueError) as error:
        if isinstance(error, AkisError):
            raise
        raise InvalidArgument("a file cannot have this name") from None


def _move(made: Path, out: Path) -> None:
    try:
        os.link(made, out)  # unlike rename, never over another file
    except FileExistsError:
        raise InvalidArgument(f"{out} is there already and was left as it is; name another file") from None
    except OSError:
        check_free(out)
        made.rename(out)  # there are file systems without links


def _writer(out: Path) -> Write:
    table: Mapping[str, Write] = {
        ".jsonl": _jsonl,
        ".dump": _apdu4j,
        ".apdu4j": _apdu4j,
        ".pcap": _gsmtap,
        ".pcapng": _gsmtap,
        ".sh": _opensc_tool,
        ".html": _html,
    }
    write = table.get(out.suffix.lower())
    if write is None:
        raise InvalidArgument(f"the end of {out.name} names no format; there are {', '.join(table)}")
    return write


def _jsonl(trace: Trace, path: Path) -> list[str]:
    from akis.trace.jsonl import entry_line, header_line

    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(header_line(trace.header) + "\n")
        for entry in trace.entries():
            stream.write(entry_line(entry) + "\n")
    return []


def _apdu4j(trace: Trace, path: Path) -> list[str]:
    from akis.trace.exporters import apdu4j

    return apdu4j.write(trace, path)


def _gsmtap(trace: Trace, path: Path) -> list[str]:
    from akis.trace.exporters import gsmtap

    return gsmtap.write(trace, path)


def _opensc_tool(trace: Trace, path: Path) -> list[str]:
    from akis.trace.exporters import opensc_tool

    return opensc_tool.write(trace, path)


def _html(trace: Trace, path: Path) -> list[str]:
    from akis.trace.html import pages

    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(pages(trace))
    return ["a page is for reading; it cannot be read back as a trace"]
