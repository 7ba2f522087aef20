"""An authority that is served by processes of its own, and what they say of themselves."""

from __future__ import annotations

import json
import multiprocessing
import os
import ssl
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from akis.authority.serving.serve import STOPS_WITHIN, serve
from akis.authority.serving.settings import Settings
from akis.errors import AkisError

_STARTS_WITHIN = 60.0
_SETTLES_WITHIN = 30.0
_PAUSE = 0.05
_STARTED = "listening"

Figures = Mapping[tuple[str, ...], float]
"""The samples of its figures: the name, then the values of the labels in the order of their names."""


class ServerFailed(AkisError):
    """It did not start, or does not go on."""


class Server:
    """``serve`` for the time of a ``with``; its log lines are added to the file ``log``."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings = settings
        self._log = log
        self.url = ""

    def __enter__(self) -> Self:
        # Not a daemon: it has workers of its own.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(self._settings.to_json(), str(self._log), theirs))
        self._process.start()
        theirs.close()
        try:
            self.url = _told(ours)
            _until(self._all_started, _STARTS_WITHIN, "not all workers of the authority started")
        except BaseException:
            self._end()
            raise
        finally:
            ours.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def figures(self) -> Figures:
        """What it has counted until now, in all its workers."""
        return figures_at(self.url)

    def settled(self, exchanges: int) -> Figures:
        """Its figures as soon as that many exchanges have ended and none goes on, their reports written down."""
        found: Figures = {}

        def quiet() -> bool:
            nonlocal found
            found = self.figures()
            return (
                found.get(("akis_exchange_seconds_count",), 0) >= exchanges
                and found.get(("akis_unlocks_in_progress",), 0) == 0
            )

        _until(quiet, _SETTLES_WITHIN, "the authority does not come to rest")
        return found

    def complaints(self) -> list[str]:
        """The events of all lines it logged that are warnings or worse."""
        return [line["event"] for line in self._lines() if line["level"] not in ("debug", "info")]

    def _lines(self) -> list[Mapping[str, Any]]:
        text = self._log.read_text("utf-8") if self._log.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def _all_started(self) -> bool:
        if not self._process.is_alive():
            raise ServerFailed("the authority ended while it started")
        started = [line for line in self._lines() if line["event"] == _STARTED]
        return len(started) >= self._settings.workers

    def _end(self) -> None:
        self._process.terminate()
        self._process.join(STOPS_WITHIN + 5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def figures_at(url: str) -> Figures:
    """The figures of the authority there, of all its workers together."""
    import httpx
    from prometheus_client.parser import text_string_to_metric_families

    # A context without a CA costs nothing to make, and trusts nobody.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        page = httpx.get(f"{url}/metrics", trust_env=False, verify=tls, timeout=_STARTS_WITHIN)
    except httpx.HTTPError:
        raise ServerFailed("the authority does not answer") from None
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


def _serve(settings: str, log: str, told: Connection) -> None:
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    try:
        serve(Settings.from_json(settings), lambda url: told.send((False, url)))
    except AkisError as error:
        told.send((True, str(error)))


def _told(end: Connection) -> str:
    try:
        failed, said = end.recv() if end.poll(_STARTS_WITHIN) else (True, "the authority does not start")
    except EOFError:
        failed, said = True, "the authority ended while it started"
    if failed:
        raise ServerFailed(said)
    return str(said)


def _until(condition: Callable[[], bool], seconds: float, else_: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServerFailed(else_)
        time.sleep(_PAUSE)
