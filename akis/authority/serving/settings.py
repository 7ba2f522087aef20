"""What an operator decides about an authority: where things are and where it listens. No secret is among it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from urllib.parse import urlsplit

from akis.authority.rules import Rules
from akis.errors import InvalidArgument, ProfileError
from akis.profile.load import build, read_toml
from akis.unlock.address import is_loopback

LOG_FORMS = ("auto", "json", "plain")
"""How log lines are written; ``auto`` is plain on a terminal and JSON otherwise."""
MOST_WORKERS = 64
_SQLITE = "sqlite:///"
_SOURCES = ("env:", "file:")
_LONGEST = 65536
_ADDRESS = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "str | None": (str, type(None)),
    "Rules": (Rules,),
}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", Rules: "a table"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one authority; :class:`InvalidArgument` where they make no sense, in one sentence.

    Where a secret is needed they say where it is, ``env:NAME`` or ``file:PATH``, so that they can be shown, logged and
    handed to other processes.
    """

    database: str = "sqlite:///authority.db"
    """``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME`` without a password, or where such a URL is."""
    master_key: str = "master.key"
    """A file that only its owner can read, or a ``pkcs11:`` URI."""
    master_key_pin: str | None = None
    """Where the PIN of the HSM is."""
    sms: str = "outbox:sms.jsonl"
    """``outbox:FILE`` for development, or the ``https://`` URL of a web service."""
    sms_token: str | None = None
    """Where the token for that web service is."""
    host: str = "127.0.0.1"
    port: int = 8443
    """0 is whichever is free."""
    workers: int = 1
    """Processes that answer."""
    tls_cert: str | None = None
    """PEM file of the certificate and those above it."""
    tls_key: str | None = None
    """PEM file of its private key."""
    behind_proxy: bool = False
    """Whether a proxy of ours stands before it, which does TLS and says in X-Forwarded-For who asks."""
    log: str = "auto"
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        _check_kinds(self, "")
        _check_kinds(self.rules, "rules.")
        _check_rules(self.rules)
        _check_database(self.database)
        if "pin-value=" in self.master_key:
            raise InvalidArgument("master_key must not hold the PIN itself; say with master_key_pin where it is")
        for name in ("master_key_pin", "sms_token"):
            source = getattr(self, name)
            if source is not None and not source.startswith(_SOURCES):
                raise InvalidArgument(f"{name} says where it is, env:NAME or file:PATH, and is not the secret itself")
        if not self.sms.startswith("outbox:") and "@" in urlsplit(self.sms).netloc:
            raise InvalidArgument("sms must not hold a password; say with sms_token where the service's token is")
        if not _ADDRESS.fullmatch(self.host):
            raise InvalidArgument("host is a name or an IP address, such as 127.0.0.1")
        if not 0 <= self.port <= 65535:
            raise InvalidArgument("port is a number from 0, which is any free one, to 65535")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise InvalidArgument(f"workers are 1 to {MOST_WORKERS} processes")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise InvalidArgument("TLS needs both, tls_cert and tls_key")
        if self.log not in LOG_FORMS:
            raise InvalidArgument(f"log is one of {', '.join(LOG_FORMS)}")

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches where it listens."""
        return is_loopback(self.host.lower())

    def check_listening(self) -> None:
        """Refuse to let passwords and codes over a network in the clear: :class:`InvalidArgument`."""
        if self.tls_cert is None and not self.is_loopback and not self.behind_proxy:
            raise InvalidArgument(
                f"without TLS it does not listen on {self.host}: give tls_cert and tls_key, set behind_proxy where a"
                " proxy of yours does TLS, or listen on 127.0.0.1"
            )

    def beside(self, folder: Path) -> Settings:
        """The same with every relative path taken as one from ``folder``."""
        return replace(
            self,
            database=_database_beside(folder, self.database),
            master_key=self.master_key if self.master_key.startswith("pkcs11:") else str(folder / self.master_key),
            master_key_pin=_source_beside(folder, self.master_key_pin),
            sms=_after("outbox:", folder, self.sms),
            sms_token=_source_beside(folder, self.sms_token),
            tls_cert=None if self.tls_cert is None else str(folder / self.tls_cert),
            tls_key=None if self.tls_key is None else str(folder / self.tls_key),
        )

    def to_json(self) -> str:
        """As text for :meth:`from_json`, for a process of another's."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What :meth:`to_json` wrote; :class:`ProfileError`."""
        try:
            table = json.loads(text)
        except (ValueError, RecursionError):
            table = None
        if not isinstance(table, dict):
            raise ProfileError("the settings of the authority are not JSON")
        return build(cls, table, "settings")

    @classmethod
    def from_toml(cls, path: Path) -> Settings:
        """Settings from a TOML file, in which relative paths begin at its folder; :class:`ProfileError`."""
        try:
            with path.open("rb") as stream:
                text = stream.read(_LONGEST).decode("utf-8")
        except (OSError, ValueError) as error:
            reason = (error.strerror or "no such file") if isinstance(error, OSError) else "it is not text"
            raise ProfileError(f"{path}: cannot be read: {reason}") from None
        return build(cls, read_toml(text, str(path)), str(path)).beside(path.resolve().parent)


def _check_kinds(values: Settings | Rules, path: str) -> None:
    for item in fields(values):
        kinds, value = _KINDS[str(item.type)], getattr(values, item.name)
        # True is an int to Python, and nothing of the kind to who writes settings.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise InvalidArgument(f"{path}{item.name} is {_WORDS[kinds[-1] if kinds[-1] is float else kinds[0]]}")
        if isinstance(value, str) and not value.isprintable():
            raise InvalidArgument(f"{path}{item.name} holds characters that cannot be printed")


def _check_rules(rules: Rules) -> None:
    for name, value in asdict(rules).items():
        if not (math.isfinite(value) and 0 < value < 1_000_000):
            raise InvalidArgument(f"rules.{name} is more than 0 and less than a million")
    if rules.lease <= rules.answer_wait:
        raise InvalidArgument("rules.lease must be longer than rules.answer_wait, else a slow card is taken for gone")


def _check_database(database: str) -> None:
    if database.startswith(_SOURCES):
        return
    try:
        has_password = urlsplit(database).password is not None or "password=" in database
    except ValueError:
        has_password = True
    # The URL is not repeated, as it may hold what it should not.
    if has_password:
        raise InvalidArgument(
            "database must not hold a password; name a file or variable with the whole URL as file:PATH or env:NAME"
        )
    if "://" not in database:
        raise InvalidArgument("database is a URL such as sqlite:///authority.db or postgresql://user@host/name")


def _database_beside(folder: Path, database: str) -> str:
    if not database.startswith(_SQLITE) or database.startswith((f"{_SQLITE}:memory:", f"{_SQLITE}file:")):
        return _source_beside(folder, database) or database
    return _after(_SQLITE, folder, database)


def _source_beside(folder: Path, source: str | None) -> str | None:
    return None if source is None else _after("file:", folder, source)


def _after(prefix: str, folder: Path, text: str) -> str:
    return f"{prefix}{folder / text.removeprefix(prefix)}" if text.startswith(prefix) else text
