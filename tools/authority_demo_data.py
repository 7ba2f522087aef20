"""``akis authority demo-data``: invented holders to try the service with, and their cards for the emulator."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from akis.errors import InvalidArgument

from .authority_counts import in_words
from .authority_options import add_database, describe, migrated_store, now, settings

if TYPE_CHECKING:
    from akis.authority.demo.data import DemoCard

KEY = "demo-master.key"
"""What the file with the demo's master key is called."""
_COMMENT = """\
A card of the akis demo, of {holder}. Everything here is published, never a secret: its issuer's key follows from the
demo's master key, which everybody knows."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    describe(
        parser,
        "Put invented holders and their cards into the database, where nobody else is in it. Their passwords and the "
        "master key of their cards are published: this is for trying things out, and for nothing else.",
        "akis authority demo-data --cards demo",
    )
    parser.add_argument(
        "--cards",
        metavar="DIR",
        help=f"write the cards there, for `akis emulate` and --reader emulator:DIR/NAME.toml,new, and {KEY}",
    )
    add_database(parser)


def run(args: argparse.Namespace) -> int:
    """Bring them in and say how to go on."""
    from dataclasses import asdict

    from akis.authority.demo.data import CARDS, HOLDERS
    from akis.authority.demo.people import bring_in_demo

    files = {} if args.cards is None else _new_files(Path(args.cards))
    with migrated_store(args) as store:
        counts = bring_in_demo(store, now())
    if args.cards is not None:
        _write(Path(args.cards), files)
    if args.json:
        holders = [{"name": holder.name, "password": holder.password} for holder in HOLDERS]
        cards = [{"name": card.name, "serial": card.serial.hex().upper(), "holder": card.holder.name} for card in CARDS]
        said = {**asdict(counts), "holders": holders, "cards": cards, "files": [str(path) for path in files.values()]}
        print(json.dumps({"schema": 1, **said}, ensure_ascii=False, indent=2))
        return 0
    print("\n".join(in_words(counts)))
    for holder in HOLDERS:
        how = f"{holder.name} with {holder.password}, second factor {holder.second_factor}"
        print(f"{holder.full_name} signs in as {how}.")
    if args.cards is None:
        print("For their cards and the master key in files, name a new folder: --cards DIR.")
        return 0
    print(f"Their cards are in {args.cards}. To go on, each in a terminal of its own:")
    for words in _next(args, *next(iter(files.items()))):
        print(f"  {shlex.join(words)}")
    return 0


def _next(args: argparse.Namespace, card: DemoCard, path: Path) -> Iterator[list[str]]:
    """The commands to go on with, whole: the same database and settings, and the master key that fits."""
    given = [("--config", args.config), ("--database", args.database), ("--master-key", Path(args.cards) / KEY)]
    options = [str(word) for name, value in given if value is not None for word in (name, value)]
    wanted = settings(args)
    url = f"{'http' if wanted.tls_cert is None else 'https'}://127.0.0.1:{wanted.port or 8443}"
    yield ["akis", "authority", "serve", *options]
    yield ["akis", "authority", "code", card.holder.name, *options]
    yield ["akis", "unlock", "--authority", url, "--reader", f"emulator:{path},new"]


def _new_files(folder: Path) -> Mapping[DemoCard, Path]:
    """Where each card goes; nothing is written where one of the files is there already."""
    from akis.authority.demo.data import CARDS

    files = {card: folder / f"{card.name}.toml" for card in CARDS}
    for path in (*files.values(), folder / KEY):
        if path.is_symlink() or path.exists():
            raise InvalidArgument(f"{path} is there already and was left as it is; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(f"{folder} cannot be made: {error.strerror}") from None
    return files


def _write(folder: Path, files: Mapping[DemoCard, Path]) -> None:
    from akis.authority.demo.data import MASTER_KEY, demo_personality
    from akis.authority.keys.file import new_master_key_file
    from akis.emulator.new_personality import write_personality

    new_master_key_file(folder / KEY, lambda _: MASTER_KEY)
    for card, path in files.items():
        write_personality(demo_personality(card), path, _COMMENT.format(holder=card.holder.full_name))
