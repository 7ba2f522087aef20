"""``akis unlock`` in a process of its own, and the holder beside it, who is a script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Self

from tests.tools.akis_process import ROOT, Done
from tests.unlock.whole.service import PATIENCE, Service, wait_until, without_reader

NEW_PIN = "61947385"


class Client:
    """The command with ``--non-interactive``; the second factor is given when it is known."""

    def __init__(self, url: str, code: str, *arguments: object, new_pin: str = NEW_PIN) -> None:
        hears, self._answer = os.pipe()
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        given = ["--code", "env:CODE", "--new-pin", "env:NEW_PIN", "--answer", f"fd:{hears}", "--non-interactive"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools", "unlock", "--authority", url, *given, *map(str, arguments)],
            cwd=ROOT,
            env={**without_reader(), "CODE": code, "NEW_PIN": new_pin},
            pass_fds=[hears],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._err,
            text=True,
        )
        os.close(hears)
        self._too_late = threading.Timer(PATIENCE, self.process.kill)
        self._too_late.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._too_late.cancel()
        self.process.kill()
        self.process.communicate()
        self._err.close()
        if self._answer:
            os.close(self._answer)

    def says(self, words: str) -> None:
        """Wait until it says this, in one line or several."""
        wait_until(lambda: words in self.err or self.process.poll() is not None)
        assert words in self.err, self.err

    @property
    def err(self) -> str:
        """What it has said so far."""
        return os.pread(self._err.fileno(), 0x10000, 0).decode()

    def answer(self, text: str) -> None:
        """Give the second factor."""
        os.write(self._answer, text.encode())
        os.close(self._answer)
        self._answer = 0

    def answer_sms(self, service: Service, before: int) -> str:
        """Give the code of the first SMS after ``before`` ones, and return it."""
        wait_until(lambda: len(service.sms()) > before or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError(self.end().err)
        code = service.sms()[before]["text"].partition(":")[0]
        self.answer(code)
        return code

    def pause(self) -> None:
        """Let it do nothing until :meth:`go_on`, from a moment on when it does not look into the readers."""
        wait_until(self._paused_between_looks)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _paused_between_looks(self) -> bool:
        self.process.send_signal(signal.SIGSTOP)
        itself = Path(f"/proc/{self.process.pid}")
        wait_until(lambda: (itself / "stat").read_text().rpartition(") ")[2].startswith("T"))
        if len(list((itself / "task").iterdir())) == 1:  # a look has a thread of its own
            return True
        self.go_on()
        return False

    def end(self) -> Done:
        """How it ended, and all it said."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        return Done(self.process.returncode, out, self.err)
