"""``akis authority import``: holders and their cards from a file."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from .authority_counts import in_words
from .authority_options import add_database, migrated_store, now
from .parser import add_examples

_HELP = """\
Take holders and their cards from a file, all of it or nothing. A database that
is not there yet is made. A file with one holder and one card:

{sample}

CSV with a heading, or JSON with a list of objects. The fields: name,
full_name, phone, second_factor (sms or password), password or password_hash
(argon2id), serial, card_label, profile, key_reference, algorithm (these two in
hex), certificate (a file, or PEM). An entry has one card at most; a holder with
two has two entries. Who is there already gets the values that are given and
keeps the rest. profile is what `akis info` calls the profile of the card:
akis-2 for AKİS 2.x."""
SAMPLE = """\
name,full_name,second_factor,phone,serial,card_label,profile,key_reference,algorithm
ayse,Ayşe Yılmaz,sms,+905550000042,414B49530202000000000042,My card,akis-2,01,8C"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _HELP.format(sample=SAMPLE)
    add_examples(parser, "akis authority import people.csv")
    parser.add_argument("file", metavar="FILE", help="what to import; where anything in it is wrong, nothing is")
    parser.add_argument("--format", choices=("csv", "json"), help="default: json where FILE ends in .json, else csv")
    add_database(parser)


def run(args: argparse.Namespace) -> int:
    """Import all of it, or nothing."""
    from akis.authority.people.given import read_people
    from akis.authority.people.operator import bring_in

    people = read_people(Path(args.file), args.format)
    with migrated_store(args) as store:
        counts = bring_in(store, people, now(), args.file)
    if args.json:
        print(json.dumps({"schema": 1, "file": args.file, **asdict(counts)}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(in_words(counts)))
    return 0
