"""Files as a saved card has them: a list of tables, bytes as hex text, what is as usual left out."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from akis.emulator.contents import FileEntry, check_room
from akis.emulator.file_tree import FileTree


def files_to_table(entries: tuple[FileEntry, ...]) -> list[dict[str, Any]]:
    """The list for :func:`files_from_table`."""
    return [_table(entry) for entry in entries]


def files_from_table(tables: Any) -> tuple[FileEntry, ...]:
    """The files of a saved card; ValueError, KeyError or TypeError where it is none."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise TypeError("not a list of tables")
    entries = tuple(FileEntry(**{name: _value(name, value) for name, value in table.items()}) for table in tables)
    check_room(entries)
    FileTree(entries, {})  # each in a DF that is there
    return entries


def _table(entry: FileEntry) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for item in fields(FileEntry):
        value = getattr(entry, item.name)
        if item.default is MISSING or value != item.default:
            table[item.name] = _written(value)
    return table


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_written(item) for item in value] if isinstance(value, tuple) else value


def _value(name: str, value: Any) -> Any:
    if name == "content":
        return bytes.fromhex(value)
    if name == "records":
        return tuple(bytes.fromhex(record) for record in value)
    return tuple(value) if isinstance(value, list) else value
