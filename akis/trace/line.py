"""One line of a trace, read: JSON first, then header, exchange or event, with everything in it checked.

What is wrong with a line is a :class:`TraceError` that names the member, and never shows what was in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from akis.errors import InvalidArgument, TraceError
from akis.trace.entries import VERSION, Entry, Event, Exchanged, Failure, Header, Wire

FORMAT = "akis-trace"
LONGEST_TEXT = 1000
"""Characters of a text, such as a reader's name."""
HEADER: Mapping[str, type] = {
    "atr": str,
    "protocol": str,
    "reader": str,
    "profile": str,
    "personality": str,
    "state": str,
    "extended": bool,
    "seed": str,
    "created": str,
    "title": str,
    "source": str,
    "heuristic": bool,
    "secrets": bool,
    "slots": list,
}
"""The members of the first line besides the version, and the kind of each."""
_EXCHANGE = frozenset(("command", "response", "error", "masks", "start", "duration"))
_EVENT = frozenset(("event", "start", "atr"))
_EVENTS = ("reset", "removed", "inserted")
SIDES = ("command", "response")
# What would break a line, or move what a terminal shows: controls, line separators, directions, halves of characters.
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SLOT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\+[a-z0-9]+(?:-[a-z0-9]+)*)?")
_LONGEST_SLOT = 64
_MOST = 1 << 63
# What a stray member may be called and be repeated in an error: a word, and no value that came into its place.
_WORD = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_LONGEST_WORD = 20
NO_TRACE = f'this is no trace: it does not begin with {{"{FORMAT}":{VERSION}'


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Whatever is wrong with a line is said with the name of its file."""
    try:
        yield
    except TraceError as error:
        if error.line is None:
            raise
        raise TraceError(error.message, error.line, str(path)) from None


class _Twice(Exception):
    """A member is there twice, and readers would disagree on which one counts."""


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(members)
    if len(table) < len(members):
        raise _Twice
    return table


def _no_constant(_: str) -> NoReturn:
    raise ValueError  # NaN and Infinity are not JSON (RFC 8259 §6)


_decoded = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


def parse_object(line: bytes, number: int) -> dict[str, Any]:
    """The JSON object that is line ``number``, no member of it twice."""
    try:
        table = _decoded(line.decode("utf-8"))
    except _Twice:
        raise TraceError("a member is there twice", number) from None
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise TraceError("damaged, not a JSON object", number)
    return table


def parse_header(table: dict[str, Any]) -> Header:
    """The header that the first line is; takes ``table`` to pieces."""
    version = table.pop(FORMAT, None)
    if version is None:
        raise TraceError(NO_TRACE, 1)
    if type(version) is not int or version != VERSION:
        raise TraceError(f"a trace of a version that this akis does not know; it knows {VERSION}", 1)
    _check_members(table, HEADER, 1)
    for name, value in table.items():
        _check_kind(name, value, HEADER[name], 1)
        if isinstance(value, str):
            _check_text(name, value, 1)
    slots = table.pop("slots", [])
    for slot in slots:
        _check_slot(slot, 1)
    if "atr" in table:
        table["atr"] = _bytes("atr", table["atr"], 1)
    return Header(**table, slots=tuple(slots))


def parse_entry(table: dict[str, Any], number: int) -> Entry:
    """The exchange or event that line ``number`` is."""
    if "event" in table:
        return _event(table, number)
    _check_members(table, _EXCHANGE, number)
    if "command" not in table or "response" not in table:
        raise TraceError("an exchange has command and response", number)
    masks: dict[str, list[tuple[int, int, str]]] = {side: [] for side in SIDES}
    if "masks" in table:
        _check_kind("masks", table["masks"], list, number)
        for mask in table["masks"]:
            side, place = _mask(mask, number)
            masks[side].append(place)
    failure = _failure(table["error"], number) if "error" in table else None
    answer = table["response"]
    if (answer is None) is not (failure is not None):
        raise TraceError("an exchange has either a response or an error", number)
    if answer is None and masks["response"]:
        raise TraceError("a mask is in a response that is not there", number)
    return Exchanged(
        _wire("command", table["command"], masks["command"], number),
        None if answer is None else _wire("response", answer, masks["response"], number),
        _count(table, "start", number) if "start" in table else None,
        _count(table, "duration", number) if "duration" in table else None,
        failure,
    )


def _event(table: dict[str, Any], number: int) -> Event:
    _check_members(table, _EVENT, number)
    for kind in _EVENTS:
        if table["event"] == kind:
            start = _count(table, "start", number) if "start" in table else None
            atr = _bytes("atr", table["atr"], number) if "atr" in table else None
            return Event(kind, start, atr)  # type: ignore[arg-type]
    raise TraceError(f"an event is {', '.join(_EVENTS)}", number)


def _mask(table: object, number: int) -> tuple[str, tuple[int, int, str]]:
    if not isinstance(table, dict) or set(table) != {"in", "at", "length", "slot"}:
        raise TraceError("a mask has in, at, length and slot", number)
    if table["in"] not in SIDES:
        raise TraceError("a mask is in command or response", number)
    _check_slot(table["slot"], number)
    return table["in"], (_count(table, "at", number), _count(table, "length", number), table["slot"])


def _failure(table: object, number: int) -> Failure:
    if not isinstance(table, dict) or set(table) != {"kind", "message"}:
        raise TraceError("an error has kind and message", number)
    for name, value in table.items():
        _check_kind(name, value, str, number)
        _check_text(name, value, number)
    return Failure(**table)


def _wire(name: str, text: object, masks: list[tuple[int, int, str]], number: int) -> Wire:
    _check_kind(name, text, str, number)
    try:
        return Wire.from_text(str(text), tuple(masks))
    except InvalidArgument as error:
        raise TraceError(f"{name}: {error}", number) from None


def _count(table: Mapping[str, Any], name: str, number: int) -> int:
    value = table[name]
    if type(value) is not int or not 0 <= value < _MOST:
        raise TraceError(f"{name} is a count from 0", number)
    return value


def _bytes(name: str, text: object, number: int) -> bytes:
    _check_kind(name, text, str, number)
    try:
        if text and not str(text).isalnum():  # fromhex takes white space
            raise ValueError
        return bytes.fromhex(str(text))
    except ValueError:
        raise TraceError(f"{name} is bytes in hex", number) from None


def _check_members(table: Mapping[str, Any], known: Collection[str], number: int) -> None:
    stray = next((name for name in table if name not in known), None)
    if stray is not None:
        named = f" {stray!r}" if len(stray) <= _LONGEST_WORD and _WORD.fullmatch(stray) else ""
        raise TraceError(f"there is a member{named} that the format does not have", number)


def _check_kind(name: str, value: object, kind: type, number: int) -> None:
    if not isinstance(value, kind):
        raise TraceError(f"{name} is not of the kind that the format says", number)


def _check_text(name: str, text: str, number: int) -> None:
    if len(text) > LONGEST_TEXT or UNSHOWN.search(text):
        raise TraceError(f"{name} is a text of at most {LONGEST_TEXT} characters, none of them a control", number)


def _check_slot(slot: object, number: int) -> None:
    if not isinstance(slot, str) or len(slot) > _LONGEST_SLOT or not _SLOT.fullmatch(slot):
        raise TraceError("a slot is a name such as pin, wrong-pin-2 or pin+new-pin", number)
