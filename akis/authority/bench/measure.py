"""A measurement: a database with invented holders, an authority, clients; first warm, then counted."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import MetaData, inspect, text

from akis.authority.bench.clients import Clients, Place, Round
from akis.authority.bench.figures import Latency, cpu_by_part, shares
from akis.authority.bench.people import MOST, PASSWORD, bench_card, bring_in_bench
from akis.authority.bench.postgres import cpu_seconds, server_process
from akis.authority.bench.server import Server, ServerFailed
from akis.authority.demo.data import MASTER_KEY
from akis.authority.keys.file import new_master_key_file
from akis.authority.passwords import password_fits
from akis.authority.serving.open import open_store
from akis.authority.serving.settings import Settings
from akis.authority.store.migrate import migrate
from akis.authority.store.store import Store
from akis.errors import InvalidArgument

MOST_AT_ONCE = 1000
_WARM_UP = 20
"""Unlocks of each worker before anything is counted, about."""
_PASSWORDS_COMPARED = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure: so many ``unlocks``, ``at_once`` of them at any time, with so many ``workers``.

    ``database`` is the URL of an empty one, or where it is; None is a new SQLite file. With ``cheap_passwords`` those
    are hashed with as little work as there can be, so that the rest is seen. :class:`InvalidArgument`.
    """

    unlocks: int = 200
    at_once: int = 20
    workers: int = 1
    database: str | None = None
    cheap_passwords: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.at_once <= MOST_AT_ONCE:
            raise InvalidArgument(f"unlocks that go on at once are 1 to {MOST_AT_ONCE}")
        if not 1 <= self.unlocks <= MOST - self.warm_up:
            raise InvalidArgument(f"unlocks are 1 to {MOST - self.warm_up}")

    @property
    def warm_up(self) -> int:
        """How many unlocks come before those that are counted."""
        return max(self.at_once, _WARM_UP * self.workers)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured: cores that may be used, names and versions."""

    cores: int
    processor: str
    system: str
    python: str
    database: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out. Times are seconds; ``cpu`` is processor time of the authority's processes, by part.

    ``clients_cpu`` is that of the clients, which work on the same machine, and ``database_cpu`` that of a PostgreSQL
    server on it that serves nobody else, else None. ``password_cpu`` is what comparing one password takes.
    """

    wanted: Wanted
    machine: Machine
    processes: int
    lasted: float
    exchange: Latency
    whole: Latency
    cpu: Mapping[str, float]
    password_cpu: float
    clients_cpu: float
    database_cpu: float | None

    @property
    def rate(self) -> float:
        """Unlocks a second."""
        return self.wanted.unlocks / self.lasted

    @property
    def rate_per_core(self) -> float:
        """Unlocks that the authority does in a second of processor time."""
        return self.wanted.unlocks / sum(self.cpu.values())

    @property
    def shares(self) -> Mapping[str, float]:
        """What each part is of the authority's processor time."""
        return shares(self.cpu)


def measure(wanted: Wanted, told: Callable[[str], None] = lambda what: None) -> Measured:
    """Do it; ``told`` hears what is being done. Nothing stays behind, and an empty database is empty again.

    Raises :class:`InvalidArgument` for a database that is not empty, and an :class:`AkisError` where an unlock failed.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="akis-bench-")))
        new_master_key_file(folder / "master.key", lambda _: MASTER_KEY)
        settings = Settings(
            database=wanted.database or f"sqlite:///{folder / 'authority.db'}",
            master_key=str(folder / "master.key"),
            sms=f"outbox:{folder / 'sms.jsonl'}",
            port=0,
            workers=wanted.workers,
            log="json",
        )
        store = open_store(settings)
        held.callback(store.close)
        held.enter_context(_emptied(store))
        told("preparing the database")
        migrate(store)
        warm, counted = range(wanted.warm_up), range(wanted.warm_up, wanted.warm_up + wanted.unlocks)
        stored = bring_in_bench(store, range(counted.stop), cheap_passwords=wanted.cheap_passwords)
        password_cpu = _password_cpu(stored)
        told("starting the authority and its clients")
        server = held.enter_context(Server(settings, folder / "log"))
        processes = min(wanted.at_once, _cores())
        clients = held.enter_context(Clients(Place(server.url, folder / "sms.jsonl"), processes))
        told(f"warming up with {len(warm)} unlocks")
        clients.run(warm, wanted.at_once)
        before = server.settled(len(warm))
        postgres = server_process(store)
        database_before = None if postgres is None else cpu_seconds(postgres)
        told(f"measuring {len(counted)} unlocks")
        done = clients.run(counted, wanted.at_once)
        after = server.settled(len(warm) + len(counted))
        database_cpu = None
        if postgres is not None and database_before is not None:
            database_cpu = cpu_seconds(postgres) - database_before
        _check(server, done)
        return Measured(
            wanted=replace(wanted, database=None),  # it may hold a password
            machine=_machine(store),
            processes=processes,
            lasted=done.lasted,
            exchange=Latency.of([unlocked.exchange for unlocked in done.unlocks]),
            whole=Latency.of([unlocked.whole for unlocked in done.unlocks]),
            cpu=cpu_by_part(before, after, password_cpu * sum(map(_passwords, counted))),
            password_cpu=password_cpu,
            clients_cpu=done.cpu,
            database_cpu=database_cpu,
        )


def _passwords(number: int) -> int:
    """How often the password of this holder is compared: to sign in, and as the second factor where it is that."""
    return 1 + (bench_card(number).holder.second_factor == "password")


def _password_cpu(stored: str) -> float:
    """Processor time of comparing one, in all threads that argon2 starts; nothing else goes on meanwhile."""

    def once() -> float:
        before = time.process_time()
        password_fits(stored, PASSWORD)
        return time.process_time() - before

    return median(once() for _ in range(_PASSWORDS_COMPARED))


@contextmanager
def _emptied(store: Store) -> Iterator[None]:
    with store.read() as session:
        there_before = inspect(session.connection()).get_table_names()
    if there_before:
        raise InvalidArgument("the database is not empty and was left as it is; name an empty one")
    try:
        yield
    finally:
        with store.begin() as session:
            there = MetaData()
            there.reflect(session.connection())
            there.drop_all(session.connection())
            if store.engine.dialect.name == "postgresql":
                session.execute(text("DROP FUNCTION IF EXISTS audit_only_grows()"))


def _check(server: Server, done: Round) -> None:
    wrong = sum(not unlocked.right for unlocked in done.unlocks)
    if wrong:
        raise ServerFailed(f"{wrong} cards have not the PIN that their holders wanted; this is a fault of ours")
    complaints = server.complaints()
    if complaints:
        raise ServerFailed(f"the authority complained {len(complaints)} times, at first of {complaints[0]!r}")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _machine(store: Store) -> Machine:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("ascii", "replace"), re.MULTILINE)
    except OSError:
        found = None
    return Machine(
        cores=_cores(),
        processor=found[1].strip() if found else platform.machine(),
        system=platform.platform(terse=True),
        python=platform.python_version(),
        database=_database(store),
    )


def _database(store: Store) -> str:
    if store.engine.dialect.name != "postgresql":
        return f"SQLite {sqlite3.sqlite_version}"
    with store.read() as session:
        return f"PostgreSQL {session.execute(text('SHOW server_version')).scalar_one()}"
