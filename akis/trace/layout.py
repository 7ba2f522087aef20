"""Bytes and fields in columns, from 40 of them on. Where there is little room, what a field says stands beneath it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from akis.trace.fields import Field
from akis.trace.say import wrapped

NARROWEST = 40
_INDENT, _NAME, _BYTES = 8, 13, 24
_LITTLE_INDENT = 4
_LEAST_MEANING = 19
_SHOWN_WHOLE, _SHOWN_BEGINNING = 8, 3


def byte_rows(arrow: str, digits: str, width: int) -> list[str]:
    """Spaced hex in rows behind ``arrow``; those after the first stand beneath it."""
    size = 3 * ((width - 5) // 3)
    if len(digits) < size:
        return [f"   {arrow} {digits}"]
    rows = [f"   {arrow} {digits[:size].rstrip()}"]
    rows += [f"     {digits[at : at + size].rstrip()}" for at in range(size, len(digits), size)]
    return rows


def field_rows(fields: Iterable[Field], width: int) -> Iterator[str]:
    """A field each: its name, its bytes, and what they say in as many lines as it takes."""
    for name, text, meaning, _, _ in fields:
        # Short fields, such as those of headers, come up again and again.
        yield _row(name, text, meaning, width) if len(text) < 6 else _made_row(name, text, meaning, width)


def is_narrow(width: int) -> bool:
    """Whether there is no room for what fields say beside their bytes."""
    return width < _INDENT + _NAME + _BYTES + _LEAST_MEANING


def _made_row(name: str, text: str, meaning: str, width: int) -> str:
    shown = text if len(text) < 3 * _SHOWN_WHOLE else _shortened(text)
    if is_narrow(width):
        return _narrow_row(name, shown, meaning, width)
    if not meaning:
        return f"        {name:<12} {shown}".rstrip()
    place = _INDENT + _NAME + _BYTES
    if len(meaning) > width - place or not meaning.isprintable():
        meaning = wrapped(meaning, width - place, place)
    return f"        {name:<12} {shown:<23} {meaning}"


def _narrow_row(name: str, shown: str, meaning: str, width: int) -> str:
    row = f"{'':{_LITTLE_INDENT}}{name:<12} {shown}".rstrip()
    if len(row) > width:
        row = f"{'':{_LITTLE_INDENT}}{name}\n{'':{_LITTLE_INDENT + _NAME}}{shown}"
    place = 2 * _LITTLE_INDENT
    return f"{row}\n{'':{place}}{wrapped(meaning, width - place, place)}" if meaning else row


_row = lru_cache(8192)(_made_row)


def _shortened(text: str) -> str:
    """The beginning of a long field: all its bytes stand in the rows above."""
    return f"{text[: 3 * _SHOWN_BEGINNING - 1]} … {(len(text) + 1) // 3} bytes"
