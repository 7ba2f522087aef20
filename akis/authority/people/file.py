"""Files of holders, cards and certificates: CSV with a heading, or JSON with a list of objects, both with these fields.

==================  =================================================================================================
``name``            what the holder signs in with
``full_name``       what the holder is called
``phone``           with the country: +90 532 000 00 42
``second_factor``   ``sms`` or ``password``
``password``        the web password, of which only an argon2id hash is kept; or
``password_hash``   that hash, ``$argon2id$…``
``serial``          the card's serial number, 24 digits in hex
``card_label``      what the card is called
``profile``         a profile of the library, with secure messaging
``key_reference``   the issuer's key on the card, one byte in hex
``algorithm``       its algorithm of device authentication, one byte in hex (``8C``)
``certificate``     a file, PEM or DER, beside this one or by its whole path; or PEM itself; in JSON also a list
==================  =================================================================================================

``name`` is always there; what is empty is not given. One entry has at most one card: a holder with two has two entries,
as has a card with two certificates in CSV, and what they say twice they say alike. CSV is UTF-8, with commas or
semicolons.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from akis.errors import InvalidArgument

FIELDS = (
    "name",
    "full_name",
    "phone",
    "second_factor",
    "password",
    "password_hash",
    "serial",
    "card_label",
    "profile",
    "key_reference",
    "algorithm",
    "certificate",
)
NOTHING = "; nothing was imported"
"""How every sentence about a file ends."""
SHOWN = 20
"""Mistakes that are told of one file."""
_LARGEST = 0x4000000


class PeopleError(InvalidArgument):
    """Holders or cards cannot be what somebody wants them to be; the message names file, entry and field.

    Where there are several mistakes it has a line for each. It never repeats a password.
    """


class Problems:
    """What is wrong with a file, collected, so that all of it can be told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    @property
    def none(self) -> bool:
        """Whether nothing was found."""
        return not self._found

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is wrong inside is kept, and whoever asked goes on behind it."""
        try:
            yield
        except PeopleError as error:
            self._found.append(str(error).removesuffix(NOTHING))

    def refuse(self) -> None:
        """:class:`PeopleError` where anything was found: one sentence, or a line for each of the first so many."""
        if len(self._found) == 1:
            raise PeopleError(self._found[0] + NOTHING)
        if self._found:
            left = len(self._found) - SHOWN
            lines = [*self._found[:SHOWN], *([f"and {left} more"] if left > 0 else [])]
            shown = "".join(f"\n  {line}" for line in lines)
            raise PeopleError(f"there are {len(self._found)} mistakes, so nothing was imported:{shown}")


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One entry as it was written: ``where`` it stands, its fields that are not empty, its certificates.

    ``folder`` is where files are looked for.
    """

    where: str
    folder: Path
    fields: Mapping[str, str]
    certificates: tuple[str, ...]


def read_entries(path: Path, form: Literal["csv", "json"] | None, problems: Problems) -> Iterator[Entry]:
    """All entries of a file of this ``form``, by default JSON where its name ends in .json and CSV elsewhere.

    :class:`PeopleError` where it cannot be read as one, or holds nobody; what is wrong with single entries is noted in
    ``problems``, and they are left out.
    """
    text = _text(path)
    is_json = path.suffix.lower() == ".json" if form is None else form == "json"
    empty = True
    for entry in (_json_entries if is_json else _csv_entries)(text, path, problems):
        empty = False
        yield entry
    if empty and problems.none:
        raise PeopleError(f"{path} holds nobody{NOTHING}")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise PeopleError(f"{path}: larger than {_LARGEST} bytes; split it{NOTHING}")
        return raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise PeopleError(f"{path}: cannot be read ({why}){NOTHING}") from None


def _csv_entries(text: str, path: Path, problems: Problems) -> Iterator[Entry]:
    heading = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is that of decimals.
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(rows, [])]
        _check_names(names, f"{path}, line 1")
        for row in rows:
            where = f"{path}, line {rows.line_num}"
            if len(row) > len(names):
                with problems.noted():
                    raise PeopleError(f"{where}: more cells than the heading has{NOTHING}")
            elif any(cell.strip() for cell in row):
                fields = {name: _stripped(name, cell) for name, cell in zip(names, row, strict=False)}
                certificate = fields.pop("certificate", "")
                yield _entry(where, path, fields, [certificate])
    except csv.Error as error:
        # Where the next row begins nobody knows.
        with problems.noted():
            raise PeopleError(f"{path}, line {rows.line_num}: not CSV ({error}){NOTHING}") from None


def _json_entries(text: str, path: Path, problems: Problems) -> Iterator[Entry]:
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise PeopleError(f"{path}, line {error.lineno}: not JSON ({error.msg}){NOTHING}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists in lists in lists
        raise PeopleError(f"{path}: not JSON{NOTHING}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PeopleError(f"{path}: a list of objects is wanted{NOTHING}")
    for number, entry in enumerate(entries, 1):
        where = f"{path}, entry {number}"
        with problems.noted():
            _check_names(list(entry), where)
            certificates = entry.pop("certificate", None)
            listed = certificates if isinstance(certificates, list) else [certificates]
            fields = {name: _json_text(value, name, where) for name, value in entry.items()}
            yield _entry(where, path, fields, [_json_text(value, "certificate", where) for value in listed])


def _json_text(value: Any, name: str, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PeopleError(f"{where}, {name}: text in quotes is wanted{NOTHING}")
    return _stripped(name, value)


def _stripped(name: str, text: str) -> str:
    """Spaces around a value are no part of it, except of a password."""
    return text if name == "password" else text.strip()


def _check_names(names: list[str], where: str) -> None:
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        close = get_close_matches(unknown[0][:40], FIELDS, 1)
        meant = f"did you mean {close[0]}? " if close else ""
        named = ", ".join(repr(name[:40]) for name in unknown[:SHOWN])
        are = "is no field" if len(unknown) == 1 else "are no fields"
        raise PeopleError(f"{where}: {named} {are}; {meant}there are {', '.join(FIELDS)}{NOTHING}")
    if len(set(names)) < len(names):
        raise PeopleError(f"{where}: a field is there twice{NOTHING}")
    if "name" not in names:
        raise PeopleError(f"{where}: the field name is missing{NOTHING}")


def _entry(where: str, path: Path, fields: Mapping[str, str], certificates: list[str]) -> Entry:
    given = {name: value for name, value in fields.items() if value}
    return Entry(where, path.parent, given, tuple(text for text in certificates if text))
