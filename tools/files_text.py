"""What lists of files and their contents look like, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from akis.codec.fci import FileControl
from akis.codec.file_path import FilePath, path_text
from akis.codec.historical import LifeCycle
from akis.codec.pin_flags import PinFlags
from akis.conversation.list_files import ListedFile

_HEADINGS = ("File", "Name", "Kind", "Size", "Read", "Update", "State")
_ROW = 16


def table(listed: Sequence[ListedFile], flags: bool) -> Iterator[str]:
    """A line a file, under headings; a sentence where there is none.

    ``flags``, here and below: tag 90 is that of AKİS 1.0, and not something that another card has there.
    """
    if not listed:
        yield "There are no files here."
        return
    rows = [_HEADINGS, *(_row(file, flags) for file in listed)]
    shown = [at for at in range(len(_HEADINGS)) if any(row[at] for row in rows[1:])]
    widths = {at: max(len(row[at]) for row in rows) for at in shown}
    for row in rows:
        yield "  ".join(row[at].ljust(widths[at]) for at in shown).rstrip()


def tree(listed: Sequence[ListedFile], flags: bool) -> Iterator[str]:
    """A line a file, below and to the right of the DF it is in."""
    by_parent: dict[FilePath, list[ListedFile]] = {}
    paths = {file.path for file in listed}
    for file in listed:
        if file.path[:-1] in paths and file.path:
            by_parent.setdefault(file.path[:-1], []).append(file)
        else:
            by_parent.setdefault((-1,), []).append(file)  # where the tree starts
    for root in by_parent.get((-1,), []):
        yield _line(root, path_text(root.path), flags)
        yield from _below(root.path, by_parent, "", flags)


def _below(path: FilePath, by_parent: dict[FilePath, list[ListedFile]], indent: str, flags: bool) -> Iterator[str]:
    files = by_parent.get(path, [])
    for file in files:
        last = file is files[-1]
        yield f"{indent}{'└─' if last else '├─'} {_line(file, f'{file.path[-1]:04X}', flags)}"
        yield from _below(file.path, by_parent, indent + ("   " if last else "│  "), flags)


def as_json(file: ListedFile, flags: bool) -> dict[str, Any]:
    """One file; null where the card does not say."""
    control = file.control or FileControl()
    access = control.access
    return {
        "path": path_text(file.path),
        "name": file.name or None,
        "kind": control.structure,
        "size": control.size,
        "record_length": control.record_length,
        "records": control.records,
        "read": None if access is None else access.read,
        "update": None if access is None else access.update,
        "flags": list(PinFlags(control.flags).names) if flags and control.flags is not None else None,
        "life_cycle": None if control.life_cycle is None else LifeCycle.of(control.life_cycle).value,
        "df_name": None if control.name is None else control.name.hex().upper(),
        "refused": None if file.sw is None else str(file.sw),
    }


def dump(content: bytes) -> Iterator[str]:
    """Sixteen bytes a line: where they are, in hex, as ASCII."""
    for start in range(0, len(content), _ROW):
        row = content[start : start + _ROW]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:06X}  {row[:8].hex(' ').upper():23}  {row[8:].hex(' ').upper():23}  {text}"


def dumped(pieces: Sequence[bytes]) -> Iterator[str]:
    """The content of a file as hex dumps, each of several records with its number."""
    for number, piece in enumerate(pieces, 1):
        if len(pieces) > 1:
            yield f"record {number}, {len(piece)} bytes"
        yield from dump(piece) if piece else ("(empty)",)


def _row(file: ListedFile, flags: bool) -> tuple[str, ...]:
    control = file.control
    if control is None:
        return path_text(file.path), _name(file), _unknown(file), "", "", "", ""
    access = control.access
    return (
        path_text(file.path),
        _name(file),
        control.structure or "unknown",
        _size(control),
        "" if access is None else access.read,
        "" if access is None else access.update,
        _state(control, flags),
    )


def _line(file: ListedFile, fid: str, flags: bool) -> str:
    control = file.control
    said = [f"{fid} {_name(file)}".rstrip()]
    if control is None:
        return f"{said[0]}: {_unknown(file)}"
    if not control.is_df:
        said.append(control.structure or "unknown kind")
        said.append(f"{_size(control)} bytes" if _size(control) else "")
        if control.access is not None:
            said.append(f"read {control.access.read}, update {control.access.update}")
    said.append(_state(control, flags))
    return ", ".join(filter(None, said))


def _name(file: ListedFile) -> str:
    """What it is called; what would steer a terminal, and came from the card, is written out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in file.name)


def _unknown(file: ListedFile) -> str:
    return "answers something unreadable" if file.sw is None else f"refused, {file.sw}"


def _size(control: FileControl) -> str:
    """Bytes, or records times bytes."""
    if control.record_length is not None:
        most = "up to " if control.structure == "linear-variable" else ""
        return f"{'?' if control.records is None else control.records} × {most}{control.record_length}"
    return "" if control.size is None else str(control.size)


def _state(control: FileControl, flags: bool) -> str:
    """The life cycle in a word or two, and what AKİS 1.0 flags."""
    said = [] if control.life_cycle is None else [LifeCycle.of(control.life_cycle).value.removeprefix("operational, ")]
    said += PinFlags(control.flags).names if flags and control.flags is not None else ()
    return ", ".join(said)
