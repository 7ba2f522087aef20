"""The ``akis`` command line: finds the subcommand, runs it, and turns errors into one sentence and an exit code.

A subcommand is a module of this package with two functions, ``configure(parser)``, which adds its arguments, and
``run(args) -> int``, which does the work and returns the exit code. Only the chosen one is imported. At its top it
imports nothing heavy (no Construct, no cryptography, no PC/SC, no rich): those belong into ``run``, so that help and
usage errors come at once.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import akis
from akis.errors import AkisError, PinBlocked, PinOutcomeUnknown

from .card_options import tell_of_recording, tell_of_replay
from .exit_codes import exit_code
from .parser import Parser, add_examples
from .tell import tell

_EXAMPLES = ("akis demo", "akis doctor", "akis info --reader emulator:", "akis pin status")
_PERMISSIONS = ("allow_last_try",)
"""Arguments of the library that are options here, by the same name."""


class Subcommand(NamedTuple):
    """Where a subcommand lives in this package, and what it is good for, in a line."""

    module: str
    help: str


SUBCOMMANDS: Mapping[str, Subcommand] = {
    "info": Subcommand("info", "show what a card says about itself, without spending a try"),
    "report": Subcommand("report", "diagnose a card as a whole, without spending a try: text, JSON, or an HTML page"),
    "probe": Subcommand("probe", "meet an unknown card and draft a profile for it, without spending a try"),
    "certs": Subcommand("certs", "show the certificates on a card: whose, until when, qualified or not"),
    "pin": Subcommand("pin", "show the tries of PIN and PUK; verify, change, unblock the PIN"),
    "unlock": Subcommand("unlock", "set a new PIN on your own card, with a code of your issuer's portal and no PUK"),
    "files": Subcommand("files", "list, read and update the files of a card"),
    "apdu": Subcommand("apdu", "send commands byte for byte and explain them, their answers checked where asked"),
    "shell": Subcommand("shell", "work with a card line by line, at a prompt or by a script"),
    "sign": Subcommand("sign", "sign a file with a key of the card"),
    "replay": Subcommand("replay", "play recorded sessions to a card and show what differs"),
    "atr": Subcommand("atr", "explain an answer to reset, field by field, and name the card it speaks of"),
    "doctor": Subcommand("doctor", "find out why a card cannot be reached, and what to do about it"),
    "readers": Subcommand("readers", "list the card readers and what is in them"),
    "trace": Subcommand("trace", "show, open, compare, redact, convert and count recorded sessions"),
    "emulate": Subcommand("emulate", "put an emulated card into the virtual reader of pcscd"),
    "authority": Subcommand("authority", "run the issuer's service that unlocks cards from afar; see to its data"),
    "demo": Subcommand("demo", "unblock an emulated card inside secure messaging and show every exchange"),
}


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
        args = _parser(argv).parse_args(argv)
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


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for ``argv``, in which only the subcommand that ``argv`` names is filled in."""
    parser = Parser(prog="akis", description="Low-level driver toolkit for AKİS-style smart cards.", allow_abbrev=False)
    add_examples(parser, *_EXAMPLES)
    parser.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        json="--json" in argv,
        help="show the version and exit; with --json, those of what it works with as well",
    )
    # No option before the subcommand takes a value, so the first word is the subcommand.
    chosen = next((word for word in argv if not word.startswith("-")), None)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (module_name, summary) in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name == chosen:
            module = importlib.import_module(f".{module_name}", __package__)
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    return parser


class _Version(argparse.Action):
    """``--version``, which looks the version up only when it is asked for; with ``--json``, wherever that stands."""

    def __init__(self, *args: Any, json: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._json = json

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        if self._json:
            from akis.doctor.hardware import drivers
            from akis.doctor.machine import Machine
            from akis.doctor.versions import versions

            machine = Machine()
            found = dict(versions(machine, drivers(machine)))
            print(json.dumps({"schema": 1, "command": "version", "versions": found}, ensure_ascii=False, indent=2))
        else:
            print(f"akis {akis.__version__}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
