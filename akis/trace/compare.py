"""Whether what is seen now is what was recorded, and the first field in which it is not."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import CodecError
from akis.profile.model import CardProfile
from akis.trace.annotate import Field, answer_fields, command_fields
from akis.trace.entries import Wire
from akis.trace.redact import command_text
from akis.trace.redactor import CERTIFICATE, SIGNATURE

_NOTHING = Field("", "nothing")
_SHOWN_WHOLE, _SHOWN = 20, 16
_OF_ANY_LENGTH = (CERTIFICATE, SIGNATURE)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first field that differs: its name, and what it says in the recording and now, secrets hidden."""

    field: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"{self.field}: recorded {self.recorded}, now {self.now}"


def command_difference(
    recorded: Wire, now: bytes, profile: CardProfile | None = None, strict: bool = False
) -> Difference | None:
    """Where a command is not the recorded one; hidden bytes may be any, and unless ``strict`` all masked ones."""
    seen = _seen(recorded, now, strict)
    if seen == recorded.raw:
        return None
    try:
        before, after = CommandApdu.from_bytes(recorded.raw), CommandApdu.from_bytes(seen)
    except CodecError:
        return Difference("command", command_text(recorded.raw, profile), command_text(seen, profile))
    fields, others = command_fields(before, profile), command_fields(after, profile)
    if recorded.hides and len(seen) != len(recorded.raw):
        fields, others = _lengths(fields[:4], recorded.raw), _lengths(others[:4], seen)
    return _first(fields, others, "command")


def answer_difference(
    command: Wire, recorded: Wire, now: bytes, profile: CardProfile | None = None, strict: bool = False
) -> Difference | None:
    """Where the answer to ``command`` is not the recorded one; the status word comes first, and never just varies."""
    ended = now[-2:]
    now = _seen(recorded, now, strict)
    if not any(mask.hidden and mask.start + mask.length > len(now) - 2 for mask in recorded.masks):
        now = now[:-2] + ended
    if now == recorded.raw:
        return None
    try:
        asked = CommandApdu.from_bytes(command.raw)
        before, after = ResponseApdu.from_bytes(recorded.raw), ResponseApdu.from_bytes(now)
    except CodecError:
        return Difference("answer", _count(recorded.raw), _count(now))
    if before.sw == after.sw and not strict and _any_length(recorded, len(before.data)):
        return None
    fields, seen = answer_fields(before, asked, profile), answer_fields(after, asked, profile)
    if recorded.hides and len(now) != len(recorded.raw):
        return _first(_lengths(fields[-1:], recorded.raw), _lengths(seen[-1:], now), "answer")
    return _first([fields[-1], *fields[:-1]], [seen[-1], *seen[:-1]], "answer")


def _seen(recorded: Wire, now: bytes, strict: bool) -> bytes:
    """``now`` with the bytes of ``recorded`` wherever any would do; as it is where the lengths differ."""
    if not recorded.masks or len(recorded.raw) != len(now):
        return now
    seen = bytearray(now)
    for mask in recorded.masks:
        if mask.hidden or not strict:
            end = mask.start + mask.length
            seen[mask.start : end] = recorded.raw[mask.start : end]
    return bytes(seen)


def _lengths(fields: list[Field], raw: bytes) -> list[Field]:
    """Some fields and the length in the place of the others: what was hidden there might be in sight elsewhere now."""
    return [*fields, Field("length", f"{len(raw)} bytes")]


def _any_length(recorded: Wire, size: int) -> bool:
    return any(mask.slot in _OF_ANY_LENGTH and (mask.start, mask.length) == (0, size) for mask in recorded.masks)


def _first(before: list[Field], after: list[Field], what: str) -> Difference:
    for number in range(max(len(before), len(after))):
        one = before[number] if number < len(before) else _NOTHING
        other = after[number] if number < len(after) else _NOTHING
        if (one.name, one.text) != (other.name, other.text):
            same_name = one.name == other.name
            at = _where(one.text, other.text)
            said = (_said(field, not same_name, at) for field in (one, other))
            return Difference((one.name or other.name).strip(), *said)
    return Difference(f"hidden bytes of the {what}", "one value", "another")


def _where(one: str, other: str) -> int:
    """The first byte in which two texts of hex differ."""
    pairs = zip(one.split(" "), other.split(" "), strict=False)
    return next((at for at, (before, after) in enumerate(pairs) if before != after), 0)


def _said(field: Field, with_name: bool, at: int) -> str:
    name = f"{field.name.strip()} " if with_name and field.name else ""
    text = field.text.replace(" ", "") if field.name == "SW" else _shortened(field.text, at)
    return f"{name}{text}" + (f" ({field.meaning})" if field.meaning else "")


def _shortened(text: str, at: int) -> str:
    """Some bytes of a long text, those around byte ``at`` among them."""
    digits = text.split(" ")
    if len(digits) <= _SHOWN_WHOLE:
        return text
    begin = 0 if at < _SHOWN else at - at % _SHOWN
    shown = digits[begin : begin + _SHOWN]
    before = f"byte {begin} on: " if begin else ""
    return f"{before}{' '.join(shown)}{' …' if begin + _SHOWN < len(digits) else ''} ({len(digits)} bytes)"


def _count(raw: bytes) -> str:
    return f"{len(raw)} bytes that are no answer" if len(raw) < 2 else raw[-2:].hex().upper()
