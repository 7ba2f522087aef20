"""``akis shell``: one card in hand, and commands to it line by line, typed at a prompt or read from a script."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bench import Bench

_DESCRIPTION = """\
Work with one card line by line: select, ls, cat, status, verify, change, unblock, sm, apdu, record, expect, run, reset;
`help` says what each does. Tab completes commands, files and status words; completing sends nothing. PINs are asked for
at a prompt that hides them, and a line that has one in it is refused and not remembered. Ctrl-C ends a command, Ctrl-D
the shell. Where standard input is no terminal, its lines are a script, which stops at the first error with the exit
code of that; an error that the next line, `expect SW`, expects is none."""
_EXAMPLES = ("akis shell --reader emulator:", "akis shell --reader emulator: < script.txt")
_MISSING = "the prompt needs prompt_toolkit: pip install 'akis[shell]'; a script on standard input works without it"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from ..card_options import PROFILE, READER, add_trace
    from ..parser import add_examples

    parser.description = _DESCRIPTION
    add_examples(parser, *_EXAMPLES)
    parser.add_argument("--reader", metavar="R", help=READER)
    parser.add_argument("--profile", metavar="NAME|FILE", help=PROFILE)
    parser.add_argument(
        "--sm-keys",
        metavar="FILE",
        help="the device keys that `sm` opens a secure session with, where it is not told others; with replay:FILE, "
        "those of the recorded session",
    )
    parser.add_argument("--exclusive", action="store_true", help="keep all other programs from the card meanwhile")
    parser.add_argument(
        "--leave",
        action="store_true",
        help="leave the card as it is at the end, with what was verified; else it is reset after any PIN or session",
    )
    add_trace(parser)


def run(args: argparse.Namespace) -> int:
    """Open the card, and do line after line."""
    from akis.errors import InvalidArgument

    typed = sys.stdin is not None and sys.stdin.isatty()
    if typed:
        try:
            import prompt_toolkit  # noqa: F401  before the card is touched
        except ImportError:
            raise InvalidArgument(_MISSING) from None
    with ExitStack() as held:
        bench = _opened(args, held)
        if typed:
            from .interactive import interact

            return interact(bench)
        return _script(bench)


def _opened(args: argparse.Namespace, held: ExitStack) -> Bench:
    from ..card_options import open_way
    from ..sm_keys import read_keys
    from .bench import Bench

    keys = None if args.sm_keys is None else held.enter_context(read_keys(args.sm_keys))
    connection = open_way(args, () if keys is None else (keys.device,))
    bench = Bench(connection, keys)
    held.callback(bench.close)
    return bench


def _script(bench: Bench) -> int:
    """What comes on standard input, and whether a recording that played the card was played to its end."""
    from .lines import play, standard_input

    code = play(bench, standard_input(), "line")
    if not code:
        bench.check_played()
    return code
