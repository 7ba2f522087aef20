"""``serve`` in a process of its own, as an operator runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from akis.authority.serving.settings import Settings

WAIT = 60
_PROGRAM = """
import os, sys
from akis.authority.serving.serve import serve
from akis.authority.serving.settings import Settings

def told(url):
    print(url, flush=True)
    if len(sys.argv) > 2:
        os.kill(os.getpid(), int(sys.argv[2]))

serve(Settings.from_json(sys.argv[1]), told)
print("ended", flush=True)
"""


@dataclass
class Process:
    """A process that serves at ``url``."""

    running: subprocess.Popen[str]
    url: str
    stderr: str = ""

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, wait for its end, and return its exit code."""
        self.running.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        out, self.stderr = self.running.communicate(timeout=WAIT)
        assert out == "ended\n", (out, self.stderr)
        return self.running.returncode

    def lines(self) -> list[dict[str, Any]]:
        """What it logged, once it has ended."""
        return [json.loads(line) for line in self.stderr.splitlines()]


@contextmanager
def serving(settings: Settings, signals_itself: int | None = None, **environment: str) -> Iterator[Process]:
    """``serve(settings)`` elsewhere; ended by force where nobody ended it.

    It may send a signal to itself as soon as it has told its URL.
    """
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, settings.to_json()]
    command += [] if signals_itself is None else [str(int(signals_itself))]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | environment, start_new_session=True, **pipes) as running:  # type: ignore[call-overload]
        late = threading.Timer(WAIT, running.kill)
        late.start()
        try:
            url = running.stdout.readline().strip()
            assert url, running.communicate()[1]
            yield Process(running, url)
        finally:
            late.cancel()
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
