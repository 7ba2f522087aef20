"""``akis authority serve`` on PostgreSQL in a process of its own, its figures, its log and what it wrote down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import select

from akis.authority import audit
from akis.authority.bench.server import Figures, figures_at
from akis.authority.demo.data import MASTER_KEY
from akis.authority.keys.file import new_master_key_file
from akis.authority.store.store import Store
from akis.authority.store.tables import AuditEntry, Unlock

ROOT = Path(__file__).parents[3]
PATIENCE = 30


@dataclass
class Service:
    """A service that listens at ``url``."""

    url: str
    folder: Path
    store: Store

    @property
    def outbox(self) -> Path:
        return self.folder / "sms.jsonl"

    def figures(self) -> Figures:
        return figures_at(self.url)

    def exchanges_by_worker(self) -> list[float]:
        """How many exchanges each worker brought to a good end."""
        [folder] = (self.folder / "tmp").glob("akis-authority-*")
        return [_done(path) for path in folder.glob("counter_*.db")]

    def logged(self) -> list[Mapping[str, Any]]:
        """Its log lines, all but the one that says where SMS go."""
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if not line.startswith("SMS are not sent")]

    def unlocks(self) -> Sequence[Unlock]:
        with self.store.read() as session:
            return session.scalars(select(Unlock)).all()

    def trail(self, lines: int) -> Sequence[AuditEntry]:
        """The audit log, which is whole and has come to so many lines: who reports does not wait for the line."""

        def all_there() -> bool:
            with self.store.read() as session:
                return audit.verify(session).count >= lines

        until(all_there)
        with self.store.read() as session:
            found = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        assert len(found) == lines
        return found


@contextmanager
def serving(url: str, folder: Path, workers: int) -> Iterator[Service]:
    """The service with that database, which has its tables already."""
    new_master_key_file(folder / "master.key", lambda _: MASTER_KEY)
    (folder / "tmp").mkdir()
    options = {
        "database": url,
        "master-key": folder / "master.key",
        "sms": f"outbox:{folder / 'sms.jsonl'}",
        "port": 0,
        "workers": workers,
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools", "authority", "serve", "--json", *words],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    store = Store(url)
    try:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        service = Service(listening["url"], folder, store)
        until(lambda: _started(folder / "log") == workers)
        yield service
    finally:
        store.close()
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as it is so."""
    __tracebackhide__ = True
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"it was not so within {PATIENCE} seconds"
        time.sleep(0.05)


def _started(log: Path) -> int:
    return log.read_text().count('"event": "listening"')


def _done(path: Path) -> float:
    families = MultiProcessCollector.merge([str(path)])  # type: ignore[no-untyped-call]
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "akis_exchanges_total" and sample.labels["outcome"] == "done"
    )
