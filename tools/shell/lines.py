"""The lines of the shell, done one after the other: what is said when one goes wrong, and when a script stops."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from akis.errors import (
    AkisError,
    CardError,
    InvalidArgument,
    PinBlocked,
    PinOutcomeUnknown,
    PinRefused,
)

from ..exit_codes import exit_code
from ..tell import tell
from .apdu_commands import APDU, EXPECT
from .bench import Bench
from .card_commands import CAT, LS, RESET, SELECT, STATUS
from .grammar import Command, Parser, understand, words_of
from .pin_commands import CHANGE, SM, UNBLOCK, VERIFY

_ANSWERED = (CardError, PinRefused, PinBlocked)
"""Errors that are an answer of the card, and may be what a script expects."""
_DEEPEST = 8
_LONGEST = 1 << 16


class Leave(Exception):
    """The shell is to end."""


class Stopped(Exception):
    """A script stopped at an error, which was told; ``code`` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


def do(bench: Bench, line: str, understood: Callable[[str], object] = lambda line: None) -> None:
    """Do one line; ``understood`` is told of it once it is known to be a command, without anything secret in it."""
    found = understand(line, COMMANDS, bench)
    if found is None:
        return
    command, args = found
    understood(line)
    if command is not APDU:
        bench.forget_chain()
    try:
        command.run(bench, args)
    except BaseException as error:
        bench.failed(error)
        raise
    bench.session.forget()


def play(bench: Bench, lines: Iterable[str], where: str) -> int:
    """Do all lines, each shown first, up to the first error; returns its exit code, or 0.

    An error that is an answer of the card is none where the next command is an ``expect`` that its status word fits.
    """
    code = 0
    for number, line in enumerate(lines, 1):
        try:
            words = words_of(line)
            if not words:
                continue
            if code and words[0].lower() != EXPECT.name:
                return code
            do(bench, line, lambda text: print(f"> {text.strip()}", flush=True))
            code = 0
        except Leave:
            return 0
        except Stopped as stopped:
            return stopped.code
        except BrokenPipeError:
            raise
        except (AkisError, OSError) as error:
            say(error, f"{where} {number}: ")
            code = exit_code(error)
            if not isinstance(error, _ANSWERED):
                return code
    return code


def say(error: AkisError | OSError, where: str = "") -> None:
    """What went wrong, in a sentence, and which command to go on with where the library leaves that open."""
    if isinstance(error, OSError) and not isinstance(error, AkisError):
        text = error.strerror or type(error).__name__
    else:
        text = str(error).replace("allow_last_try", "--allow-last-try")
    if isinstance(error, PinOutcomeUnknown):
        text += "; `status` shows the counters"
    elif isinstance(error, PinBlocked) and error.name == "PIN":
        text += "; `unblock` puts a new one in force"
    sys.stdout.flush()
    tell(f"akis: {where}{text}")


def standard_input() -> Iterator[str]:
    """The lines that somebody sends, each as it comes."""
    if sys.stdin is not None:
        yield from _decoded(iter(lambda: sys.stdin.buffer.readline(_LONGEST + 1), b""))


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        if len(line) > _LONGEST:
            raise InvalidArgument(f"a line of the script has more than {_LONGEST} bytes")
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidArgument("the script is no text in UTF-8") from None


def _run_arguments(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="lines of this shell, # for comments")


def _check_run(_: Bench, args: argparse.Namespace) -> None:
    if not Path(args.file).exists():
        raise InvalidArgument("there is no such script")


def _run(bench: Bench, args: argparse.Namespace) -> None:
    if bench.depth == _DEEPEST:
        raise InvalidArgument(f"scripts run each other to a depth of {_DEEPEST} and no more")
    try:
        with Path(args.file).open("rb") as stream:
            lines = list(_decoded(iter(lambda: stream.readline(_LONGEST + 1), b"")))
    except (OSError, ValueError) as error:
        if isinstance(error, AkisError):
            raise
        raise InvalidArgument(
            f"{args.file} cannot be read: {getattr(error, 'strerror', None) or 'no such name'}"
        ) from None
    bench.depth += 1
    try:
        code = play(bench, lines, f"{args.file}, line")
    finally:
        bench.depth -= 1
    if code:
        raise Stopped(code)


def _record_arguments(parser: Parser) -> None:
    parser.add_argument(
        "file", metavar="FILE|off", nargs="?", help="a new file; to be replayed it begins with a `reset`"
    )


def _record(bench: Bench, args: argparse.Namespace) -> None:
    file = bench.tap.file
    if args.file is None:
        print(f"Recording to {file}." if file else "Nothing is being recorded.")
    elif args.file != "off":
        bench.tap.start(Path(args.file))
        print(f"Recording to {args.file}, PINs hidden.")
    elif file is None:
        print("Nothing was being recorded.")
    else:
        bench.stop_recording()
        print(f"The recording is in {file}.")


def _help_arguments(parser: Parser) -> None:
    parser.add_argument("command", metavar="COMMAND", nargs="?", help="one of them, with its arguments")


def _help(_: Bench, args: argparse.Namespace) -> None:
    if args.command is None:
        for command in COMMANDS:
            print(f"{command.name:<9}{command.summary}")
        return
    found = next((command for command in COMMANDS if command.name == args.command), None)
    if found is None:
        raise InvalidArgument("there is no such command; `help` lists them")
    print(found.parser.format_help().removeprefix("usage: ").rstrip())


def _leave(_: Bench, __: argparse.Namespace) -> None:
    raise Leave


COMMANDS = (
    SELECT,
    LS,
    CAT,
    STATUS,
    VERIFY,
    CHANGE,
    UNBLOCK,
    SM,
    APDU,
    EXPECT,
    Command(
        "record",
        "record what goes over the wire, or end that",
        "record s.jsonl",
        _record,
        _record_arguments,
        takes="record",
    ),
    Command(
        "run",
        "do the lines of a file, up to the first error",
        "run test.akis",
        _run,
        _run_arguments,
        _check_run,
        takes="path",
    ),
    RESET,
    Command(
        "help", "this list, or one command with its arguments", "help cat", _help, _help_arguments, takes="command"
    ),
    Command("exit", "leave, as Ctrl-D does", "exit", _leave),
)
"""All of them, in the order of the help."""
