"""``akis authority`` as its operator runs it, each command a process, and a holder at its portal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.tools.akis_process import ROOT, Done, akis
from tests.unlock.whole.search import database

PATIENCE = 30
DEMO_KEY = "demo-master.key"


class Service:
    """An authority in ``folder``, with the database at ``url`` there or elsewhere.

    ``keys`` are the options that name the master key, ``options`` further ones of ``akis authority serve``.
    """

    def __init__(self, folder: Path, url: str = "", keys: tuple[str, ...] = (), *options: object) -> None:
        self.folder = folder
        self.database = url or f"sqlite:///{folder / 'authority.db'}"
        self.cards = folder / "cards"
        self.outbox = folder / "sms.jsonl"
        self._keys = keys or ("--master-key", str(self.cards / DEMO_KEY))
        self._options = options
        self._log = folder / "log"

    def __enter__(self) -> Self:
        words = ["serve", "--json", "--database", self.database, *self._keys, "--port", 0]
        words += ["--sms", f"outbox:{self.outbox}", *self._options]
        command = [sys.executable, "-m", "tools", "authority", *map(str, words)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.decode()
        self.url = str(json.loads(line)["url"])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=PATIENCE)
        finally:
            self.process.kill()
        assert b"Traceback" not in self.log

    @property
    def log(self) -> bytes:
        """All that it has logged."""
        return self._log.read_bytes()

    def operator(self, *words: object) -> Done:
        """``akis authority`` with these words and this database."""
        return akis("authority", *words, "--database", self.database)

    def report(self, *words: object) -> dict[str, Any]:
        """The same, which ends well, as JSON."""
        done = self.operator(*words, "--json")
        assert done.code == 0, done.err
        return done.report

    def operators_code(self, holder: str) -> str:
        """A code for a holder at the counter."""
        return str(self.report("code", holder, *self._keys)["code"])

    def portals_code(self, holder: str, password: str, url: str = "", **how: Any) -> str:
        """A code that the holder gets at the portal, by way of ``url``."""
        import httpx

        with httpx.Client(base_url=url or self.url, trust_env=False, **how) as portal:
            portal.headers["Accept-Encoding"] = "identity"
            signed_in = portal.post("/v1/sign-ins", json={"name": holder, "password": password})
            token = signed_in.raise_for_status().json()["token"]
            made = portal.post("/v1/codes", headers={"Authorization": f"Bearer {token}"})
            return str(made.raise_for_status().json()["code"])

    def sms(self) -> list[dict[str, str]]:
        """What was sent, the oldest first."""
        return (
            [json.loads(line) for line in self.outbox.read_text("utf-8").splitlines()] if self.outbox.exists() else []
        )

    def reported(self) -> dict[str, Any]:
        """The latest unlock, once the client's word on it is there."""

        def latest() -> dict[str, Any]:
            return dict(self.report("sessions", "--last", 1)["unlocks"][0])

        wait_until(lambda: latest()["reported"])
        return latest()

    def places(self) -> Mapping[str, bytes]:
        """Where something could be that should not: database, log, SMS."""
        outbox = self.outbox.read_bytes() if self.outbox.exists() else b""
        return {**database(self.database), "log": self.log, "outbox": outbox}


def wait_until(true: Callable[[], object], says: Callable[[], str] = lambda: "in vain") -> None:
    """Until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, says()
        time.sleep(0.05)


def without_reader(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of somebody who has not said which reader to use, nor in which language."""
    unwanted = ("AKIS_READER", "AKIS_AUTHORITY", "LANGUAGE", "LANG", "LC_ALL")
    return {name: value for name, value in environment.items() if name not in unwanted} | {"LC_ALL": "C.UTF-8"}
