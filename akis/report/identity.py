"""Who a card is and how its counters stand, asked for nothing."""

from __future__ import annotations

from collections.abc import Callable

from akis.card import Card
from akis.codec.file_path import path_text
from akis.commands.application import select_application
from akis.commands.objects import PinObject
from akis.conversation import tries
from akis.conversation.base import Conversation, T
from akis.errors import CardError, CodecError
from akis.profile.model import CardProfile, PinRules
from akis.profile.recognise import recognise
from akis.report.model import Counter, Identity


def said(ask: Callable[[], T]) -> T | None:
    """What the card answers; None for a refusal, or an answer that makes no sense."""
    try:
        return ask()
    except (CardError, CodecError):
        return None


def identity(card: Card, guessed: bool) -> Identity:
    """What the card says of itself; the application is selected afterwards, where there is one."""
    profile = card.profile
    found = said(lambda: recognise(card.atr))
    flags = card.run(tries.flags(profile)) if profile.pin.tries_by == "fci" else None
    # A card that selects the application and says something unreadable of it has it all the same.
    there = not card.send(select_application(profile)).sw.nothing_done
    return Identity(
        atr=card.atr,
        version=None if found is None or found.source is None else found.name or found.label,
        profile=profile.name,
        guessed=guessed,
        application=_application_name(profile) if there else None,
        life_cycle=said(card.life_cycle),
        serial=said(card.serial),
        flags=None if flags is None else flags.names,
    )


def counters(profile: CardProfile) -> Conversation[tuple[Counter, ...]]:
    """The counters of PIN and PUK, in the ways that the profile knows to cost nothing."""
    yield select_application(profile)
    found = []
    for rules in (profile.pin, profile.puk):
        state = yield from _state(profile, rules)
        found.append(Counter(rules.name, state.tries_left, state.max_tries))
    return tuple(found)


def _state(profile: CardProfile, rules: PinRules) -> Conversation[PinObject]:
    # A VERIFY without data is never sent, whatever a profile says of it.
    if rules.tries_by == "empty_verify":
        return tries.UNKNOWN
    return (yield from tries.state(profile, rules))


def _application_name(profile: CardProfile) -> str:
    if profile.application is None:
        return path_text(profile.application_path)
    return profile.application.decode("ascii", "replace")
