"""``akis files``: the files of a card listed, read and updated."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from akis.errors import CardError, InvalidArgument

from .files_card import PATH, add_files, opened, parsed, wants_login
from .files_put import configure_put
from .parser import add_examples
from .tell import tell

_SECURITY_STATUS = 0x6982


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    add_examples(parser, "akis files tree --reader emulator:", "akis files cat 2F00 --reader emulator:")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(
        name: str, help_text: str, example: str, run_action: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        made = actions.add_parser(name, allow_abbrev=False, help=help_text, description=help_text)
        add_examples(made, example)
        add_files(made)
        made.set_defaults(action=run_action)
        return made

    for name, help_text, run_action in (
        ("ls", "list the files directly below a DF, without reading what needs a PIN", _list),
        ("tree", "list a DF and all files below it", _tree),
    ):
        listing = action(name, help_text, f"akis files {name} --reader emulator:", run_action)
        listing.add_argument("path", nargs="?", default="/", metavar="DF", help=PATH)

    cat = action(
        "cat",
        "read a file: as bytes, or as a hex dump where a terminal shows it",
        "akis files cat 2F00 --reader emulator: --out ef-dir.bin",
        _cat,
    )
    cat.add_argument("path", metavar="FILE", help=PATH)
    cat.add_argument("--record", type=int, metavar="N", help="that record only; without it, all records in a row")
    cat.add_argument("--out", metavar="PATH", help="write the bytes there; nothing is overwritten")

    configure_put(action)


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    try:
        return int(args.action(args))
    except CardError as error:
        if error.sw == _SECURITY_STATUS and not wants_login(args):
            tell("If this file asks for the PIN, --login verifies it first.")
        raise


def _list(args: argparse.Namespace) -> int:
    return _listing(args, deep=False)


def _tree(args: argparse.Namespace) -> int:
    return _listing(args, deep=True)


def _listing(args: argparse.Namespace, deep: bool) -> int:
    from . import files_text

    path = parsed(args.path)
    with opened(args) as (files, name):
        listed = files.tree(path) if deep else files.list(path)
        if deep and not listed:
            files.list(path)  # which says why there is none
        complete = flags = files.lists_itself
    if args.json:
        found = [files_text.as_json(file, flags) for file in listed]
        report = {"schema": 1, "reader": name, "complete": complete, "files": found}
        print(json.dumps(report, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(files_text.tree(listed, flags) if deep else files_text.table(listed, flags)))
    if not complete:
        tell("These are the files that PKCS #15, the card's profile or a standard names; the card may have others.")
    return 0


def _cat(args: argparse.Namespace) -> int:
    from .progress import transfer_bar

    path = parsed(args.path)
    if args.out is not None and Path(args.out).is_symlink() | Path(args.out).exists():
        raise InvalidArgument(f"{args.out} exists already, and nothing is overwritten; nothing was read")
    said: int | None = None
    with opened(args) as (files, name), transfer_bar(f"Reading {args.path}") as progress:
        if args.record is not None:
            pieces: tuple[bytes, ...] = (files.record(path, args.record),)
        else:
            control = files.select(path)
            if control.is_df:
                raise InvalidArgument(f"{args.path} is a DF; `akis files ls {args.path}` lists what is in it")
            said = None if control.has_records else control.size
            pieces = files.records(path) if control.has_records else (files.read(path, progress),)
    content = b"".join(pieces)
    if said is not None and len(content) < said:
        tell(f"Note: the card gave {len(content)} bytes of the {said} that it says the file has.")
    report: dict[str, Any] = {"schema": 1, "reader": name, "path": args.path, "size": len(content)}
    if args.out is not None:
        write_new(Path(args.out), content)
        report["out"] = args.out
    elif args.record is None and len(pieces) != 1:
        report["records"] = [piece.hex().upper() for piece in pieces]
    else:
        report["content"] = content.hex().upper()
    if args.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    elif args.out is not None:
        print(f"{len(content)} bytes are in {args.out}.")
    else:
        _show(pieces, content)
    return 0


def _show(pieces: tuple[bytes, ...], content: bytes) -> None:
    """A hex dump on a terminal, each record with its number; elsewhere the bytes."""
    from .files_text import dumped

    if not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    for line in dumped(pieces):
        print(line)


def write_new(path: Path, content: bytes) -> None:
    """Put ``content`` into a new file; nothing is overwritten."""
    try:
        with path.open("xb") as stream:
            stream.write(content)
    except FileExistsError:
        raise InvalidArgument(f"{path} exists already, and nothing is overwritten") from None
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror or type(error).__name__}") from None
