"""``select``, ``ls``, ``cat``, ``status``, ``reset``: looking around on a card."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from akis.codec.fci import FileControl
from akis.codec.file_path import FilePath, parse_path, path_text
from akis.commands import files
from akis.conversation.base import ask
from akis.conversation.list_files import ListedFile
from akis.errors import CardError, InvalidArgument

from ..tell import tell
from .bench import Bench
from .grammar import Command, Parser

_APPLICATION = "app"
_SECURITY_STATUS = 0x6982
_LONGEST_NAME = 16
_PATH = "file identifiers from the current DF, /3D00/2F10 from the MF, .. the DF above"


def _select_arguments(parser: Parser) -> None:
    parser.add_argument("path", metavar="FILE", nargs="?", help=f"{_PATH}; app is the DF with PIN and keys")
    parser.add_argument("--aid", metavar="HEX", help="a DF by its name instead")


def _check_select(bench: Bench, args: argparse.Namespace) -> None:
    if (args.path is None) == (args.aid is None):
        raise InvalidArgument("select takes a file, such as 3D00/2F10, or --aid HEX")
    if args.aid is not None:
        _aid(args.aid)
    elif args.path != _APPLICATION:
        resolve(bench, args.path)


def _select(bench: Bench, args: argparse.Namespace) -> None:
    if args.aid is not None:
        answer = bench.card.run(ask(files.select_name(_aid(args.aid)), "SELECT by name"))
        control, path = FileControl.from_bytes(answer) if answer else FileControl(), bench.where.path
    elif args.path == _APPLICATION:
        control, path = bench.card.select_application(), bench.profile.application_path
    else:
        path = resolve(bench, args.path)
        control = bench.files.select(path)
    if path is None:
        print(f"{bench.where} is selected.")
        return
    file = ListedFile(path, bench.known[path].name if path in bench.known else "", control)
    bench.learn([file])
    _print_table(bench, [file])


def _ls_arguments(parser: Parser) -> None:
    parser.add_argument("path", metavar="DF", nargs="?", help=f"{_PATH}; the current one when left out")


def _check_path(bench: Bench, args: argparse.Namespace) -> None:
    if args.path is not None:
        resolve(bench, args.path)


def _ls(bench: Bench, args: argparse.Namespace) -> None:
    path = bench.where.df if args.path is None else resolve(bench, args.path)
    if path is None:
        raise InvalidArgument("nobody knows which DF is current; name one, such as /3D00")
    with bench.errand():
        listed = bench.files.list(path)
    bench.learn(listed)
    _print_table(bench, listed)
    if not bench.files.lists_itself and not bench.listed_partly:
        bench.listed_partly = True
        tell("These are the files that PKCS #15, the card's profile or a standard names; the card may have others.")


def _cat_arguments(parser: Parser) -> None:
    parser.add_argument("path", metavar="FILE", nargs="?", help=f"{_PATH}; the current one when left out")
    parser.add_argument("--record", metavar="N", type=int, help="that record only")
    parser.add_argument("--out", metavar="PATH", help="write the bytes there; nothing is overwritten")


def _check_cat(bench: Bench, args: argparse.Namespace) -> None:
    _check_path(bench, args)
    if args.out is not None and (Path(args.out).is_symlink() or Path(args.out).exists()):
        raise InvalidArgument(f"{args.out} exists already, and nothing is overwritten; nothing was read")


def _cat(bench: Bench, args: argparse.Namespace) -> None:
    from ..files import write_new
    from ..files_text import dumped

    path = bench.where.path if args.path is None else resolve(bench, args.path)
    if path is None:
        raise InvalidArgument("nobody knows which file is current; name one, such as /3D00/2F10")
    try:
        with bench.errand():
            pieces = _content(bench, path, args.record)
    except CardError as error:
        if error.sw == _SECURITY_STATUS and not bench.where.verified:
            tell("If this file asks for the PIN, `verify` comes first.")
        raise
    content = b"".join(pieces)
    if args.out is None:
        print("\n".join(dumped(pieces)) or "(empty)")
        return
    write_new(Path(args.out), content)
    print(f"{len(content)} bytes are in {args.out}.")


def _content(bench: Bench, path: FilePath, record: int | None) -> tuple[bytes, ...]:
    from ..progress import transfer_bar

    if record is not None:
        return (bench.files.record(path, record),)
    control = bench.files.select(path)
    if control.is_df:
        raise InvalidArgument(f"{path_text(path)} is a DF; `ls` lists what is in it")
    if control.has_records:
        return bench.files.records(path)
    with transfer_bar(f"Reading {path_text(path)}") as progress:
        content = bench.files.read(path, progress)
    if control.size is not None and len(content) < control.size:
        tell(f"Note: the card gave {len(content)} bytes of the {control.size} that it says the file has.")
    return (content,)


def _status(bench: Bench, _: argparse.Namespace) -> None:
    from akis.pin import Pin, Puk

    from ..info import in_words

    by_flags = bench.profile.pin.tries_by == "fci"
    verified = " and ".join(sorted(bench.where.verified)) or "nothing"
    secure = {"open": "open", "dead": "broken off; nothing goes out until `sm` or `sm off`", "": "none"}[bench.secure]
    tries: list[tuple[str, int | None]] = []
    # A card without the application has neither; one without an answer says so at whatever comes next.
    with suppress(CardError), bench.errand():
        bench.enter_application()
        tries = [(reference.rules.name, reference.tries_left()) for reference in (Pin(bench.card), Puk(bench.card))]
    rows = [
        ("Reader", bench.name),
        ("ATR", bench.card.atr.hex().upper()),
        ("Profile", bench.profile.name),
        ("Current file", str(bench.where)),
        ("Verified", verified),
        ("Secure session", secure),
        ("Recording to", str(bench.tap.file or "nothing")),
        *((f"{name} tries", in_words(left, by_flags and name == bench.profile.pin.name)) for name, left in tries),
    ]
    for name, text in rows:
        print(f"{name + ' ':.<15}: {text}")


def _reset(bench: Bench, _: argparse.Namespace) -> None:
    bench.reset()
    print("The card is reset: nothing is verified, no session is open, the MF is current.")


def resolve(bench: Bench, text: str) -> FilePath:
    """The path from the MF that a text names, as seen from the current DF; :class:`InvalidArgument` for none."""
    if text.startswith("/") or text.upper().startswith("3F00"):
        return parse_path(text)
    df = bench.where.df
    steps = text.rstrip("/").split("/")
    if df is None:
        raise InvalidArgument("nobody knows which DF is current; begin the path with / for the MF")
    while steps and steps[0] in (".", ".."):
        df = df[:-1] if steps.pop(0) == ".." else df
    return parse_path("/" + "/".join([f"{fid:04X}" for fid in df] + steps))


def _aid(text: str) -> bytes:
    try:
        name = bytes.fromhex(text)
    except ValueError:
        name = b""
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidArgument(f"a DF name is 1 to {_LONGEST_NAME} bytes in hex")
    return name


def _print_table(bench: Bench, listed: list[ListedFile] | tuple[ListedFile, ...]) -> None:
    from ..files_text import table

    sys.stdout.write("".join(f"{row}\n" for row in table(listed, bench.files.lists_itself)))


SELECT = Command(
    "select", "make a file current", "select 3D00/2F10", _select, _select_arguments, _check_select, takes="file"
)
LS = Command("ls", "list the files directly below a DF", "ls /3D00", _ls, _ls_arguments, _check_path, takes="DF")
CAT = Command("cat", "read a file", "cat /2F00", _cat, _cat_arguments, _check_cat, takes="file")
STATUS = Command("status", "where one is, and the tries left, at no cost", "status", _status)
RESET = Command("reset", "reset the card", "reset", _reset)
