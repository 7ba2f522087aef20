"""The first act of ``akis demo``: a holder unlocks a card through the issuer's authority, all of it on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from io import StringIO
from typing import TYPE_CHECKING, Any

from akis.errors import AkisError

from .extras import installed
from .tell import tell

if TYPE_CHECKING:
    from .terminal import Screen

MISSING = "Act one, an unlock through an authority, is left out: pip install 'akis[authority]' brings what it needs."


def first_act(kind: str, screen: Screen | None) -> dict[str, Any] | None:
    """Play it for a blocked card of this kind and return its report; None where it cannot be played, which is said.

    Without a ``screen`` nothing is shown. Whatever goes wrong in the unlock itself is raised.
    """
    if not installed("authority"):
        if screen is not None:
            screen.text(MISSING)
        return None
    from rich.console import Console

    from akis.authority.demo.data import demo_card
    from akis.authority.demo.machine import DemoMachine

    from .language import speak
    from .unlock_emulator import afterwards, where
    from .unlock_flow import unlock
    from .unlock_players import ByItself
    from .unlock_signals import Signals
    from .unlock_view import View

    speak("en")
    card = demo_card(kind)
    with Signals() as signals, ExitStack() as held:
        try:
            machine = held.enter_context(DemoMachine(card, "blocked"))
        except (AkisError, OSError) as error:
            # Where no database can be made, say, the second act can still be played.
            tell(f"Act one is left out: {error if isinstance(error, AkisError) else error.strerror}.")
            return None
        if screen is not None:
            screen.act("Act one: a holder unlocks a card, with a code of the portal and without a PUK")
            screen.text(f"{card.holder.full_name}'s PIN is blocked. Authority, client and emulated card are all here.")
        view = View(Console(file=StringIO()) if screen is None else screen.console)
        player = ByItself(machine, view)
        report = unlock(where(machine), player, view, signals)
        if report.error is not None:
            raise report.error
        if report.outcome != "done":
            raise KeyboardInterrupt
        with player.chosen as new_pin:
            lines = list(afterwards(machine, new_pin))
        if screen is not None:
            screen.done(report.message)
            screen.text("\n".join(lines))
    return report.as_json()
