"""The ``akis`` command line: finds the subcommand, runs it, and turns errors into one sentence and an exit code.

A subcommand is a module of this package with two functions, ``configure(parser)``, which adds its arguments, and
``run(args) -> int``, which does the work and returns the exit code. Only the chosen one is imported. At its top it
imports nothing heavy (no Construct, no cryptography, no PC/SC, no rich): those belong into ``run``, so that help and
usage errors come at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import akis
from akis.errors import AkisError

from .exit_codes import exit_code


class Subcommand(NamedTuple):
    """Where a subcommand lives in this package, and what it is good for, in a line."""

    module: str
    help: str


SUBCOMMANDS: Mapping[str, Subcommand] = {
    "demo": Subcommand("demo", "unblock an emulated card inside secure messaging and show every exchange"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``akis`` with ``argv``, by default the arguments of this process; returns the exit code."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except AkisError as error:
        print(f"akis: {error}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt as error:
        return exit_code(error)
    except BrokenPipeError as error:
        # What is still buffered has no reader either, and the interpreter would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_code(error)


def _run(argv: Sequence[str]) -> int:
    try:
        args = _parser(argv).parse_args(argv)
        return int(args.run(args))
    finally:
        sys.stdout.flush()  # here, where a broken pipe is still caught


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for ``argv``, in which only the subcommand that ``argv`` names is filled in."""
    parser = argparse.ArgumentParser(
        prog="akis", description="Low-level driver toolkit for AKİS-style smart cards.", allow_abbrev=False
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
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
    """``--version``, which looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"akis {akis.__version__}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
