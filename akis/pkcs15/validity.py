"""From when to when a certificate is valid, and what that means today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from akis.codec.tlv import Tlv
from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.parts import GENERALIZED_TIME, SEQUENCE, UTC_TIME, one

ValidityState = Literal["valid", "expired", "not yet valid", "unknown"]
# RFC 5280 §4.1.2.5: this time stands for "no end is known".
NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_MOMENT = "less than a minute"
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last moment of validity, both included (RFC 5280 §4.1.2.5), in UTC; None where it cannot be read."""

    begins: datetime | None
    ends: datetime | None

    def state(self, now: datetime) -> ValidityState:
        """What holds at ``now``, which knows its time zone."""
        if now.tzinfo is None:
            raise InvalidArgument("now is a time with its time zone")
        if self.ends is not None and now > self.ends:
            return "expired"
        if self.begins is not None and now < self.begins:
            return "not yet valid"
        return "unknown" if self.begins is None or self.ends is None else "valid"

    def in_words(self, now: datetime) -> str:
        """For people: ``valid for another 11 months``, ``expired 3 days ago``, ``not valid yet, begins in 2 days``."""
        state = self.state(now)
        if state == "expired" and self.ends is not None:
            return f"expired {_span(self.ends, now)} ago"
        if state == "not yet valid" and self.begins is not None:
            return f"not valid yet, begins in {_span(now, self.begins)}"
        if self.ends is not None:
            span = _span(now, self.ends)
            left = "without end" if self.ends == NO_END else f"for {'' if span == _MOMENT else 'another '}{span}"
            return f"valid {left}" if state == "valid" else f"not known from when, would be valid {left}"
        return "not known until when it is valid"


def read_validity(raw: bytes) -> tuple[Validity, tuple[str, ...]]:
    """The Validity that is the whole of ``raw``, and what is wrong in it, each as a sentence.

    Raises :class:`CodecError` where it has not two fields.
    """
    fields = one(raw, SEQUENCE, "the validity").children
    if len(fields) != 2:
        raise CodecError("the validity has not two times")
    times, problems = [], []
    for name, item in zip(("begins", "ends"), fields, strict=True):
        time, problem = _time(item)
        times.append(time)
        if problem:
            problems.append(f"the time when it {name} {problem}")
    begins, ends = times
    if begins is not None and ends is not None and ends < begins:
        problems.append("its validity ends before it begins")
    return Validity(begins, ends), tuple(problems)


def _time(item: Tlv) -> tuple[datetime | None, str]:
    """A time in UTC, and what is odd about it. RFC 5280 §4.1.2.5 wants seconds and Z; X.509 allows more."""
    if item.tag not in (UTC_TIME, GENERALIZED_TIME):
        return None, "is not a time"
    try:
        text = item.value.decode("ascii")
        if item.tag == UTC_TIME:
            # RFC 5280 §4.1.2.5.1: 50 to 99 are of the twentieth century.
            text = ("19" if text[:2] >= "50" else "20") + text
        return _moment(text)
    except (ValueError, OverflowError):
        return None, "cannot be read"


def _moment(text: str) -> tuple[datetime | None, str]:
    digits = text.rstrip("Z")
    zone = timedelta()
    odd = "" if text.endswith("Z") else "has no time zone, taken for UTC"
    for sign, factor in (("+", -1), ("-", 1)):
        if sign in digits:
            digits, _, offset = digits.partition(sign)
            if len(offset) != 4 or not offset.isdigit():
                raise ValueError
            zone = factor * timedelta(hours=int(offset[:2]), minutes=int(offset[2:]))
            odd = "is not written in UTC"
    digits, _, fraction = digits.partition(".")
    if not digits.isdigit() or (fraction and not fraction.isdigit()) or len(digits) not in (12, 14):
        raise ValueError
    if len(digits) == 12:
        odd = odd or "has no seconds"
    numbers = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits), 2))]
    moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]
    return moment + zone, odd


def _span(start: datetime, end: datetime) -> str:
    """How long it is, in the largest unit of which there are two or more, rounded down."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if (end.day, end.timetz()) < (start.day, start.astimezone(end.tzinfo).timetz()):
        months -= 1
    length = end - start
    for count, unit in (
        (months // 12, "years"),
        (months, "months"),
        (length // _DAY, "days"),
        (length // _HOUR, "hours"),
        (length // _MINUTE, "minutes"),
    ):
        if count >= 2:
            return f"{count} {unit}"
    return "1 minute" if length >= _MINUTE else _MOMENT
