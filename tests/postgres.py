"""A PostgreSQL server of the tests' own: nobody else's databases are ever touched.

It listens on a socket in a directory of its own, keeps nothing safe on disk, and ends with the process that started it.
The fixtures are in :mod:`tests.authority_stores`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

_START = 30.0
_LAUNCHER = """
import ctypes, os, signal, sys
user, group, *command = sys.argv[1:]
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG: not to outlive the tests
os.execv(command[0], command)
"""
"""Gives up root, which PostgreSQL refuses to run as."""
_QUICK = ("fsync=off", "full_page_writes=off", "max_connections=200", "shared_buffers=32MB")


def binaries() -> Path:
    """Where the server's programs are. Without them the test is skipped, or fails as in :mod:`tests.installed`."""
    found = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        found.append(Path(asked.stdout.strip()))
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    missing = "there is no PostgreSQL server; install what Debian calls postgresql"
    if os.environ.get("AKIS_REQUIRE_PCSC") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


class PostgresServer:
    """A fresh cluster, running; :meth:`stop` ends it and takes it away."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix="akis-postgres-"))
        self._made = 0
        # PostgreSQL does not run as root; Debian's package brings a user for it.
        root = os.getuid() == 0
        self._user = pwd.getpwnam("postgres") if root else pwd.getpwuid(os.getuid())
        os.chown(self._home, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._home}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [part for setting in _QUICK for part in ("-c", setting)]
        places = ["-D", str(self._data), "-k", str(self._home), "-c", "listen_addresses="]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                self._command("postgres", *places, *settings), stdout=log, stderr=log, cwd=self._home
            )
        deadline = time.monotonic() + _START
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{self._log.read_text('utf-8', 'replace')}")
            time.sleep(0.02)

    def halt(self) -> None:
        """End it at once, whoever is connected; :meth:`start` brings it back with all it held."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(_START)

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._home, ignore_errors=True)

    def create(self, like: str = "template1") -> str:
        """The name of a new database, a copy of another to which nobody is connected."""
        self._made += 1
        name = f"test_{self._made}"
        self.do(f"CREATE DATABASE {name} TEMPLATE {like}")
        return name

    def drop(self, name: str) -> None:
        """Take a database away, with whoever is still connected."""
        self.do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def do(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def _log(self) -> Path:
        return self._home / "log"

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(self._command(program, *arguments), capture_output=True, text=True, cwd=self._home)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _command(self, program: str, *arguments: str) -> list[str]:
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(self._user.pw_uid), str(self._user.pw_gid)]
        return [*launcher, str(self._programs / program), *arguments]
