"""``akis emulate``: an emulated card in the virtual reader of pcscd, for every PC/SC program to see."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .parser import add_examples

if TYPE_CHECKING:
    from akis.emulator import EmulatedCard, Personality
    from akis.emulator.vpcd import Happening, VpcdClient
    from akis.emulator.wanted import WantedCard

_HELP = """\
Puts an emulated card into the virtual reader of pcscd (Debian: pcscd and
vsmartcard-vpcd), until Ctrl-C. One line says when the reader has seen the card.
When pcscd is restarted the card waits for it.

With --new, writes the personality of another card of that kind into a file and
ends."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import add_trace

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _HELP
    add_examples(
        parser,
        "akis emulate --personality akis-2.2,blocked --state card.state",
        "akis emulate --new akis-2.2 --out mine.toml",
        "akis emulate --personality mine.toml",
    )
    parser.add_argument(
        "--personality",
        metavar="NAME[,STATE][,INS=SW]",
        help="the card, akis-2.2 (3DES, the default), akis-2.5 (AES), akis-1.0, blank (no application yet) or a file "
        "whose name ends in .toml, and its state: new, blocked, last-try, dead; with 24=6985 it answers 6985 to each "
        "command 24, and does nothing",
    )
    parser.add_argument(
        "--new",
        metavar="PERSONALITY",
        help="write another card of this kind to --out: its own serial number, keys and certificates; the same PIN",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="where --new writes; a file whose name ends in .toml, not there yet"
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
    add_trace(parser)
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")


def run(args: argparse.Namespace) -> int:
    """Serve the card until somebody ends it, or write a new one."""
    if args.new is not None or args.out is not None:
        return _write_new(args)
    from akis.emulator import EmulatorTransport
    from akis.emulator.face import TransportFace
    from akis.emulator.seed import new_seed, seeded
    from akis.emulator.vpcd import VpcdClient
    from akis.emulator.wanted import wanted
    from akis.errors import NoReader

    from .card_options import record, recording

    asked = recording(args)
    if asked is not None:
        asked.check()
    chosen = wanted((args.personality or "") + (",extended" if args.extended else ""))
    with ExitStack() as held:
        # A card from a file has begun its life before, so neither state nor seed would bring the session back.
        seed = None if asked is None or args.state is not None else new_seed()
        card = _card(held, args.state, chosen) if seed is None else chosen.card(seeded(seed))
        header = chosen.header(seed, reader=f"virtual reader at {args.vpcd[0]}:{args.vpcd[1]}")
        header = header if args.state is None else replace(header, state="")
        way = held.enter_context(record(args, EmulatorTransport(card), header))
        teller = _Teller(args, chosen.personality)
        client = VpcdClient(TransportFace(way), *args.vpcd, reconnect=True, tell=teller.tell)
        for number in (signal.SIGINT, signal.SIGTERM):
            held.callback(signal.signal, number, signal.signal(number, teller.stopper(client)))
        try:
            client.serve()
        except NoReader as error:
            if asked is not None:
                asked.path.unlink(missing_ok=True)  # nothing happened, so there is nothing to keep
            raise NoReader(f"{error}: install pcscd and vsmartcard-vpcd, and start pcscd") from None
    return 0


def _write_new(args: argparse.Namespace) -> int:
    """Write the personality of another card."""
    from akis.emulator.new_personality import write_new
    from akis.emulator.personality import load_personality
    from akis.errors import InvalidArgument

    if args.new is None or args.out is None:
        raise InvalidArgument("a new card needs both, --new PERSONALITY and --out FILE")
    serving = {"--personality": args.personality, "--state": args.state, "--trace": args.trace}
    unused = [name for name, given in serving.items() if given is not None] + ["--extended"] * args.extended
    if unused:
        raise InvalidArgument(f"--new writes a file and ends; {' and '.join(unused)} is for a card that is served")
    path = Path(args.out)
    made = write_new(load_personality(args.new), path)
    if args.json:
        said = {"schema": 1, "event": "written", "file": str(path), "personality": made.name}
        print(json.dumps({**said, "serial": made.serial.hex().upper()}, ensure_ascii=False))
    else:
        print(f"{path} has a new {args.new} card with the serial number {made.serial.hex().upper()}")
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


def _card(held: ExitStack, path: str | None, chosen: WantedCard) -> EmulatedCard:
    from akis.emulator.state_file import StateFile
    from akis.errors import ProfileError

    if path is None:
        return chosen.card()
    try:
        card = held.enter_context(StateFile(path, chosen.personality, chosen.state)).card
        card.instead.update(chosen.instead)
        return card
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
