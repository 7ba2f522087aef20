"""``akis readers``: the card readers of this machine and what is in them."""

from __future__ import annotations

import argparse
import json

from .parser import add_examples


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis readers", "akis readers --json")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def run(args: argparse.Namespace) -> int:
    """List them."""
    from dataclasses import asdict

    from akis.transport.pcsc import IGNORE_READERS, list_readers

    readers = list_readers()
    if args.json:
        listed = [
            {**asdict(reader), "atr": None if reader.atr is None else reader.atr.hex().upper()} for reader in readers
        ]
        print(json.dumps({"schema": 1, "readers": listed}, ensure_ascii=False, indent=2))
        return 0
    for reader in readers:
        print(f"{reader.index}  {reader.name}: {reader.state}")
        if reader.atr is not None:
            print(f"   ATR {reader.atr.hex(' ').upper()}")
    if not readers and list_readers(ignore=""):
        print(f"{IGNORE_READERS} leaves out all card readers there are.")
    elif not readers:
        print("There is no card reader. Plug one in, or use --reader emulator: for an emulated card.")
    return 0
