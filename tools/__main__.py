"""The ``akis`` command line: runs the subcommand, and turns errors into one sentence and an exit code."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from akis.errors import AkisError, PinBlocked, PinOutcomeUnknown

from .card_options import tell_of_recording, tell_of_replay
from .commands import parser_for
from .exit_codes import exit_code
from .tell import tell

_PERMISSIONS = ("allow_last_try",)
"""Arguments of the library that are options here, by the same name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``akis`` with ``argv``, by default the arguments of this process; returns the exit code."""
    _prepare_output()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except AkisError as error:
        tell(f"akis: {_sentence(error)}")
        return exit_code(error)
    except KeyboardInterrupt as error:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # it may have come at a prompt, and the shell's own belongs on the next line
        return exit_code(error)
    except BrokenPipeError as error:
        _discard_output()
        return exit_code(error)
    except OSError as error:
        _discard_output()
        tell(f"akis: {error.strerror or type(error).__name__}")
        return exit_code(error)


def _prepare_output() -> None:
    """Let no letter that the terminal's encoding lacks, and no missing output, end the program."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  it lasts as long as the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _run(argv: Sequence[str]) -> int:
    try:
        args = parser_for(argv).parse_args(argv)
        code = _report_errors(args)
    except AkisError:
        # What became of the card counts more than what became of the output.
        try:
            sys.stdout.flush()
        except OSError:
            _discard_output()
        raise
    except SystemExit:
        sys.stdout.flush()  # here, where a broken pipe is still caught
        raise
    sys.stdout.flush()
    return code


def _discard_output() -> None:
    """What is still buffered has no reader, and the interpreter would complain when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_errors(args: argparse.Namespace) -> int:
    """Run the subcommand; with ``--json`` an error is a JSON object on standard output as well."""
    try:
        return int(args.run(args))
    except AkisError as error:
        if getattr(args, "json", False):
            # Numbers an error carries, such as tries_left; no error carries bytes.
            data = {name: value for name, value in vars(error).items() if value is None or isinstance(value, int)}
            found = {"kind": type(error).__name__, "message": _sentence(error), **data}
            with suppress(OSError):
                print(json.dumps({"schema": 1, "error": found}, ensure_ascii=False, indent=2))
        raise
    finally:
        tell_of_replay(args)
        tell_of_recording(args)


def _sentence(error: AkisError) -> str:
    """What an error says, and which subcommand to go on with where the library leaves that open."""
    if isinstance(error, PinOutcomeUnknown):
        return f"{error}; look at `akis pin status` before anything else"
    if isinstance(error, PinBlocked) and error.name == "PIN":
        return f"{error}; `akis pin unblock` puts a new one in force"
    text = str(error)
    for permission in _PERMISSIONS:
        text = text.replace(permission, f"--{permission.replace('_', '-')}")
    return text


if __name__ == "__main__":
    sys.exit(main())
