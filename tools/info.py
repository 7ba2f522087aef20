"""``akis info``: what a card says about itself, on one screen, without spending a try."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .parser import add_examples

if TYPE_CHECKING:
    from akis.card import Card

_WIDTH = 19


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import add_card

    add_examples(parser, "akis info --reader emulator:akis-2.5,last-try")
    add_card(parser)


def run(args: argparse.Namespace) -> int:
    """Look at the card and print."""
    from .card_options import open_way

    connection = open_way(args)
    with connection.card() as card:
        report = {"schema": 1, "reader": connection.name, **describe(card)}
    report["profile_guessed"] = report["version"] is None and connection.chosen_by in ("default", "trace")
    report["profile_named"] = connection.chosen_by == "named"
    print(json.dumps(report, ensure_ascii=False, indent=2) if args.json else as_text(report))
    return 0


def describe(card: Card) -> dict[str, Any]:
    """Everything there is to know for free; None where the card does not say."""
    from akis.errors import CardError, CodecError
    from akis.pin import Pin, Puk
    from akis.profile.recognise import recognise

    def said(ask: Callable[[], Any]) -> Any:
        """What the card answers; None for a refusal, or an answer that makes no sense. A lost card is an error."""
        try:
            return ask()
        except (CardError, CodecError):
            return None

    def application_name() -> str:
        card.select_application()
        profile = card.profile
        return (
            "/".join(f"{fid:04X}" for fid in profile.application_path)
            if profile.application is None
            else (profile.application.decode("ascii", "replace"))
        )

    found = said(lambda: recognise(card.atr))
    application = said(application_name)
    serial = said(card.serial)
    flags = Pin(card).flags()
    return {
        "atr": card.atr.hex().upper(),
        "version": None if found is None or found.source is None else found.name or found.label,
        "version_source": None if found is None else found.source,
        "profile": card.profile.name,
        "application": application,
        "life_cycle": said(card.life_cycle),
        "serial": None if serial is None else serial.hex().upper(),
        "pin_tries_left": Pin(card).tries_left(),
        "puk_tries_left": Puk(card).tries_left(),
        "pin_flags": None if flags is None else list(flags.names),
        "assumed": list(card.profile.assumed),
    }


def as_text(report: dict[str, Any]) -> str:
    """The screen, a name and a value a line."""
    rows = [
        ("Reader", report["reader"]),
        ("ATR", report["atr"]),
        ("Version", report["version"] or "not an AKİS card, by its ATR"),
        ("Profile", profile_in_words(report)),
        ("Application", report["application"] or "not on this card"),
        ("Life cycle", report["life_cycle"] or "unknown"),
        ("Serial number", report["serial"] or "unknown"),
        ("PIN tries left", in_words(report["pin_tries_left"], report["pin_flags"] is not None)),
        ("PUK tries left", in_words(report["puk_tries_left"])),
        *([] if report["pin_flags"] is None else [("PIN flags", ", ".join(report["pin_flags"]) or "none")]),
        ("Assumed", f"{len(report['assumed'])} values have no public source; --json lists them"),
    ]
    return "\n".join(f"{name + ' ':.<{_WIDTH}}: {value}" for name, value in rows)


def profile_in_words(report: dict[str, Any]) -> str:
    """The profile, and why it is this one where that is worth a word."""
    if report["profile_named"]:
        return f"{report['profile']} (as asked for)"
    return f"{report['profile']} (for want of a better one)" if report["profile_guessed"] else str(report["profile"])


def in_words(left: int | None, by_flags: bool = False) -> str:
    """A counter, for people; ``by_flags``: of a card that has flags in its place, and none for a blocked PIN."""
    if left is None:
        return "unknown"
    if by_flags and left == 1:
        return "1, or none: a blocked PIN has the same flags"
    return f"{left} (blocked)" if left == 0 else str(left)
