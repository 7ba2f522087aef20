"""``akis`` in processes of its own, to be killed: each is forked off one that has loaded everything already."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

from tests.akis.authority.http.served import until
from tests.unlock.cuts import far_card

_PATIENCE = 30
_LOADED = (
    "akis.authority.http.app",
    "akis.authority.store.migrate",
    "httpx",
    "rich.console",
    "tests.unlock.cuts.processes",
    "tools.authority_serve",
    "tools.unlock",
    "tools.unlock_flow",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "websockets.sync.client",
)
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_LOADED))


@dataclass(frozen=True)
class Ended:
    """How a process ended, the code as a shell's ``wait`` has it in Python: minus the signal that killed it."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)


class Akis:
    """One run of the command, from its start to the end of a ``with`` at the latest; its output goes into ``folder``.

    ``environment`` is added to its environment, and with ``card`` every reader leads to the card that is there.
    """

    def __init__(
        self, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, card: str | None = None
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._out, self._err = folder / "out", folder / "err"
        given = arguments, dict(environment or {}), str(self._out), str(self._err), card
        self._process = _CONTEXT.Process(target=_run, args=given)

    def __enter__(self) -> Akis:
        for path in (self._out, self._err):
            path.unlink(missing_ok=True)
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()

    def kill(self, number: signal.Signals) -> None:
        """Send a signal; after SIGKILL it is gone, after others it may take its time."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)
        if number is signal.SIGKILL:
            connection.wait([self._process.sentinel])

    def wait(self) -> Ended:
        """Wait until it has ended by itself."""
        self._process.join(_PATIENCE)
        assert self._process.exitcode is not None, "it has not ended"
        return Ended(self._process.exitcode, self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    def first_line(self) -> str:
        """The first line that it prints, as soon as it is there."""
        until(lambda: (self._out.exists() and "\n" in self._out.read_text("utf-8")) or not self._process.is_alive())
        assert self._process.is_alive(), self._err.read_text("utf-8")
        return self._out.read_text("utf-8").splitlines()[0]


def _run(arguments: tuple[str, ...], environment: dict[str, str], out: str, err: str, card: str | None) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(environment)
    if card is not None:
        far_card.lead_to(card)
    from tools.__main__ import main

    sys.exit(main(arguments))
