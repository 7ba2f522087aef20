"""Checks of what the card's profile promises: a serial number, a life cycle, counters that are read for nothing."""

from __future__ import annotations

from collections.abc import Callable

from akis.codec.pin_flags import PinFlags
from akis.commands import objects
from akis.commands.application import select_application
from akis.commands.objects import PinObject
from akis.conversation.base import Conversation
from akis.errors import CodecError
from akis.profile.model import CardProfile, DataField, PinRules
from akis.report.check import Check, Outcome, Subject, failed, in_words, not_applicable, passed, unknown


def _against(subject: Subject, observed: str) -> Outcome:
    """Not as the profile has it; where that is a guess, nobody can say whose fault that is."""
    if subject.guessed:
        return unknown(f"{observed}; but the profile is a guess, and this may be a card of another kind")
    return failed(observed)


def _field(pick: Callable[[CardProfile], DataField], what: str) -> Callable[[Subject], Conversation[Outcome]]:
    def asking(subject: Subject) -> Conversation[Outcome]:
        field = pick(subject.profile)
        answer = yield objects.get_data(field.p1p2)
        said = in_words(answer, subject.profile)
        if not answer.sw.ok or len(answer.data) < field.offset + field.length:
            return _against(subject, f"the {what} is not reported: GET DATA {field.p1p2:04X} is answered {said}")
        value = answer.data[field.offset : field.offset + field.length]
        if field is subject.profile.life_cycle and value.hex().upper() not in subject.profile.life_cycles:
            return unknown(f"the {what} is a byte that the profile does not know, {value.hex().upper()}")
        return passed(f"GET DATA {field.p1p2:04X} is answered {said}, the {what} among them")

    return asking


def _counter(pick: Callable[[CardProfile], PinRules]) -> Callable[[Subject], Conversation[Outcome]]:
    def asking(subject: Subject) -> Conversation[Outcome]:
        rules = pick(subject.profile)
        if not subject.application:
            return not_applicable("there is no application on this card")
        if rules.tries_by not in ("get_data", "fci"):
            return not_applicable(
                f"no way to read the counter of the {rules.name} is known that certainly costs nothing"
            )
        selected = yield select_application(subject.profile)
        if rules.tries_by == "fci":
            try:
                flags = PinFlags.from_fci(selected.data)
            except CodecError:
                said = in_words(selected, subject.profile)
                return _against(subject, f"the state of the {rules.name} is not reported: SELECT is answered {said}")
            return passed(f"the flags in tag 90 are {', '.join(flags.names) or 'none'}")
        answer = yield objects.get_pin_object(rules.object)
        said = in_words(answer, subject.profile)
        if not answer.sw.ok:
            return _against(subject, f"the counter of the {rules.name} is not reported: GET DATA is answered {said}")
        try:
            found = PinObject.from_bytes(answer.data, rules.object)
        except CodecError as error:
            return _against(subject, f"the counter of the {rules.name} cannot be read: {error}")
        if found.tries_left is None or found.max_tries is None:
            return _against(subject, f"the counter of the {rules.name} is not reported: its PIN object has none")
        if found.tries_left > found.max_tries:
            observed = f"{found.tries_left} of {found.max_tries} tries are left for the {rules.name}, which cannot be"
            return _against(subject, observed)
        return passed(f"{found.tries_left} of {found.max_tries} tries are left for the {rules.name}")

    return asking


PROFILE_CHECKS = (
    Check(
        "serial",
        "The serial number is reported",
        "the card's profile, serial",
        _field(lambda profile: profile.serial, "serial number"),
    ),
    Check(
        "life-cycle",
        "The life cycle is reported",
        "the card's profile, life_cycle",
        _field(lambda profile: profile.life_cycle, "life cycle"),
    ),
    Check(
        "pin-counter",
        "The counter of the PIN is reported",
        "the card's profile, pin.tries_by",
        _counter(lambda profile: profile.pin),
    ),
    Check(
        "puk-counter",
        "The counter of the PUK is reported",
        "the card's profile, puk.tries_by",
        _counter(lambda profile: profile.puk),
    ),
)
