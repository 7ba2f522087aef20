"""What a probe learned and what it did not, in sentences: about the kind of card, not about the one that was asked."""

from __future__ import annotations

from collections.abc import Iterator

from akis.codec.historical import LifeCycle
from akis.probe.ask import MEMORY_INFORMATION, MOST_PIN_OBJECTS, SYSTEM_INFORMATION
from akis.probe.conclude import command_support, life_cycle_field, piece, places, serial_field
from akis.probe.findings import Findings, Information, Selection
from akis.profile.model import CardProfile, PinRules


def learned(found: Findings, profile: CardProfile) -> Iterator[str]:
    """What the answers say; ``profile`` is the draft made of them."""
    declared = command_support(found.atr)
    if declared is not None:
        length = "extended length" if declared.extended_lengths else "short length fields only"
        chaining = "command chaining" if declared.command_chaining else "no command chaining"
        yield f"Its ATR declares {length} and {chaining}."
    if found.mf.selected:
        yield f"The MF can be selected; {_form(found.mf)}."
    for way, selection in (("the name PKCS-15", found.by_name), ("the AID of PKCS #15", found.by_aid)):
        yield f"Selecting the application by {way}: {_outcome(selection)}."
    if found.application_path is None:
        yield f"Selecting it by its path: {_outcome(found.by_path)}."
    else:
        yield f"Selecting it by its path, {places((found.application_path,))}: {_outcome(found.by_path)}."
    if found.application is not None and found.application.selected:
        yield from _application(found.application)
    if serial_field(found, profile) is not None:
        where = profile.serial
        yield (
            f"GET DATA {where.p1p2:04X} answers {len(found.system.data)} bytes, with what may be the serial number in "
            f"{where.length} bytes from byte {where.offset} on."
        )
    if life_cycle_field(found, profile) is not None:
        where = profile.life_cycle
        size = len(found.memory.data)
        yield f"GET DATA {where.p1p2:04X} answers {size} bytes, with the life cycle in byte {where.offset}."
    for pin in found.pin_objects:
        most = f"{pin.said.max_tries} tries" if pin.counts else "no counter to rely on"
        yield f"PIN object {pin.number} is there, with {most}."
    if found.certificates:
        yield f"Files where certificates may be: {places(found.certificates)}."


def not_learned(found: Findings, base: CardProfile) -> Iterator[str]:
    """What nobody knows after this; ``base`` is the profile that the draft has it from."""
    if found.application is None:
        yield "The application: there is none by its name, its AID or its path, so nothing of what is in it was asked."
    elif not found.application.selected:
        yield f"What is in the application: selecting it a second time, the card answered {_word(found.application)}."
    if serial_field(found, base) is None:
        yield f"The serial number: GET DATA {SYSTEM_INFORMATION:04X} {_not_fitting(found.system)}."
    if life_cycle_field(found, base) is None:
        code = piece(found.memory.data, base.life_cycle).hex().upper()
        known = f"has {code} there, which is no phase that {base.name} has" if code else _not_fitting(found.memory)
        yield f"The life cycle: GET DATA {MEMORY_INFORMATION:04X} {known}."
    yield from _counters(found, base)
    if found.application_path is not None and not found.certificates:
        yield "Certificates: there is no file in the ten places where they may be."
    yield (
        "PIN and PUK: their references, which PIN object is whose, lengths, characters, encoding and padding, how they "
        "are changed, reset and logged out, and what a locked one answers. Only commands that may cost a try tell."
    )
    yield "Whether a VERIFY without data is free; asking may cost a try."
    yield "Secure messaging: whether there is any, its keys, algorithms and rules."
    yield "How it signs, and how much data one command may carry."
    yield "What its own status words mean."


def _counters(found: Findings, base: CardProfile) -> Iterator[str]:
    if found.application is None or not found.application.selected:
        return
    if found.pins_unreadable:
        yield f"PIN objects: the answer for number {len(found.pin_objects) + 1} makes no sense."
    elif not found.pin_objects and found.pins_ended is not None:
        yield f"PIN objects: there is none, the card answered {found.pins_ended}, {found.pins_ended.meaning()}."
    elif len(found.pin_objects) == MOST_PIN_OBJECTS:
        yield f"How many PIN objects there are: it answered for all {MOST_PIN_OBJECTS} that have a reference."
    counting = {pin.number: pin.said for pin in found.pin_objects if pin.counts}
    for rules in (base.pin, base.puk):
        if rules.object not in counting:
            yield f"How many tries the {rules.name} has left: there is no PIN object {rules.object} with a counter."
        elif _beyond(counting[rules.object].length, rules):
            yield (
                f"The lengths of the {rules.name}: the one in PIN object {rules.object} is none of those that "
                f"{base.name} has, so change them."
            )


def _beyond(length: int | None, rules: PinRules) -> bool:
    """Whether a stored length, 0 for no value, is none that the rules allow."""
    allowed = (rules.pad_to,) if rules.pad_to else range(rules.minimum, rules.maximum + 1)
    return bool(length) and rules.encoding == "ascii" and length not in allowed


def _application(selection: Selection) -> Iterator[str]:
    yield f"In the application, {_form(selection)}."
    control = selection.control
    if control is not None and control.life_cycle is not None:
        yield f"Its life-cycle byte is {control.life_cycle:02X}: {LifeCycle.of(control.life_cycle).value}."
    if selection.flags is not None:
        yield "Its tag 90 is one byte, as AKİS 1.0 has it for flags: it tells the last try of the PIN."


def _form(selection: Selection) -> str:
    if selection.template is None:
        return "SELECT answers no file control information"
    tags = ", ".join(f"{tag:02X}" for tag in selection.tags[:16]) or "nothing"
    return f"SELECT answers template {selection.template:02X} with {tags}"


def _outcome(selection: Selection) -> str:
    return "done" if selection.sw.ok else _word(selection)


def _word(selection: Selection) -> str:
    return f"{selection.sw}, {selection.sw.meaning()}"


def _not_fitting(said: Information) -> str:
    if said.data:
        return f"answers {len(said.data)} bytes, with nothing like it where known cards have it"
    return "answers nothing" if said.sw.ok else f"is answered with {said.sw}, {said.sw.meaning()}"
