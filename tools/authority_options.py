"""The arguments that actions of ``akis authority`` have in common, and the database and keys they lead to."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from akis.authority.context import Authority
    from akis.authority.settings import Settings
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
    """The settings of the file that ``--config`` names, or else the defaults, with what other options say."""
    from dataclasses import replace

    from akis.authority.settings import Settings

    given: dict[str, Any] = {name: value for name in _BY_OPTION if (value := getattr(args, name, None)) is not None}
    read = Settings() if args.config is None else Settings.from_toml(Path(args.config))
    return replace(read, **given)


@contextmanager
def opened_store(args: argparse.Namespace) -> Iterator[Store]:
    """The database, its tables those of this version; closed at the end of a ``with``."""
    from contextlib import closing

    from akis.authority.open import open_store

    with closing(open_store(settings(args))) as store:
        check_tables(store)
        yield store


@contextmanager
def opened_authority(args: argparse.Namespace) -> Iterator[Authority]:
    """Database and master key, as the service has them; closed at the end of a ``with``."""
    from akis.authority.open import close_authority, open_authority

    authority = open_authority(settings(args))
    try:
        check_tables(authority.store)
        yield authority
    finally:
        close_authority(authority)


def check_tables(store: Store) -> None:
    """:class:`InvalidArgument` where the database has not the tables of this version."""
    from akis.authority.store.migrate import is_current
    from akis.errors import InvalidArgument

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
