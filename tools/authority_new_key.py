"""``akis authority new-key``: a master key in a file of its own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .authority_options import describe


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    describe(
        parser,
        "Make a master key, from which the keys of all cards follow, and write it into a new file.",
        "akis authority new-key master.key",
    )
    parser.add_argument("file", metavar="FILE", help="where to write it; not there yet, and for its owner only")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Make the key and write it."""
    from akis.authority.keys.file import new_master_key_file

    new_master_key_file(Path(args.file))
    if args.json:
        print(json.dumps({"schema": 1, "file": args.file}, ensure_ascii=False))
    else:
        print(f"{args.file} has a new master key. The keys of all cards follow from it: keep a copy in a safe place.")
    return 0
