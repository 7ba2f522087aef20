"""``akis authority migrate``: the tables of this version, whatever the database had before."""

from __future__ import annotations

import argparse
import json
from contextlib import closing

from .authority_options import add_database, describe, settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    describe(
        parser,
        "Make the tables of the database, or bring them up to this version. `serve` and `import` do it by themselves.",
        "akis authority migrate --database sqlite:///authority.db",
    )
    add_database(parser)


def run(args: argparse.Namespace) -> int:
    """Migrate, where there is anything to be done."""
    from akis.authority.serving.open import open_store
    from akis.authority.store.migrate import is_current, migrate

    with closing(open_store(settings(args))) as store:
        before = is_current(store)
        migrate(store)
    if args.json:
        print(json.dumps({"schema": 1, "changed": not before}))
    elif before:
        print("The database had the tables of this version already.")
    else:
        print("The database has the tables of this version now.")
    return 0
