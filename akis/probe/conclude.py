"""What follows from the answers of a card for the values of its profile, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from akis.codec.atr import Atr
from akis.codec.file_path import FilePath, path_text
from akis.codec.historical import CommandSupport
from akis.errors import CodecError
from akis.probe.ask import AID, NAME
from akis.probe.findings import Findings
from akis.profile.load import load, names
from akis.profile.model import CardProfile, DataField, PinRules

LEARNED = "learned from this card by probe"
"""What follows the first word of each source that the card itself is behind."""


class Conclusion(NamedTuple):
    """A value of the profile by its dotted name, and its source."""

    name: str
    value: Any
    source: str


def conclusions(found: Findings, base: CardProfile) -> Iterator[Conclusion]:
    """Everything in which the draft says more, or something else, than the profile it starts from."""
    yield from _lengths(found, base)
    yield from _application(found, base)
    serial, phase = serial_field(found, base), life_cycle_field(found, base)
    for name, field in (("serial", serial), ("life_cycle", phase)):
        if field is not None:
            likely = f"inferred, {LEARNED}: what is there in the answer is a likely one"
            yield Conclusion(f"{name}.p1p2", field.p1p2, f"reported, {LEARNED}: GET DATA {field.p1p2:04X} is answered")
            yield Conclusion(f"{name}.offset", field.offset, likely)
            yield Conclusion(f"{name}.length", field.length, likely)
    if found.application is not None and found.application.selected:
        yield from _tries("pin", base.pin, found)
        yield from _tries("puk", base.puk, found)
    if found.certificates:
        yield Conclusion("certificates", found.certificates, f"reported, {LEARNED}: SELECT found these files, unread")


def command_support(atr: bytes) -> CommandSupport | None:
    """What the ATR declares of chaining and lengths; None where it does not say, or is no ATR."""
    try:
        capabilities = Atr.from_bytes(atr).historical.capabilities
    except CodecError:
        return None
    return None if capabilities is None else capabilities.commands


def serial_field(found: Findings, base: CardProfile) -> DataField | None:
    """Where the serial number is: a place that a known profile has, which holds something like one here."""

    def fits(field: DataField) -> bool:
        # Nothing but one byte again and again is room that nobody filled.
        return len(set(piece(found.system.data, field))) > 1

    known = dict.fromkeys([base.serial, *(load(name).serial for name in names())])
    return next((field for field in known if fits(field)), None)


def life_cycle_field(found: Findings, base: CardProfile) -> DataField | None:
    """Where the life-cycle byte is: the place that the profile has, where it holds a phase that the profile names."""
    said = piece(found.memory.data, base.life_cycle)
    return base.life_cycle if said.hex().upper() in base.life_cycles else None


def piece(data: bytes, field: DataField) -> bytes:
    """The bytes of a field; nothing where the data is too short."""
    end = field.offset + field.length
    return data[field.offset : end] if len(data) >= end else b""


def _lengths(found: Findings, base: CardProfile) -> Iterator[Conclusion]:
    declared = command_support(found.atr)
    if declared is None:
        return
    long = declared.extended_lengths
    yield Conclusion("extended_length", long, f"documented, {LEARNED}: card capabilities in its ATR")
    if long:
        # How long, EF.ATR would say, and reading it is more than a probe does.
        why = "assumed: extended length is declared, how long a command may be is not; this much is short"
        yield Conclusion("max_data", base.max_data, why)
        if base.signing is not None:
            yield Conclusion("signing.max_data", base.signing.max_data, why)


def _application(found: Findings, base: CardProfile) -> Iterator[Conclusion]:
    path = found.application_path
    if found.by_name.selected:
        yield Conclusion("application", NAME, f"reported, {LEARNED}: SELECT by the name PKCS-15")
    elif found.by_aid.selected:
        yield Conclusion("application", AID, f"reported, {LEARNED}: SELECT by the AID of PKCS #15")
    elif path is not None:
        yield Conclusion("application", None, f"inferred, {LEARNED}: SELECT by path works, by name it does not")
    else:
        yield Conclusion("application", base.application, f"assumed: as on {base.name}; this card has none by a name")
    if path is not None:
        yield Conclusion("application_path", path, f"reported, {LEARNED}: SELECT by path")
    else:
        yield Conclusion(
            "application_path", base.application_path, f"assumed: as on {base.name}; no path led to it on this card"
        )


def _tries(name: str, rules: PinRules, found: Findings) -> Iterator[Conclusion]:
    """The way to read a counter that costs nothing. VERIFY without data is none of them: nobody knows what it costs."""
    numbers = [pin.number for pin in found.pin_objects if pin.counts]
    flags = found.application is not None and found.application.flags is not None
    if rules.object in numbers:
        said = f"PIN object {rules.object} has a counter"
        whose = f"that it is the {rules.name}'s is not"
        yield Conclusion(f"{name}.tries_by", "get_data", f"reported, {LEARNED}: {said}")
        yield Conclusion(f"{name}.object", rules.object, f"inferred, {LEARNED}: {said}; {whose}")
    elif flags and name == "pin":
        yield Conclusion(f"{name}.tries_by", "fci", f"inferred, {LEARNED}: tag 90 in the application's FCI")
    else:
        why = f"no PIN object {rules.object} with a counter"
        yield Conclusion(f"{name}.tries_by", "none", f"inferred, {LEARNED}: {why}")


def places(paths: tuple[FilePath, ...]) -> str:
    """Paths in a row, for a sentence."""
    return ", ".join(map(path_text, paths))
