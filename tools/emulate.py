"""``akis emulate``: an emulated card in the virtual reader of pcscd, for every PC/SC program to see."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akis.emulator import EmulatedCard, Personality
    from akis.emulator.personality import State
    from akis.emulator.vpcd import Happening, VpcdClient

_HELP = """\
example: akis emulate --personality akis-2.2,blocked --state card.state

Puts an emulated card into the virtual reader of pcscd (Debian: pcscd and vsmartcard-vpcd), until Ctrl-C. One line
says when the reader has seen the card. When pcscd is restarted the card waits for it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _HELP
    parser.add_argument(
        "--personality",
        metavar="NAME[,STATE]",
        default="akis-2.2",
        help="the card, akis-2.2 (3DES, the default) or akis-2.5 (AES), and its state: new, blocked, last-try, dead",
    )
    parser.add_argument(
        "--state", metavar="FILE", help="keep the card in FILE; the card in it counts, STATE is for a new file only"
    )
    parser.add_argument("--extended", action="store_true", help="the card takes extended length, and its ATR says so")
    parser.add_argument(
        "--vpcd",
        metavar="HOST:PORT",
        type=_address,
        default=("127.0.0.1", 35963),
        help="where the reader waits for a card; default: 127.0.0.1:35963, its first slot",
    )
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")


def run(args: argparse.Namespace) -> int:
    """Serve the card until somebody ends it."""
    from akis.emulator.extended import with_extended_length
    from akis.emulator.personality import personality_and_state
    from akis.emulator.vpcd import VpcdClient
    from akis.errors import NoReader

    personality, state = personality_and_state(args.personality)
    if args.extended:
        personality = with_extended_length(personality)
    with ExitStack() as held:
        card = _card(held, args.state, personality, state)
        teller = _Teller(args, personality)
        client = VpcdClient(card, *args.vpcd, reconnect=True, tell=teller.tell)
        for number in (signal.SIGINT, signal.SIGTERM):
            held.callback(signal.signal, number, signal.signal(number, teller.stopper(client)))
        try:
            client.serve()
        except NoReader as error:
            raise NoReader(f"{error}: install pcscd and vsmartcard-vpcd, and start pcscd") from None
    return 0


class _Teller:
    """Says what happens, one line each, at once."""

    def __init__(self, args: argparse.Namespace, personality: Personality) -> None:
        self._args = args
        self._personality = personality
        self._reader = ":".join(map(str, args.vpcd))
        self._stopped = False

    def stopper(self, client: VpcdClient) -> Callable[..., None]:
        """What a signal does that ends the program."""

        def stop(*_: object) -> None:
            self._stopped = True
            client.stop()

        return stop

    def tell(self, what: Happening) -> None:
        """Print the line."""
        if self._args.json:
            print(json.dumps(self._as_json(what), ensure_ascii=False), flush=True)
        elif what == "inserted":
            print(f"{self._personality.name} is in the virtual reader at {self._reader}; Ctrl-C pulls it", flush=True)
        elif not self._stopped:
            print(f"the virtual reader at {self._reader} is gone; waiting for it", flush=True)

    def _as_json(self, what: Happening) -> dict[str, object]:
        return {
            "schema": 1,
            "event": what,
            "vpcd": self._reader,
            "personality": self._personality.name,
            "atr": self._personality.atr.hex().upper(),
            "state": self._args.state,
        }


def _card(held: ExitStack, path: str | None, personality: Personality, state: State) -> EmulatedCard:
    from akis.emulator import EmulatedCard
    from akis.emulator.memory import Memory
    from akis.emulator.state_file import StateFile
    from akis.errors import ProfileError

    if path is None:
        return EmulatedCard(personality, Memory.new(personality, state))
    try:
        return held.enter_context(StateFile(path, personality, state)).card
    except ProfileError as error:
        if not Path(path).is_file():
            raise
        advice = "it was left as it is; give --state another file, or remove this one for a new card"
        raise ProfileError(f"{error}; {advice}") from None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= 0xFFFF:
        raise argparse.ArgumentTypeError(f"not HOST:PORT: {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)
