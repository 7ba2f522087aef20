"""``akis emulate`` killed (-9) at every step of VERIFY."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.akis.emulator.cards import PIN, WRONG
from tests.akis.emulator.virtual_reader import VirtualReader
from tests.tools.emulate_process import Emulate, tries_left

KILLED = """
import hmac, os, signal, sys
from akis.emulator.card import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.vpcd import VpcdClient
from tools.__main__ import main

wanted, armed, commits, moves = os.environ["KILL_AT"], False, 0, 0

def step(name):
    if armed and name == wanted:
        os.kill(os.getpid(), signal.SIGKILL)

def around(owner, name, before=lambda: None, after=lambda: None):
    real = getattr(owner, name)
    def call(*args, **kwargs):
        before()
        result = real(*args, **kwargs)
        after()
        return result
    setattr(owner, name, call)

def committing():
    global commits
    commits += armed
    step(f"write {commits} begins")

def moving():
    global moves
    moves += armed
    step(f"write {moves} is in a new file")

around(Memory, "commit", committing, lambda: step(f"write {commits} is done"))
around(os, "replace", moving, lambda: step(f"write {moves} is in place"))
around(hmac, "compare_digest", lambda: step("comparing"), lambda: step("compared"))

process, send = EmulatedCard.process, VpcdClient._send

def process_verify(card, raw):
    global armed
    armed = raw[1] == 0x20 and len(raw) > 5
    step("command read")
    return process(card, raw)

def send_answer(client, connection, answer):
    step("answering")
    if armed and wanted == "half an answer":
        connection.sendall(b"\\0")
        step(wanted)
    send(client, connection, answer)
    step("answered")

EmulatedCard.process, VpcdClient._send = process_verify, send_answer
sys.exit(main())
"""

FIRST_WRITE = ["command read", "write 1 begins", "write 1 is in a new file"]
WRITTEN = ["write 1 is in place", "write 1 is done", "comparing", "compared"]
BACK = ["write 2 begins", "write 2 is in a new file"]
WRITTEN_BACK = ["write 2 is in place", "write 2 is done"]
ANSWER = ["answering", "half an answer", "answered"]


def killed_at(step: str, reader: VirtualReader, file: Path, verify: str) -> str | None:
    """Send a VERIFY to a card that is killed at a step of it; the answer, where it got that far."""
    with Emulate(reader, "--state", file, code=KILLED, step=step) as emulate:
        tries_left(reader)
        try:
            answer = reader.apdu(verify)
        except EOFError:
            answer = None
        assert emulate.process.wait(20) == -signal.SIGKILL
    return answer


def spent(reader: VirtualReader, file: Path) -> None:
    """Spend one try, in a process of its own."""
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 3
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "left"), [*((step, 2) for step in FIRST_WRITE), *((step, 1) for step in WRITTEN + ANSWER)]
)
def test_a_wrong_verify_killed_at_this_step_never_gives_a_try_back(reader, file, step, left):
    spent(reader, file)
    answer = killed_at(step, reader, file, f"00200081 06 {WRONG}")
    assert answer == ("63C1" if step == "answered" else None)
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == left


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "left"),
    [
        *((step, 2) for step in FIRST_WRITE),
        *((step, 1) for step in WRITTEN + BACK),
        *((step, 3) for step in WRITTEN_BACK + ANSWER),
    ],
)
def test_a_right_verify_killed_at_this_step_costs_a_try_or_fills_the_counter(reader, file, step, left):
    spent(reader, file)
    answer = killed_at(step, reader, file, f"00200081 06 {PIN}")
    assert answer == ("9000" if step == "answered" else None)
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == left
