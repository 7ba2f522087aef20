"""``akis files put``: what will change is shown first, and what was written is read back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from akis.errors import AkisError, CardError, InvalidArgument, PolicyRefused

from .files_card import PATH, opened, parsed
from .pin_input import confirm
from .tell import tell

if TYPE_CHECKING:
    from akis.codec.fci import FileControl
    from akis.codec.file_path import FilePath
    from akis.conversation.files import Progress
    from akis.files import Files

    Action = Callable[[str, str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]

_LONGEST = 1 << 20
_WORD = "WRITE"


class Change(NamedTuple):
    """What an update does to a file: bytes ``start`` to ``end`` are sent, ``changed`` of them are new."""

    start: int
    end: int
    changed: int


def configure_put(action: Action) -> None:
    """Add the action."""
    put = action(
        "put",
        "write a file's bytes, after showing what will change; what was written is read back and compared",
        "akis files put 3D00/4118 new.bin --reader emulator: --pin env:CARD_PIN --yes",
        put_file,
    )
    put.add_argument("path", metavar="FILE", help=PATH)
    put.add_argument("source", metavar="FROM", help="the file with the new bytes, or - for standard input")
    place = put.add_mutually_exclusive_group()
    place.add_argument("--offset", type=int, default=0, metavar="N", help="write from this byte on; default: 0")
    place.add_argument("--record", type=int, metavar="N", help="write this record")
    place.add_argument("--append", action="store_true", help="add a record")
    put.add_argument("--yes", action="store_true", help="do not ask before writing")


def put_file(args: argparse.Namespace) -> int:
    """Write, and say what was written."""
    if args.offset < 0:
        raise InvalidArgument("--offset is 0 or more; nothing was written")
    path, data = parsed(args.path), _source(args.source)
    with opened(args) as (files, name):
        control = files.select(path)
        if control.is_df:
            raise InvalidArgument(f"{args.path} is a DF, which has no bytes of its own; nothing was written")
        if args.append or args.record is not None:
            report = _put_record(args, files, path, control, data)
        else:
            report = _put_bytes(args, files, path, control, data)
    report = {"schema": 1, "command": "files put", "reader": name, "path": args.path, **report}
    print(json.dumps(report, ensure_ascii=False, indent=2) if args.json else report["message"])
    return 0


def _put_bytes(
    args: argparse.Namespace, files: Files, path: FilePath, control: FileControl, data: bytes
) -> dict[str, Any]:
    from .progress import transfer_bar

    before = files.read(path)
    size = len(before) if control.size is None else control.size
    end = args.offset + len(data)
    if end > size:
        raise PolicyRefused(
            f"{args.path} has {size} bytes, too few for {len(data)} from byte {args.offset} on; nothing was written"
        )
    change = difference(before, data, args.offset)
    if not change.changed:
        return {"changed": 0, "message": f"{args.path} has these bytes already; nothing was written."}
    behind = f" The {size - end} bytes behind stay as they are." if end < size else ""
    _confirm(
        args,
        f"{args.path} has {size} bytes, of which {change.changed} change, between byte {change.start} and byte "
        f"{change.end - 1}.{behind}",
    )
    piece = data[change.start - args.offset : change.end - args.offset]
    with transfer_bar(f"Writing {args.path}") as shown, _told_if_cut(args.path, shown) as progress:
        files.update(path, piece, change.start, progress)
    return {
        "changed": change.changed,
        "first": change.start,
        "last": change.end - 1,
        "message": f"{change.changed} bytes of {args.path} were changed, read back and found right.",
    }


def _put_record(
    args: argparse.Namespace, files: Files, path: FilePath, control: FileControl, data: bytes
) -> dict[str, Any]:
    if args.append:
        what = "a record more"
        if control.structure == "cyclic":
            what = "a new record 1, in place of the oldest one"
        _confirm(args, f"{args.path} gets {what}, of {len(data)} bytes.")
        with _told_if_cut(args.path):
            files.append_record(path, data)
        return {"changed": len(data), "message": f"A record of {len(data)} bytes was added to {args.path}."}
    before = files.record(path, args.record)
    changed = difference(before, data, 0).changed + max(len(before) - len(data), 0)
    if not changed:
        return {"changed": 0, "message": f"Record {args.record} has these bytes already; nothing was written."}
    _confirm(args, f"Record {args.record} of {args.path} has {len(before)} bytes and gets {len(data)} new ones.")
    with _told_if_cut(args.path):
        files.update_record(path, args.record, data)
    return {"changed": changed, "message": f"Record {args.record} of {args.path} was written, read back and is right."}


def difference(before: bytes, data: bytes, offset: int) -> Change:
    """What of ``data``, which comes to stand at ``offset``, is other than what is there; nothing there is other."""
    there = before[offset : offset + len(data)]
    other = [at for at, byte in enumerate(data) if at >= len(there) or there[at] != byte]
    return Change(offset + other[0], offset + other[-1] + 1, len(other)) if other else Change(offset, offset, 0)


@contextmanager
def _told_if_cut(path: str, shown: Progress | None = None) -> Iterator[Progress]:
    """Gives the progress of a transfer; where an error, or Ctrl-C, cuts that, says that the file may be half new."""
    begun = False

    def progress(done: int, total: int | None) -> None:
        nonlocal begun
        begun = True
        if shown is not None:
            shown(done, total)

    try:
        yield progress
    except (PolicyRefused, InvalidArgument):
        raise
    except (AkisError, KeyboardInterrupt) as error:
        # A card that refused the first piece has written nothing, if it says so.
        if begun or not isinstance(error, CardError) or not error.sw.nothing_done:
            tell(f"{path} may hold some of the new bytes now: read it before relying on it.")
        raise


def _confirm(args: argparse.Namespace, what: str) -> None:
    if args.yes:
        tell(what)
    elif not confirm(what, _WORD):
        raise PolicyRefused("the change was not confirmed, and --yes was not given; nothing was written")


def _source(name: str) -> bytes:
    """The bytes to write, one more than any card takes at most."""
    said = "standard input" if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_LONGEST + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(_LONGEST + 1)
    except OSError as error:
        raise InvalidArgument(f"{said} cannot be read: {error.strerror or type(error).__name__}") from None
    if not data:
        raise InvalidArgument(f"{said} is empty; nothing was written")
    if len(data) > _LONGEST:
        raise InvalidArgument(f"{said} has more than {_LONGEST} bytes, which no file on a card has")
    return data
