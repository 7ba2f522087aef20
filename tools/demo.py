"""``akis demo``: a blocked PIN is unlocked, by its holder through an authority, then by the issuer beside the card.

The second act shows every exchange with the emulated card, in plain and on the wire.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from .parser import add_examples

if TYPE_CHECKING:
    from akis.card import Card
    from akis.emulator import Personality
    from akis.trace.model import Exchange

    from .terminal import Screen

_CARDS = {"akis-2.2": "secure messaging with 3DES", "akis-2.5": "secure messaging with AES-128"}
_SN_IFD = bytes.fromhex("0000000000000001")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import add_trace

    add_examples(parser, "akis demo", "akis demo --card akis-2.5 --trace session.jsonl")
    cards = ", ".join(f"{name} ({what})" for name, what in _CARDS.items())
    parser.add_argument("--card", choices=sorted(_CARDS), default="akis-2.2", help=f"the emulated card: {cards}")
    add_trace(parser)
    parser.add_argument("--json", action="store_true", help="print the exchanges as JSON")


def run(args: argparse.Namespace) -> int:
    """Play the scene."""
    from akis.card import Card
    from akis.emulator import EmulatedCard, EmulatorTransport
    from akis.emulator.seed import new_seed, seeded
    from akis.emulator.wanted import WantedCard
    from akis.pin import Pin, Puk

    from .card_options import record
    from .demo_unlock import first_act
    from .terminal import Screen

    seed = new_seed()
    emulated = EmulatedCard.named(args.card, "blocked", seeded(seed))
    personality = emulated.personality
    way = record(args, EmulatorTransport(emulated), WantedCard(personality, "blocked").header(seed))
    profile = personality.card_profile()
    exchanges: list[Exchange] = []
    screen = None if args.json else Screen(profile)
    unlocked = first_act(args.card, screen)

    def watch(exchange: Exchange) -> None:
        exchanges.append(exchange)
        if screen is not None:
            screen.exchange(exchange)

    with Card(way, profile, watch) as card:
        pin, puk = Pin(card), Puk(card)
        _introduce(screen, card, personality)

        _act(screen, "The PIN is blocked: its counter, read without spending a try, is at zero")
        card.select_application()
        before = pin.tries_left(), puk.tries_left()

        _act(screen, "MUTUAL AUTHENTICATE: issuer and card prove their keys and agree on a session")
        issuer = personality.key("issuer")
        card.open_session(issuer.device_keys(issuer.algorithms[-1]), _SN_IFD)

        _act(screen, "Inside secure messaging: RESET to a transport PIN, CHANGE to the new PIN, VERIFY")
        pin.unblock(_new_pin(personality))

        _act(screen, "The counters afterwards")
        after = pin.tries_left(), puk.tries_left()

    if screen is None:
        print(
            json.dumps(
                {**_as_json(args.card, exchanges, before, after, personality), "unlock": unlocked},
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        screen.counters("PIN", before[0], after[0])
        screen.counters("PUK", before[1], after[1])
        screen.done("The new PIN is in force. No PUK was used and no try was spent.")
    return 0


def _introduce(screen: Screen | None, card: Card, personality: Personality) -> None:
    if screen is not None:
        screen.act("Act two: what goes over the wire when the issuer unblocks a PIN")
        screen.text(f"An emulated card, {personality.name}: {_CARDS[personality.name]}")
        screen.text(f"ATR {card.atr.hex(' ').upper()}")
        screen.text("PINs are hidden as ** in every line, here and in everything this program prints.")


def _act(screen: Screen | None, text: str) -> None:
    if screen is not None:
        screen.act(text)


def _new_pin(personality: Personality) -> str:
    """Some PIN other than the one the card had."""
    return personality.pin[::-1]


def _as_json(
    name: str,
    exchanges: list[Exchange],
    before: tuple[int | None, int | None],
    after: tuple[int | None, int | None],
    personality: Personality,
) -> dict[str, object]:
    from akis.trace.annotate import command_name
    from akis.trace.redact import answer_text, command_text

    profile = personality.card_profile()
    return {
        "schema": 1,
        "card": name,
        "exchanges": [
            {
                "name": command_name(seen.plain_command),
                "protected": seen.protected,
                "command": command_text(seen.plain_command.to_bytes(), profile),
                "answer": None if seen.plain_answer is None else answer_text(seen.plain_answer, seen.plain_command),
                "wire_command": command_text(seen.command.to_bytes(), profile),
                "wire_answer": None if seen.answer is None else answer_text(seen.answer, seen.command),
            }
            for seen in exchanges
        ],
        "tries_left": {
            "PIN": {"before": before[0], "after": after[0]},
            "PUK": {"before": before[1], "after": after[1]},
        },
    }
