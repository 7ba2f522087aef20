"""What a probe found, as a report for programs and as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from akis.probe.draft import Draft
    from akis.probe.findings import Findings, Selection

_COLUMNS = 80
_WIDTH = 19
_BASE_BY = {"atr": "by the ATR", "answers": "by its answers", "default": "for want of a better one"}


def describe(reader: str, found: Findings, made: Draft, out: str | None) -> dict[str, Any]:
    """The report, with ``"schema": 1``; None where the card does not say."""
    from akis.codec.file_path import path_text
    from akis.probe.conclude import command_support, life_cycle_field, piece, serial_field

    profile, card = made.profile, made.card
    declared = command_support(found.atr)
    serial, phase = serial_field(found, profile), life_cycle_field(found, profile)
    in_application = found.application
    code = None if phase is None else piece(found.memory.data, phase).hex().upper()
    flags = None if in_application is None else in_application.flags
    return {
        "schema": 1,
        "reader": reader,
        "atr": found.atr.hex().upper(),
        "version": None if card is None or card.source is None else card.name or card.label,
        "base": made.base,
        "base_by": made.base_by,
        "extended_length": None if declared is None else declared.extended_lengths,
        "command_chaining": None if declared is None else declared.command_chaining,
        "mf": _selection(found.mf),
        "application": {
            "by_name": _selection(found.by_name),
            "by_aid": _selection(found.by_aid),
            "by_path": _selection(found.by_path),
            "path": None if found.application_path is None else path_text(found.application_path),
        },
        "serial": None if serial is None else piece(found.system.data, serial).hex().upper(),
        "life_cycle": None if code is None else profile.life_cycles[code],
        "pin_objects": [
            {
                "number": pin.number,
                "max_tries": pin.said.max_tries,
                "tries_left": pin.said.tries_left,
                "stored_length": pin.said.length,
            }
            for pin in found.pin_objects
        ],
        "pin_flags": None if flags is None else list(flags.names),
        "certificates": [path_text(path) for path in found.certificates],
        "commands": found.commands,
        "learned": list(made.learned),
        "learned_values": dict(made.by_this_card),
        "not_learned": list(made.not_learned),
        "out": out,
    }


def _selection(selection: Selection) -> dict[str, Any]:
    return {
        "sw": str(selection.sw),
        "template": None if selection.template is None else f"{selection.template:02X}",
        "tags": [f"{tag:02X}" for tag in selection.tags],
    }


def as_text(report: dict[str, Any]) -> str:
    """The report in 80 columns: the card itself, what is known of its kind now, and what is not."""
    rows = [
        ("Reader", report["reader"]),
        ("ATR", report["atr"]),
        ("Version", report["version"] or "not an AKİS card, by its ATR"),
        ("Nearest profile", f"{report['base']} ({_BASE_BY[report['base_by']]})"),
        ("Serial number", report["serial"] or "unknown"),
        ("Life cycle", report["life_cycle"] or "unknown"),
        *((f"PIN object {pin['number']}", _pin(pin)) for pin in report["pin_objects"]),
        *([] if report["pin_flags"] is None else [("PIN flags", ", ".join(report["pin_flags"]) or "none")]),
        ("Asked", f"{report['commands']} times, by SELECT and GET DATA only"),
    ]
    lines = [line for name, value in rows for line in _row(name, value)]
    lines += ["", "Learned from this card:", *_list(report["learned"])]
    lines += ["", "Not learned; the draft has it from the nearest profile:", *_list(report["not_learned"])]
    if report["out"] is None:
        return "\n".join([*lines, "", "--out FILE.toml writes a draft of a profile from this."])
    # The name of a file stays in one piece, however long it is.
    return "\n".join([*lines, "", f"The draft is in {report['out']}.", "Look through it, then use it with --profile."])


def _row(name: str, value: str) -> list[str]:
    head = f"{name + ' ':.<{_WIDTH}}: "
    return _wrapped(value, head, " " * len(head))


def _list(sentences: Sequence[str]) -> list[str]:
    return [line for sentence in sentences for line in _wrapped(sentence, "- ", "  ")]


def _wrapped(text: str, first: str, then: str) -> list[str]:
    """Lines broken at words, and inside one only where it is longer than a line."""
    return textwrap.wrap(text, _COLUMNS, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _pin(pin: dict[str, Any]) -> str:
    """What a PIN object says, as far as it does."""
    most, left, length = pin["max_tries"], pin["tries_left"], pin["stored_length"]
    tries = f"{'?' if left is None else left} of {'?' if most is None else most} tries left"
    if length is None:
        return tries
    return f"{tries}, {'no value' if length == 0 else f'a value of {length} bytes'}"
