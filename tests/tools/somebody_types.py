"""Somebody who types at a terminal on which ``akis`` runs."""

from __future__ import annotations

import os
import pty
import select
import sys
import time

from tests.tools.akis_process import ROOT

_PATIENCE = 10


class Terminal:
    """The command on a terminal of 80 columns, as its own session, and somebody who types."""

    def __init__(self, *arguments: str) -> None:
        child, self._descriptor = pty.fork()
        if not child:
            os.chdir(ROOT)
            os.environ["COLUMNS"] = "80"
            os.execv(sys.executable, [sys.executable, "-m", "tools", *arguments])
        self._child = child
        self.shown = ""

    def wait_for(self, prompt: str) -> None:
        """Until the terminal ends with this, which is something new."""
        deadline = time.monotonic() + _PATIENCE
        while not self.shown.endswith(prompt):
            assert self._read(deadline - time.monotonic()), f"instead of {prompt!r}: {self.shown!r}"

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def answer(self, prompt: str, text: str) -> None:
        """Type a line at this prompt."""
        self.wait_for(prompt)
        self.type(text + "\n")

    def end(self) -> int:
        """Wait for the end of the command; returns its exit code."""
        while self._read(_PATIENCE):
            pass
        os.close(self._descriptor)
        _, status = os.waitpid(self._child, 0)
        return os.waitstatus_to_exitcode(status)

    @property
    def lines(self) -> list[str]:
        return self.shown.splitlines()

    def _read(self, seconds: float) -> bool:
        """Whether there was more to see in that time."""
        if not select.select([self._descriptor], [], [], max(seconds, 0))[0]:
            return False
        try:
            piece = os.read(self._descriptor, 4096)
        except OSError:  # nobody has the other end open any more
            return False
        self.shown += piece.decode()
        return bool(piece)
