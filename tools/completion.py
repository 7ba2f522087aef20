"""``akis completion``: what a shell needs to complete commands, options and file names, made by shtab."""

from __future__ import annotations

import argparse

from .extras import require
from .parser import add_examples

SHELLS = ("bash", "zsh", "fish")
_OF_FILES = frozenset(("FILE", "NAME|FILE", "IN", "OUT", "A", "B"))
"""What stands for a file in the help of an argument."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Print a script that lets a shell complete the commands and options of akis, and the names of files. "
        "Completing runs nothing, and reaches no card."
    )
    add_examples(
        parser,
        'eval "$(akis completion bash)"',
        "akis completion zsh > _akis",
        "akis completion fish > akis.fish",
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    require("completion", "`akis completion`")
    import shtab

    from .commands import every_parser

    parsers = every_parser()
    for typed, parser in parsers.items():
        for argument in parser._actions:
            # What `akis files` calls a file is on the card.
            if argument.metavar in _OF_FILES and not (typed.startswith("akis files") and argument.dest == "path"):
                vars(argument)["complete"] = shtab.FILE
            elif argument.metavar == "DIR":
                vars(argument)["complete"] = shtab.DIRECTORY
    print(shtab.complete(parsers["akis"], args.shell), end="")
    return 0
