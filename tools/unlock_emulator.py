"""``akis unlock --emulator``: an authority, a client and an emulated card on this machine, and a holder between them.

The same service and the same client as anywhere else, over TLS; only the portal's page and the telephone are played, by
lines that say what they show. Nothing of it stays behind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from akis.errors import InvalidArgument
from akis.unlock.holds import Holds

from .exit_codes import Exit
from .extras import require
from .language import N_, _
from .unlock_signals import Signals, Terminated

if TYPE_CHECKING:
    from akis.authority.demo.data import DemoCard
    from akis.authority.demo.machine import DemoMachine
    from akis.emulator.personality import State
    from akis.secret import Secret

    from .unlock_answers import Answers
    from .unlock_flow import Where
    from .unlock_view import View

_ELSEWHERE = ("authority", "ca", "code", "answer", "reader", "terminal_keys")
"""Arguments that name what is all on this machine here."""
_HOLDS: Mapping[str, str] = {
    Holds.AS_BEFORE: N_("card holds what it held before"),
    Holds.TRANSPORT_PIN: N_("card holds the transport PIN"),
    Holds.HOLDER_PIN: N_("card holds the holder's PIN"),
    Holds.UNKNOWN: N_("nobody knows what the card holds"),
}


class CarryOut(Protocol):
    """:func:`tools.unlock.carry_out`, which knows this module."""

    def __call__(self, args: argparse.Namespace, where: Where, answers: Callable[[View], Answers]) -> int:
        """Go through the unlock and tell how it ended; the exit code."""


def run_on_one_machine(args: argparse.Namespace, carry_out: CarryOut) -> int:
    """Start all of it, go through the unlock, and show what came of it."""
    require("authority", "`akis unlock --emulator`")
    card, state = _wanted(args.emulator)
    given = [name for name in _ELSEWHERE if getattr(args, name) is not None]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidArgument(
            _("--emulator brings authority, code and card with it, so {} is not for it").format(options)
        )
    if not args.non_interactive and (sys.stdin is None or not sys.stdin.isatty()):
        raise InvalidArgument(_("no terminal to ask on; with --non-interactive every answer is the demo's own"))
    from akis.authority.demo.machine import DemoMachine

    try:
        with Signals(), DemoMachine(card, state) as machine:
            return _unlock(args, machine, carry_out)
    except Terminated as terminated:
        return terminated.code


def where(machine: DemoMachine, args: argparse.Namespace | None = None) -> Where:
    """Where authority and card are; ``args`` may ask for a recording of the exchanges with the card."""
    from akis.connect import Connection

    from .card_options import recording
    from .unlock_flow import Where

    wanted = None if args is None else recording(args)
    if wanted is not None:
        wanted.check()

    def connect(target: str, *, exclusive: bool, leave_card: bool) -> Connection:
        made = machine.connect(target, exclusive=exclusive, leave_card=leave_card, recording=wanted)
        if args is not None and made.recorder is not None:
            args.recorder = made.recorder
        return made

    return Where(machine.url, machine.ca, machine.place, connect=connect)


def afterwards(machine: DemoMachine, new_pin: Secret) -> Iterator[str]:
    """What the card says for itself once it is unlocked, and what the authority has written down."""
    proof = machine.prove(new_pin)
    yield _("Afterwards, asked of the card itself:")
    wrong = _("the PIN it had before") if machine.state != "new" else _("some other PIN")
    yield "  " + _("VERIFY with {}: refused, tries left {} → {}").format(wrong, proof.before, proof.after_wrong)
    yield "  " + _("VERIFY with the new PIN: accepted, tries left {} → {}").format(proof.after_wrong, proof.after_right)
    yield "  " + _("PUK: not used, tries left {}").format(proof.puk)
    lines = machine.trail()
    yield _("In the authority's audit log, whole from line 1 to line {}:").format(len(lines))
    for line in lines:
        said = [line.event, str(line.details.get("step") or ""), "" if line.outcome == "ok" else line.outcome]
        holds = _HOLDS.get(str(line.details.get("holds")))
        told = f", {_(holds)}" if holds else ""
        yield f"  {line.number:>2}  {line.at:%H:%M:%S}  {line.actor:<9} {' '.join(filter(None, said))}{told}"


def _unlock(args: argparse.Namespace, machine: DemoMachine, carry_out: CarryOut) -> int:
    from .unlock_players import AtTheTerminal, ByItself

    players: list[ByItself | AtTheTerminal] = []

    def player(view: View) -> ByItself | AtTheTerminal:
        kind = ByItself if args.non_interactive else AtTheTerminal
        players.append(kind(machine, view, args.new_pin))
        return players[-1]

    code = carry_out(args, where(machine, args), player)
    if code == Exit.DONE and not args.json:
        with players[0].chosen as new_pin:
            print("\n" + "\n".join(afterwards(machine, new_pin)))
    return code


def _wanted(text: str) -> tuple[DemoCard, State]:
    """``[NAME][,STATE]``: a demo card, or the first of a kind, in a state; a new one of akis-2.2 by default."""
    from akis.authority.demo.data import CARDS, demo_card

    name, _comma, state = text.partition(",")
    try:
        found = demo_card(name or "akis-2.2")
    except InvalidArgument:
        kinds = ", ".join(sorted({card.kind for card in CARDS}))
        raise InvalidArgument(_("no emulated card {!r} to try it with; there are {}").format(name, kinds)) from None
    states: tuple[State, ...] = ("new", "blocked", "last-try")
    for known in states:
        if state in ("", known):
            return found, known
    listed = ", ".join(states)
    raise InvalidArgument(_("no state {!r} that an unlock helps with; there are {}").format(state, listed))
