"""Two sessions side by side by what they mean: other commands, other answers, what only one of them has.

Bytes that a slot names differ from session to session and are no difference, unless they are compared *strictly*;
hidden ones never are. So it is with cryptograms and checksums, whose keys each session makes anew: of protected
exchanges headers, status words and the kinds of their data objects are compared. Times are not compared.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from akis.codec import tlv
from akis.errors import CodecError
from akis.profile.model import CardProfile
from akis.trace.align import aligned
from akis.trace.compare import Difference
from akis.trace.entries import Event, Header, Trace, Wire
from akis.trace.fields import Field, spaced
from akis.trace.follow import Follower, Step, profile_of
from akis.trace.redact import Mask
from akis.trace.redactor import Redactor
from akis.trace.say import event as event_text
from akis.trace.say import failure, printable

_OF_THE_SESSION = frozenset(("DO'85'", "DO'87'", "DO'8E'"))
_HEADER = ("atr", "protocol", "profile", "personality")
_OF_EMULATED = ("state", "extended")
_SHOWN_WHOLE, _SHOWN_BEGINNING = 20, 16


@dataclass(frozen=True, slots=True)
class Side:
    """An entry of one of the sessions; ``number`` counts exchanges from 1, and is that of the last one for an event."""

    number: int
    entry: Step | Event

    @property
    def title(self) -> str:
        """What it is."""
        return event_text(self.entry) if isinstance(self.entry, Event) else self.entry.title


@dataclass(frozen=True, slots=True)
class Compared:
    """Two entries that belong together and what differs in them, or one without a counterpart."""

    first: Side | None
    second: Side | None
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        """Whether there is nothing to tell."""
        return self.first is not None and self.second is not None and not self.differences


def header_differences(first: Header, second: Header) -> tuple[Difference, ...]:
    """Where the sessions were with different cards, or with cards in different states.

    What only one of them says is no difference: most formats have no place for all of it.
    """
    found = []
    emulated = first.personality is not None and second.personality is not None
    for name in (*_HEADER, *_OF_EMULATED) if emulated else _HEADER:
        one, other = getattr(first, name), getattr(second, name)
        if one is not None and other is not None and one != other:
            found.append(Difference(name.replace("atr", "ATR"), _value(one), _value(other)))
    return tuple(found)


def compared(first: Trace, second: Trace, strict: bool = False) -> Iterator[Compared]:
    """All entries of both in order; raises :class:`TraceError` where one is damaged."""
    profile = profile_of(first.header)

    def meaning(side: Side) -> Hashable:
        return _meaning(side.entry, strict)

    for one, other in aligned(_sides(first), _sides(second), meaning, _kind):
        if one is None or other is None:
            yield Compared(one, other)
        else:
            yield Compared(one, other, tuple(_differences(one.entry, other.entry, profile, strict)))


def _sides(trace: Trace) -> Iterator[Side]:
    """The entries, their slots named and their secrets hidden even where the trace has kept them."""
    follower, redactor = Follower(), Redactor(profile_of(trace.header))
    for entry in trace.entries():
        if isinstance(entry, Event):
            follower.event(entry)
            yield Side(follower.number, entry)
        else:
            step = follower.exchange(redactor.again(entry))
            yield Side(step.number, step)


def _kind(side: Side) -> Hashable:
    entry = side.entry
    if isinstance(entry, Event):
        return entry.kind
    return None if entry.command is None else (entry.command.ins, entry.protected)


def _meaning(entry: Step | Event, strict: bool) -> Hashable:
    """Equal for commands that say the same."""
    if isinstance(entry, Event):
        return entry.kind
    wire, command = entry.seen.command, entry.command
    masks = [mask for mask in wire.masks if mask.hidden or not strict]
    if command is None or (strict and not masks):
        return wire.raw
    if entry.protected and not strict:
        return command.header, _skeleton(command.data)
    if not masks:
        return wire.raw
    # Without Lc, which counts the masked bytes.
    pieces, at = [], len(wire.raw) - len(command.data) - (0 if command.ne is None else 2 if command.extended else 1)
    for mask in masks:
        pieces.append(wire.raw[at : mask.start])
        at = max(at, mask.start + mask.length)
    return command.header, tuple(pieces), wire.raw[at:]


def _skeleton(data: bytes) -> Hashable:
    """Tags of secure-messaging objects, and Ne, which is not enciphered."""
    try:
        return tuple((item.tag, item.value if item.tag == 0x97 else b"") for item in tlv.parse(data, minimal=False))
    except CodecError:
        return len(data)


def _differences(one: Step | Event, other: Step | Event, profile: CardProfile, strict: bool) -> Iterator[Difference]:
    if isinstance(one, Event) or isinstance(other, Event):
        if isinstance(one, Event) and isinstance(other, Event) and one.atr != other.atr:
            yield Difference("ATR", _value(one.atr), _value(other.atr))
        return
    one, other = _masked_alike(one, other)
    if one.seen.command.raw != other.seen.command.raw:
        yield from _of_fields("command", one.command_fields(profile), other.command_fields(profile), strict)
    answer, another = one.seen.answer, other.seen.answer
    if _end(one) != _end(other):
        yield Difference("answer", _answer(one, profile), _answer(other, profile))
    elif answer is not None and another is not None and answer.raw != another.raw:
        before, now = one.answer_fields(profile), other.answer_fields(profile)
        # The status word first: it says most.
        yield from _of_fields("answer", [before[-1], *before[:-1]], [now[-1], *now[:-1]], strict)


def _masked_alike(one: Step, other: Step) -> tuple[Step, Step]:
    """Both with the masks of both, so that bytes marked in one of the sessions only are no difference."""
    if one.seen.command.masks == other.seen.command.masks and one.seen.answer == other.seen.answer:
        return one, other
    commands = _shared_masks(one.seen.command, other.seen.command)
    answers = (one.seen.answer, other.seen.answer)
    if answers[0] is not None and answers[1] is not None:
        answers = _shared_masks(answers[0], answers[1])
    first, second = (
        replace(step, seen=replace(step.seen, command=command, answer=answer))
        for step, command, answer in zip((one, other), commands, answers, strict=True)
    )
    return first, second


def _shared_masks(one: Wire, other: Wire) -> tuple[Wire, Wire]:
    if one.masks == other.masks or len(one.raw) != len(other.raw):
        return one, other
    labels: list[tuple[bool, str] | None] = [None] * len(one.raw)
    # What one of them hides is hidden in both.
    for mask in sorted((*other.masks, *one.masks), key=lambda mask: mask.hidden):
        labels[mask.start : mask.start + mask.length] = [(mask.hidden, mask.slot)] * mask.length
    masks, at = [], 0
    for label, run in groupby(labels):
        length = len(list(run))
        if label is not None:
            masks.append(Mask(at, length, label[1], label[0]))
        at += length
    return Wire(one.raw, tuple(masks)), Wire(other.raw, tuple(masks))


def _of_fields(side: str, one: list[Field], other: list[Field], strict: bool) -> Iterator[Difference]:
    names, others = [field.name for field in one], [field.name for field in other]
    counts = strict or not any(field.slot or field.name in _OF_THE_SESSION for field in (*one, *other))
    if names == others:
        pairs = [*zip(one, other, strict=True)]
    else:
        pairs = []
        for _, start, end, begin, after in SequenceMatcher(None, names, others, autojunk=False).get_opcodes():
            pairs += zip_longest(one[start:end], other[begin:after])
    for before, now in pairs:
        if before is None or now is None or before.name != now.name:
            yield Difference(f"{side} {(before or now).name.strip()}", _said(before, True), _said(now, True))
        elif before.text != now.text and not _may_differ(before, now, strict) and (counts or before.name != "Lc"):
            yield Difference(f"{side} {before.name.strip()}", _said(before), _said(now))


def _may_differ(before: Field, now: Field, strict: bool) -> bool:
    if before.hidden or now.hidden:
        return not strict or len(before.text) == len(now.text)
    return not strict and (bool(before.slot and now.slot) or before.name in _OF_THE_SESSION)


def _end(step: Step) -> str:
    """How it ended, for exchanges without an answer."""
    return step.seen.failure.kind if step.seen.failure is not None else ""


def _answer(step: Step, profile: CardProfile) -> str:
    if step.seen.failure is not None:
        return failure(step.seen.failure)
    return _said(step.answer_fields(profile)[-1])


def _said(field: Field | None, with_name: bool = False) -> str:
    if field is None:
        return "nothing"
    text = field.text if len(field.text) < 3 * _SHOWN_WHOLE else f"{field.text[: 3 * _SHOWN_BEGINNING - 1]} …"
    size = (len(field.text) + 1) // 3
    count = f" ({size} bytes)" if size > _SHOWN_WHOLE else ""
    name = f"{field.name.strip()} " if with_name else ""
    return printable(f"{name}{text}{count}" + (f" ({field.meaning})" if field.meaning else "")).strip()


def _value(value: object) -> str:
    if value is None or value == "" or value is False:
        return "none"
    return spaced(value, ()) if isinstance(value, bytes) else printable(str(value)) if value is not True else "yes"
