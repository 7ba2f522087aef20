"""The commands of ``akis`` and the parser of its command line.

A subcommand is a module of this package with two functions, ``configure(parser)``, which adds its arguments, and
``run(args) -> int``, which does the work and returns the exit code. Only the chosen one is imported. At its top it
imports nothing heavy (no Construct, no cryptography, no PC/SC, no rich): those belong into ``run``, so that help and
usage errors come at once.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import akis

from .actions import ActionParser
from .parser import Parser, add_examples

_EXAMPLES = ("akis demo", "akis doctor", "akis info --reader emulator:", "akis pin status")


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
    "completion": Subcommand("completion", "print what makes a shell complete these commands and their options"),
    "demo": Subcommand("demo", "unblock an emulated card inside secure messaging and show every exchange"),
}


def parser_for(argv: Sequence[str], every: bool = False) -> Parser:
    """The parser for ``argv``, in which only the subcommand that ``argv`` names is filled in; or ``every`` one is."""
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
        if name == chosen or every:
            module = importlib.import_module(f".{module_name}", __package__)
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    return parser


def every_parser() -> dict[str, Parser]:
    """All of them, filled in, by what is typed before ``--help``: ``akis``, ``akis pin``, ``akis pin status``, …"""
    return dict(_with_actions(parser_for((), every=True)))


def _with_actions(parser: Parser) -> Iterator[tuple[str, Parser]]:
    if isinstance(parser, ActionParser):
        parser.fill_in()
    yield parser.prog, parser
    for added in parser._actions:
        if isinstance(added, argparse._SubParsersAction):
            for below in added.choices.values():
                yield from _with_actions(below)


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
