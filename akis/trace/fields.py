"""Fields of bytes, from where they start and end: cut at masks, what is hidden in them shown as ``**``."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from akis.trace.redact import HIDDEN, Mask


class Field(NamedTuple):
    """One field: its name (``P1``, ``DO'87'``), its bytes as text with secrets hidden, and what it says.

    ``slot`` is the name that a mask gives these bytes, ``hidden`` whether they do not show.
    """

    name: str
    text: str
    meaning: str = ""
    slot: str = ""
    hidden: bool = False


class Part(NamedTuple):
    """A field by its place in the bytes; none of them for a template, whose objects follow."""

    name: str
    start: int
    end: int
    meaning: str = ""


def fields(raw: bytes, parts: Sequence[Part], masks: Sequence[Mask]) -> list[Field]:
    """The parts of ``raw`` in their order with their bytes, cut where a mask begins or ends."""
    digits = spaced(raw, masks)
    if masks:
        ends = [mask.start + mask.length for mask in masks]
        return [
            field
            for part in _fitted(parts, masks)
            for field in _pieces(digits, part, _from(masks, bisect_right(ends, part.start)))
        ]
    return [
        Field(name, digits[3 * start : 3 * end - 1] if end > start else "", meaning)
        for name, start, end, meaning in parts
    ]


def spaced(raw: bytes, masks: Sequence[Mask]) -> str:
    """The bytes as spaced hex, hidden ones as ``**``."""
    digits = raw.hex(" ").upper()
    pieces, after = [], 0
    for mask in masks:
        if mask.hidden:
            pieces += [digits[after : 3 * mask.start], " ".join([HIDDEN] * mask.length)]
            after = 3 * (mask.start + mask.length) - 1
    return "".join([*pieces, digits[after:]])


def _fitted(parts: Sequence[Part], masks: Sequence[Mask]) -> Sequence[Part]:
    """The parts; where a mask lies over tags or lengths of data objects, the whole data field as one part."""
    starts = [part.start for part in parts]
    if all(_covered(parts, starts, mask) for mask in masks):
        return parts
    first = next(at for at, part in enumerate(parts) if part.name.startswith("DO'"))
    rest = [part for part in parts[first:] if part.name in ("Le", "SW")]
    end = rest[0].start if rest else max(part.end for part in parts)
    begin = next((part.end for part in parts if part.name == "Lc"), 0)
    return [*parts[:first], Part("data", begin, end), *rest]


def _covered(parts: Sequence[Part], starts: Sequence[int], mask: Mask) -> bool:
    end, reached = mask.start + mask.length, mask.start
    first = max(bisect_right(starts, mask.start) - 1, 0)
    for part in parts[first : bisect_left(starts, end)]:
        if part.start <= reached < part.end:
            reached = part.end
    return reached >= end


def _from(masks: Sequence[Mask], first: int) -> Iterator[Mask]:
    """Those from number ``first`` on, without a copy of all of them for each part."""
    return (masks[at] for at in range(first, len(masks)))


def _pieces(digits: str, part: Part, masks: Iterable[Mask]) -> Iterator[Field]:
    name, start, end, meaning = part
    if start == end:
        yield Field(name, "", meaning)
    for mask in masks:
        begin, after = max(mask.start, start), min(mask.start + mask.length, end)
        if begin >= after:
            break
        if begin > start:
            yield Field(name, digits[3 * start : 3 * begin - 1], meaning)
        text = digits[3 * begin : 3 * after - 1]
        if mask.hidden:
            yield Field(name, text, f"{mask.slot}, hidden", mask.slot, hidden=True)
        else:
            yield Field(name, text, f"{meaning} [{mask.slot}]".lstrip(), mask.slot)
        start = after
    if start < end:
        yield Field(name, digits[3 * start : 3 * end - 1], meaning)
