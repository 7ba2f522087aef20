"""An earlier report of a card, and in which words the card differs from it now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from akis.errors import InvalidArgument
from akis.report.as_json import COMMAND, SCHEMA
from akis.trace.say import span

FACTOR, LEAST = 2, 20_000
"""A command takes another time where its medians are this many times each other, and so many microseconds apart."""
_LONGEST = 1 << 26
_IDENTITY = {
    "atr": "the ATR",
    "version": "the version",
    "profile": "the profile",
    "application": "the application",
    "life_cycle": "the life cycle",
    "serial": "the serial number",
    "pin_flags": "the flags of the PIN",
}
_OF_FILES = ("name", "kind", "size", "record_length", "records", "read", "update", "flags", "life_cycle", "refused")
_OF_CERTIFICATES = (
    *("label", "holder", "issuer", "serial", "begins", "ends", "validity", "key", "signed_with", "key_usage"),
    *("qualified", "problems"),
)
_PERSONAL = ("label", "holder", "serial", "name")
"""What a redacted report leaves out, in part at least: of such a one it is no difference."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a report says, each thing by its name."""

    made: str
    redacted: bool
    identity: Row
    counters: Mapping[str, Row]
    files: Mapping[str, Row]
    certificates: Mapping[str, Row]
    checks: Mapping[str, Row]
    times: Mapping[str, int]

    @classmethod
    def of(cls, report: Row) -> Remembered:
        """From the values of a report; :class:`InvalidArgument` where they are no report."""
        try:
            if (report["schema"], report["command"]) != (SCHEMA, COMMAND):
                raise ValueError
            certificates = report["certificates"]["listed"]
            return cls(
                made=_text(report["made"]),
                redacted=bool(report["redacted"]),
                identity=_fields(report["identity"], _IDENTITY),
                counters={row["name"]: _fields(row, ("left", "most")) for row in report["counters"]},
                files={row["path"]: _fields(row, _OF_FILES) for row in report["files"]["listed"]},
                certificates={
                    _place(certificates, at): _fields(row, _OF_CERTIFICATES) for at, row in enumerate(certificates)
                },
                checks={row["name"]: _fields(row, ("title", "verdict")) for row in report["checks"]},
                times={row["name"]: int(row["median"]) for row in report["times"]},
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        raise InvalidArgument("it is no report of this version of akis, as --json or --out FILE.json gives it")


def read_baseline(path: Path) -> Remembered:
    """The report in a JSON file; :class:`InvalidArgument` says why there is none."""
    try:
        with path.open("rb") as stream:
            report = json.loads(stream.read(_LONGEST))
        return Remembered.of(report)
    except InvalidArgument as error:
        raise InvalidArgument(f"the baseline {path} cannot be used: {error}") from None
    except OSError as error:
        raise InvalidArgument(f"the baseline {path} cannot be read: {error.strerror or 'no such file'}") from None
    except (ValueError, RecursionError):
        raise InvalidArgument(f"the baseline {path} cannot be used: it is not JSON") from None


def differences(before: Remembered, now: Remembered) -> tuple[str, ...]:
    """What is otherwise, a sentence each, without a full stop; checks and times that only one of them has are none."""
    hidden = before.redacted or now.redacted
    return tuple(_differences(before, now, hidden))


def with_baseline(report: Row, before: Remembered) -> dict[str, Any]:
    """The report with what differs from an earlier one."""
    found = differences(before, Remembered.of(report))
    return {**report, "baseline": {"made": before.made, "differences": list(found)}}


def _differences(before: Remembered, now: Remembered, hidden: bool) -> Iterator[str]:
    for name, words in _IDENTITY.items():
        if before.identity[name] != now.identity[name] and not (hidden and name in _PERSONAL):
            yield f"{words} is {_said(now.identity[name])}, and was {_said(before.identity[name])}"
    for name in _both(before.counters, now.counters):
        was, left = before.counters[name]["left"], now.counters[name]["left"]
        if was != left:
            yield f"the {name} has {_tries(left)} left, and had {_tries(was)}"
        most, had = now.counters[name]["most"], before.counters[name]["most"]
        # Where the card does not say it any more, the line above does.
        if None not in (most, had) and most != had:
            yield f"the {name} has {_tries(most)} in all, and had {had}"
    yield from _of_rows(before.files, now.files, lambda name: f"the file {name}", hidden)
    yield from _of_rows(before.certificates, now.certificates, lambda name: f"the certificate {name}", hidden)
    for name in _both(before.checks, now.checks):
        was, verdict = before.checks[name]["verdict"], now.checks[name]["verdict"]
        if was != verdict:
            yield f'the verdict on "{now.checks[name]["title"]}" is {verdict}, and was {was}'
    for name in _both(before.times, now.times):
        took, takes = before.times[name], now.times[name]
        if abs(takes - took) >= LEAST and max(takes, took) >= FACTOR * min(takes, took):
            yield f"{name} takes {span(takes)} at the median, and took {span(took)}"


def _of_rows(
    before: Mapping[str, Row], now: Mapping[str, Row], words: Callable[[str], str], hidden: bool
) -> Iterator[str]:
    for name in before:
        if name not in now:
            yield f"{words(name)} is gone"
    for name, row in now.items():
        if name not in before:
            yield f"{words(name)} is new"
            continue
        otherwise = [
            f"{field.replace('_', ' ')} {_said(value)}, was {_said(before[name][field])}"
            for field, value in row.items()
            if value != before[name][field] and not (hidden and field in _PERSONAL)
        ]
        if otherwise:
            yield f"{words(name)}: {'; '.join(otherwise)}"


def _both(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in now if name in before]


def _fields(row: Row, names: Any) -> Row:
    return {name: row[name] for name in names}


def _place(certificates: list[Row], at: int) -> str:
    """What a certificate is called: where it is, and its number where it has no place of its own."""
    place = certificates[at]["place"]
    return _text(place) if place is not None else f"number {at + 1} in the card's list"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _tries(left: object) -> str:
    if left is None:
        return "an unknown number of tries"
    return f"{left} {'try' if left == 1 else 'tries'}"


def _said(value: object) -> str:
    if value is None:
        return "not said"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
