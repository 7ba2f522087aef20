"""``akis doctor``: why a card can or cannot be reached from here, on one screen to paste into a ticket."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .parser import add_examples

if TYPE_CHECKING:
    from akis.doctor.finding import Report, SeenReader

_NAME = 15
_MARKS = {"problem": "!", "warning": "~", "note": " "}
_SERVICE = {
    "running": "runs",
    "absent": "does not run",
    "forbidden": "does not let this user in",
    "silent": "does not answer",
    "broken": "does not work",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Look at the PC/SC service, readers, drivers, cards, the programs that use them, and versions, and say what to "
        "do about whatever is wrong. Nothing is sent to a card. The exit code is 0 where a card can be reached, else 3."
    )
    add_examples(parser, "akis doctor", "akis doctor --json")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Examine this machine."""
    from akis.doctor.examine import examine

    from .exit_codes import Exit
    from .width import columns

    report = examine()
    if args.json:
        print(json.dumps(as_json(report), ensure_ascii=False, indent=2))
    else:
        print("\n".join(as_text(report, columns())))
    return Exit.DONE if report.usable else Exit.NO_CARD


def as_json(report: Report) -> dict[str, Any]:
    """The report as values for JSON, in the form of ``akis/doctor/doctor-1.schema.json``."""
    from dataclasses import asdict

    return {
        "schema": 1,
        "command": "doctor",
        "usable": report.usable,
        **asdict(report),
        "readers": [
            {**asdict(reader), "atr": None if reader.atr is None else reader.atr.hex().upper()}
            for reader in report.readers
        ],
    }


def as_text(report: Report, width: int) -> Iterator[str]:
    """The screen, in ``width`` columns: facts, then findings with their remedies, then the verdict."""
    from akis.trace.say import printable, wrapped

    for name, values in _facts(report):
        for at, value in enumerate(values):
            head = f"{f'{name} ':.<{_NAME}}: " if not at else " " * (_NAME + 2)
            yield head + wrapped(printable(value), width - _NAME - 2, _NAME + 2)
    yield ""
    for finding in report.findings:
        yield f"{_MARKS[finding.severity]} {finding.severity:<8} " + wrapped(_sentence(finding.message), width - 11, 11)
        yield "           → " + wrapped(_sentence(finding.remedy), width - 13, 13)
    yield wrapped(_verdict(report), width, 0)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _facts(report: Report) -> Iterator[tuple[str, list[str]]]:
    from akis.trace.say import counted

    socket = "" if report.service.socket is None else f", {report.service.socket}"
    yield "PC/SC service", [_SERVICE[report.service.state] + socket]
    yield "Readers", [_reader(reader) for reader in report.readers] or ["none"]
    if report.usb_readers:
        yield "On USB", list(report.usb_readers)
    drivers = [
        driver.name if driver.version is None else f"{driver.name} {driver.version}" for driver in report.drivers
    ]
    yield "Drivers", [", ".join(drivers) or "none found"]
    if report.programs is None:
        yield "Other programs", ["the system does not say which use the service"]
    else:
        users = ", ".join(map(str, report.programs))
        yield (
            "Other programs",
            [f"{counted(len(report.programs), 'user')} of the service: {users}" if users else "none"],
        )
    if report.virtual_reader is not None:
        yield "Virtual reader", [report.virtual_reader]
    yield "Versions", [", ".join(f"{name} {version or 'none'}" for name, version in report.versions.items())]
    shown = [name if value is None else f"{name}={value}" for name, value in report.environment.items()]
    yield "Environment", shown or ["nothing set that bears on this"]


def _reader(reader: SeenReader) -> str:
    number = "left alone" if reader.index is None else str(reader.index)
    said = [reader.state]
    if reader.atr is not None:
        said.append(reader.card or f"unknown, ATR {reader.atr.hex().upper()}")
    if reader.reachable is not None:
        said.append("can be reached" if reader.reachable else "out of reach")
    return f"{number}  {reader.name}: {', '.join(said)}"


def _verdict(report: Report) -> str:
    if not report.usable:
        return "No card can be reached."
    reached = [str(reader.index) for reader in report.readers if reader.reachable and not reader.ignored]
    where = f"reader {reached[0]}" if len(reached) == 1 else f"readers {', '.join(reached)}"
    return f"A card can be reached in {where}."
