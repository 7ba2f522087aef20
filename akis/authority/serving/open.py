"""An authority by its settings, and the end of one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from akis.authority.context import Authority
from akis.authority.keys.key_check import check_key_fits
from akis.authority.keys.open import open_master_key
from akis.authority.serving.settings import Settings
from akis.authority.sms import Webhook, open_sms_sender
from akis.authority.store.store import Store
from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.sources.secrets import read_secret


def open_authority(settings: Settings) -> Authority:
    """The authority that ``settings`` describe, to be closed with :func:`close_authority`.

    Its master key was tried; its database has not been asked for anything yet. Raises an :class:`AkisError` that says
    what cannot be opened.
    """
    with ExitStack() as opened:
        store = open_store(settings)
        opened.callback(store.close)
        sms = open_sms_sender(settings.sms, _secret(settings.sms_token, "token of the SMS service"))
        if isinstance(sms, Webhook):
            opened.callback(sms.close)
        master = open_master_key(settings.master_key, settings.master_key_pin)
        opened.pop_all()
    return Authority(store, master, sms, settings.rules)


def close_authority(authority: Authority) -> None:
    """Let go of its connections and its key."""
    authority.store.close()
    if isinstance(authority.sms, Webhook):
        authority.sms.close()
    authority.master.close()


def check_fitting(authority: Authority) -> None:
    """Refuse a master key that is not the database's: :class:`akis.authority.keys.key_check.OtherMasterKey`.

    The database has the tables of this version, and remembers the first key it is used with.
    """
    check_key_fits(authority.store, authority.master)


def missing_file(store: Store) -> Path | None:
    """The file that would be made if this database, SQLite, were asked for anything; None where there is a database."""
    url = store.engine.url
    if store.engine.dialect.name != "sqlite" or not url.database or url.database.startswith((":memory:", "file:")):
        return None
    path = Path(url.database)
    return None if path.exists() else path


def open_store(settings: Settings) -> Store:
    """The database that ``settings`` name, alone; it has not been asked for anything yet."""
    return Store(_database_url(settings.database))


def _database_url(database: str) -> str:
    if not database.startswith(("env:", "file:")):
        return database
    with read_secret(database, "database URL") as url:
        try:
            return url.reveal().decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidArgument("the database URL is no text") from None


def _secret(source: str | None, name: str) -> Secret | None:
    return None if source is None else read_secret(source, name)
