"""``akis authority bench``, small and for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import inspect

from akis.authority.store.store import Store
from tests.postgres import PostgresServer
from tests.tools.akis_process import ROOT, akis

UNLOCKS, AT_ONCE = 20, 5
PATIENCE = 120

pytestmark = pytest.mark.slow


def bench(*options: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it; the clients and the authority need longer than other commands."""
    words = ["authority", "bench", "--unlocks", UNLOCKS, "--at-once", AT_ONCE, *options]
    return subprocess.run(
        [sys.executable, "-m", "tools", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def check(found: dict[str, Any]) -> None:
    """What is true of every measurement."""
    assert found["schema"] == 1
    assert (found["unlocks"], found["at_once"]) == (UNLOCKS, AT_ONCE)
    parts = {name: seconds for name, seconds in found["cpu_seconds"].items() if name != "all"}
    assert set(parts) == set(found["shares"]) == {"cryptography", "storage", "http", "passwords", "rest"}
    assert all(seconds >= 0 for seconds in parts.values())
    assert all(parts[name] > 0 for name in ("cryptography", "storage", "http", "passwords"))
    assert sum(parts.values()) == pytest.approx(found["cpu_seconds"]["all"])
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert found["unlocks_per_second"] == pytest.approx(UNLOCKS / found["seconds"])
    assert found["unlocks_per_cpu_second"] == pytest.approx(UNLOCKS / found["cpu_seconds"]["all"])
    # No more processor time than there are cores; the clock of the machine and those of processes differ a little.
    assert found["cpu_seconds"]["all"] < 1.2 * found["machine"]["cores"] * found["seconds"] + 0.5
    for latency in found["latency"].values():
        assert 0 < latency["median"] <= latency["p95"] <= latency["p99"] < found["seconds"]
    assert found["latency"]["exchange"]["median"] < found["latency"]["whole"]["median"]
    assert found["machine"]["python"] == sys.version.split()[0]


def test_it_measures_on_a_database_of_its_own() -> None:
    done = bench("--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    check(found)
    assert found["workers"] == 1
    assert found["machine"]["database"].startswith("SQLite")
    assert found["database_cpu_seconds"] is None
    assert found["cpu_seconds_per_password"] > 0.01


def test_postgresql_is_measured_apart_and_is_empty_again(postgres: PostgresServer) -> None:
    name = postgres.create()
    done = bench("--json", "--workers", 2, "--cheap-passwords", "--database", "env:BENCH", BENCH=postgres.url(name))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    check(found)
    assert found["workers"] == 2
    assert found["machine"]["database"].startswith("PostgreSQL")
    assert found["database_cpu_seconds"] > 0
    store = Store(postgres.url(name))
    assert inspect(store.engine).get_table_names() == []
    store.close()
    postgres.drop(name)


def test_as_text_it_says_what_was_measured_and_where() -> None:
    done = bench("--cheap-passwords")
    assert done.returncode == 0, done.stderr
    for words in (
        f"{UNLOCKS} unlocks, {AT_ONCE} at once",
        f"Python {sys.version.split()[0]}, SQLite",
        "unlocks a second",
        "exchange with the card",
        "storage",
    ):
        assert words in done.stdout
    assert "Measuring 20 unlocks" in done.stderr


def test_a_database_with_something_in_it_is_left_alone(sqlite_store: Store) -> None:
    done = akis("authority", "bench", "--database", f"sqlite:///{sqlite_store.engine.url.database}")
    assert done.code == 2
    assert "not empty" in done.complaint
    with sqlite_store.engine.connect():
        assert "audit" in inspect(sqlite_store.engine).get_table_names()


@pytest.mark.parametrize("options", [("--unlocks", 0), ("--at-once", 0), ("--at-once", 1001), ("--workers", 0)])
def test_what_cannot_be_measured_is_refused(options: tuple[object, ...]) -> None:
    assert akis("authority", "bench", *options).code == 2
