"""A PC/SC program beside the one under test, for what two of them do to each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

_PATIENCE = 20.0


def name_of(pid: int) -> str:
    """What is said of a program by those who name it."""
    return f"{Path(f'/proc/{pid}/comm').read_text().strip()} (pid {pid})"


class AnotherProgram:
    """A PC/SC program on pyscard alone, in its own process: it does one thing at a time and says how that went.

    Methods return the name of what PC/SC answered, ``SCARD_S_SUCCESS`` when it went well.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ANOTHER_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def connect(self, reader: str, *, exclusive: bool = False) -> str:
        return self._do(f"connect {int(exclusive)} {reader}")

    def reset(self) -> str:
        """Reset the card behind everybody's back."""
        return self._do("reset")

    def transmit(self, text: str) -> str:
        """Send a command in hex; returns the answer in hex where there is one."""
        return self._do(f"transmit {text}")

    def begin_transaction(self) -> str:
        return self._do("begin")

    def disconnect(self) -> str:
        return self._do("disconnect")

    def start(self, what: str) -> None:
        """Begin what may take a while, and go on; :meth:`wait` has how it went.

        ``what`` is ``connect SHARE READER`` (1 for exclusive), ``reset``, ``transmit HEX``, ``begin``, ``disconnect``,
        or ``end SECONDS``: the end of the transaction, that much later.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()

    def wait(self) -> str:
        """How that went."""
        assert self._process.stdout is not None
        too_late = threading.Timer(_PATIENCE, self._process.kill)
        too_late.start()
        line = self._process.stdout.readline()
        too_late.cancel()
        if not line:
            raise TimeoutError("the other program has been waiting for too long, or is gone")
        return line.strip()

    def quit(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _do(self, what: str) -> str:
        self.start(what)
        return self.wait()


_ANOTHER_PROGRAM = """
import sys, time
from smartcard import scard
from smartcard.scard import *

names = {getattr(scard, name): name for name in dir(scard) if name.startswith(("SCARD_S_", "SCARD_E_", "SCARD_W_"))}
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
for line in sys.stdin:
    what, _, rest = line.strip().partition(" ")
    if what == "connect":
        share = SCARD_SHARE_EXCLUSIVE if rest[0] == "1" else SCARD_SHARE_SHARED
        code, card, protocol = SCardConnect(context, rest[2:], share, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
    elif what == "reset":
        code, protocol = SCardReconnect(card, share, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_RESET_CARD)
    elif what == "transmit":
        code, answer = SCardTransmit(card, protocol, list(bytes.fromhex(rest)))
    elif what == "begin":
        code = SCardBeginTransaction(card)
    elif what == "end":
        time.sleep(float(rest))
        code = SCardEndTransaction(card, SCARD_LEAVE_CARD)
    elif what == "disconnect":
        code = SCardDisconnect(card, SCARD_LEAVE_CARD)
    print(bytes(answer).hex().upper() if what == "transmit" and not code else names[code], flush=True)
SCardReleaseContext(context)
"""
