"""The arguments that actions of ``akis authority`` have in common, and the database and keys they lead to."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .parser import add_examples

if TYPE_CHECKING:
    from akis.authority.context import Authority
    from akis.authority.serving.settings import Settings
    from akis.authority.store.store import Store

DATABASE = "sqlite:///FILE or postgresql://USER@HOST/NAME, without a password; or env:NAME or file:PATH, where the URL \
is; default: sqlite:///authority.db"
MASTER_KEY = "a file that only its owner can read (`akis authority new-key`), or a pkcs11: URI of a key in an HSM; \
default: master.key"
MASTER_KEY_PIN = "where the PIN of the HSM is: env:NAME or file:PATH"
_BY_OPTION = (
    "database",
    "master_key",
    "master_key_pin",
    "host",
    "port",
    "workers",
    "tls_cert",
    "tls_key",
    "behind_proxy",
    "sms",
    "sms_token",
)
"""Settings that have an option of the same name."""


def describe(parser: argparse.ArgumentParser, text: str, *examples: str) -> None:
    """What the action does, in lines of at most 80 columns, and how it is called."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = textwrap.fill(text, 80)
    add_examples(parser, *examples)


def add_database(parser: argparse.ArgumentParser) -> None:
    """``--config``, ``--database`` and ``--json``."""
    parser.add_argument("--config", metavar="FILE", help="settings in TOML; options come before what is in it")
    parser.add_argument("--database", metavar="URL", help=DATABASE)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_master_key(parser: argparse.ArgumentParser) -> None:
    """``--master-key`` and ``--master-key-pin``."""
    parser.add_argument("--master-key", metavar="SOURCE", help=MASTER_KEY)
    parser.add_argument("--master-key-pin", metavar="SOURCE", help=MASTER_KEY_PIN)


def settings(args: argparse.Namespace) -> Settings:
    """The settings of the file that ``--config`` names, or else the defaults, with what other options say.

    What is wrong with them is told with the names of the options (:func:`options_named`).
    """
    from dataclasses import replace

    from akis.authority.serving.settings import Settings

    given: dict[str, Any] = {name: value for name in _BY_OPTION if (value := getattr(args, name, None)) is not None}
    read = Settings() if args.config is None else Settings.from_toml(Path(args.config))
    with options_named(args):
        return replace(read, **given)


@contextmanager
def options_named(args: argparse.Namespace) -> Iterator[None]:
    """Complaints about settings call them as they were given: by their options, or as in the file of ``--config``."""
    from akis.errors import AkisError

    try:
        yield
    except AkisError as error:
        names = [name for name in _BY_OPTION if args.config is None or getattr(args, name, None) is not None]
        # Some are common words, which are meant for the setting only where the sentence begins with them.
        found = "|".join(name if "_" in name else rf"\A{name}" for name in names)
        said = re.sub(rf"(?<![\w/.-])({found})\b", lambda name: f"--{name[0].replace('_', '-')}", str(error))
        error.args = (said, *error.args[1:])
        raise


@contextmanager
def opened_store(args: argparse.Namespace) -> Iterator[Store]:
    """The database, which is there, its tables those of this version; closed at the end of a ``with``."""
    from contextlib import closing

    from akis.authority.serving.open import open_store

    with closing(open_store(settings(args))) as store:
        check_tables(store)
        yield store


@contextmanager
def migrated_store(args: argparse.Namespace) -> Iterator[Store]:
    """The database, made or brought to the tables of this version where that is needed; closed as well."""
    from contextlib import closing

    from akis.authority.serving.open import open_store
    from akis.authority.store.migrate import migrate

    with closing(open_store(settings(args))) as store:
        migrate(store)
        yield store


@contextmanager
def opened_authority(args: argparse.Namespace) -> Iterator[Authority]:
    """Database and master key, as the service has them, and belonging together; closed at the end of a ``with``."""
    from akis.authority.serving.open import check_fitting, close_authority, open_authority

    authority = open_authority(settings(args))
    try:
        check_tables(authority.store)
        check_fitting(authority)
        yield authority
    finally:
        close_authority(authority)


def check_tables(store: Store) -> None:
    """Make no database by the way: :class:`InvalidArgument` where there is none, or none with the tables of now."""
    from akis.authority.serving.open import missing_file
    from akis.authority.store.migrate import is_current
    from akis.errors import InvalidArgument

    missing = missing_file(store)
    if missing is not None:
        raise InvalidArgument(
            f"there is no database at {missing}; `akis authority import` and `serve` make one, or name another with "
            "--database"
        )
    if not is_current(store):
        raise InvalidArgument(
            "the database has not the tables of this version; `akis authority migrate` makes them, with the same "
            "options"
        )


def now() -> datetime:
    """The moment, UTC."""
    return datetime.now(UTC)


def when(moment: datetime) -> str:
    """A moment for people: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
