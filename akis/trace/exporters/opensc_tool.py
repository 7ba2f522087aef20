"""Traces as shell scripts that send the same commands with ``opensc-tool``, for machines that have nothing else.

The recorded answers stand beside the commands as comments. A command with hidden bytes cannot be sent: it is a comment
as well, and the script ends before it sends anything, saying so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from akis.errors import TraceError
from akis.trace.entries import Event, Exchanged, Trace
from akis.trace.importers.base import UNANSWERED
from akis.trace.say import counted

_AT_ONCE = 500
"""Commands for one run of opensc-tool; a command line has an end."""
_HEAD = """\
#!/bin/sh
# Sends the commands of a recorded session with opensc-tool: sh SCRIPT [OPTIONS OF opensc-tool, such as --reader 0]
# The recorded answers are comments. opensc-tool compares nothing, and sends GET RESPONSE of its own after 61XX.
set -eu
options="--card-driver default $*"
"""
_STOP = """\
echo "{count} of this session {have} hidden bytes (** in the comments), so nothing was sent: put in the \
bytes, uncomment the lines, and delete these two lines" >&2
exit 1
"""
_SEND = 'opensc-tool $options "$@"\nset --\n'
_RESET = "opensc-tool $options --reset\n"
_NOTHING_COMPARED = "opensc-tool compares no answers; the recorded ones are comments"
_NOT_SENT = "{count} with hidden bytes {are}, and the script refuses to run"
_TIMES = "times are not in the script"
_NOT_READ = "a script is for running; it cannot be read back as a trace"


def write(trace: Trace, path: Path) -> list[str]:
    """Write the script and say in sentences what is lost."""
    hidden = sum(isinstance(entry, Exchanged) and entry.command.hides for entry in trace.entries())
    count = counted(hidden, "command")
    timed = False
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_HEAD)
        if hidden:
            stream.write(_STOP.format(count=count, have="has" if hidden == 1 else "have"))
        stream.write("\nset --\n")
        waiting = 0
        for entry in trace.entries():
            if isinstance(entry, Event):
                waiting = _send(stream, waiting)
                stream.write(_RESET if entry.kind == "reset" else f"# the card was {entry.kind} here\n")
                continue
            timed = timed or entry.start is not None or entry.duration is not None
            waiting += _command(stream, entry)
            if waiting >= _AT_ONCE:
                waiting = _send(stream, waiting)
        _send(stream, waiting)
    lost = [_NOTHING_COMPARED, _NOT_READ]
    if hidden:
        lost.append(_NOT_SENT.format(count=count, are="is a comment" if hidden == 1 else "are comments"))
    return [*lost, _TIMES] if timed else lost


def _send(stream: TextIO, waiting: int) -> int:
    if waiting:
        stream.write(_SEND)
    return 0


def _command(stream: TextIO, entry: Exchanged) -> int:
    """Write one command; returns how many opensc-tool will be given."""
    if not entry.command.raw:
        raise TraceError("a command without any bytes cannot be sent")
    hides = entry.command.hides
    stream.write(f'{"# " if hides else ""}set -- "$@" --send-apdu {entry.command.text}\n')
    if entry.answer is not None:
        stream.write(f"#   answered {entry.answer.text}\n")
    else:
        stream.write(f"#   not answered: {' '.join((entry.failure or UNANSWERED).kind.split())}\n")
    return 0 if hides else 1
