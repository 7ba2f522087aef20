"""``akis certs``: the certificates on a card, whose they are, until when, and whether they are qualified."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from .parser import add_examples

if TYPE_CHECKING:
    from akis.card import Card
    from akis.conversation.certificates import FoundCertificates


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import add_card, add_session

    add_examples(
        parser,
        "akis certs --reader emulator:akis-2.2",
        "akis certs --reader emulator: --pem | openssl x509 -noout -text",
    )
    add_card(parser)
    add_session(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--pem", action="store_true", help="print the certificates themselves, as PEM")
    form.add_argument("--der", metavar="DIR", help="write each certificate to a file of its own in DIR, as DER")


def run(args: argparse.Namespace) -> int:
    """Read the certificates and show them."""
    from datetime import UTC, datetime

    from akis.errors import InvalidArgument

    from .certificate_report import as_pem, as_text, describe

    if args.pem and args.json:
        raise InvalidArgument("--pem prints certificates and --json a report; the report has the certificates in it")
    card, name = _open(args)
    with card:
        found = read(card)
    written = [] if args.der is None else write_der(found, Path(args.der))
    if args.pem:
        print(as_pem(found), end="")
        return 0
    report = {"schema": 1, "reader": name, **describe(found, datetime.now(UTC)), "written": written}
    print(json.dumps(report, ensure_ascii=False, indent=2) if args.json else as_text(report))
    return 0


def read(card: Card) -> FoundCertificates:
    """Every certificate of the card; no PIN is used."""
    from akis.conversation.certificates import read_certificates
    from akis.conversation.room import Room

    return card.run(read_certificates(card.profile, Room.of(card.profile, card.session)))


def write_der(found: FoundCertificates, folder: Path) -> list[str]:
    """One file a certificate, named by where it was on the card; returns their names. No file is written over."""
    from akis.errors import InvalidArgument

    from .certificate_report import der_files

    files = der_files(found)
    taken = [name for name in files if (folder / name).exists()]
    if taken:
        raise InvalidArgument(f"{folder / taken[0]} is there already; name another directory, nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with (folder / name).open("xb") as file:
                file.write(content)
    except OSError as error:
        raise InvalidArgument(f"{folder} cannot be written to: {error.strerror or type(error).__name__}") from None
    return [str(folder / name) for name in files]


def _open(args: argparse.Namespace) -> tuple[Card, str]:
    """The card, its application selected where a session in it is asked for; else even a card without one will do."""
    from .card_options import open_card, open_way

    if args.sm_keys is not None:
        return open_card(args)
    connection = open_way(args)
    return connection.card(), connection.name
