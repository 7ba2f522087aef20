"""A card in a file, in a process that is killed at any line of a VERIFY."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.akis.emulator.cards import PIN, SELECT, WRONG

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.state"


KILL_AT_EACH_LINE = """
import hmac, json, os, signal, sys
from pathlib import Path
from akis.emulator import load_personality
from akis.emulator.state_file import StateFile

path, select, *commands = sys.argv[1:]
command = bytes.fromhex(commands[-1])
personality = load_personality("akis-2.2")
with StateFile(path, personality) as file:
    for item in (select, *commands[:-1]):
        file.card.process(bytes.fromhex(item))
start = Path(path).read_bytes()

def child(limit, pipe):
    compare = hmac.compare_digest
    def watched(*values):
        os.write(pipe, b"compared ")
        return compare(*values)
    hmac.compare_digest = watched
    file = StateFile(path, personality)
    file.card.process(bytes.fromhex(select))
    count = 0
    def trace(frame, event, _):
        nonlocal count
        if "emulator" not in frame.f_code.co_filename:
            return None
        if event == "line":
            count += 1
            if count == limit:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    answer = file.card.process(command)
    sys.settrace(None)
    os.write(pipe, b"answered " + answer.hex().encode())

limit, told = 0, ""
while "answered" not in told:
    limit += 1
    Path(path).write_bytes(start)
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            child(limit, writing)
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    told = os.read(reading, 1000).decode()
    os.close(reading)
    with StateFile(path, personality) as file:
        print(json.dumps([told, file.card.memory.references[0x81].left]))
"""


def killed_at_each_line(path: Path, *commands: str) -> list[tuple[str, int]]:
    """Run the last command again and again from the same state, killed at the first line of the card, the second, …

    What each run got to say before, and the tries left when the file is opened again.
    """
    script = [sys.executable, "-c", KILL_AT_EACH_LINE, path, SELECT, *commands]
    run = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.stderr == ""
    return [tuple(json.loads(line)) for line in run.stdout.splitlines()]


@pytest.mark.slow
def test_a_wrong_pin_killed_at_any_line_never_gives_a_try_back(path):
    runs = killed_at_each_line(path, f"00200081 06 {WRONG}")
    assert runs[-1] == ("compared answered 63c2", 2)
    assert all(tries == 2 for told, tries in runs if "compared" in told)
    tries = [tries for _, tries in runs]
    assert tries == sorted(tries, reverse=True)
    assert set(tries) == {3, 2}
    assert ("", 2) in runs, "the counter is down before the comparison"
    assert len(runs) > 50


@pytest.mark.slow
def test_a_right_pin_killed_at_any_line_costs_a_try_or_fills_the_counter(path):
    runs = killed_at_each_line(path, f"00200081 06 {WRONG}", f"00200081 06 {PIN}")
    assert runs[-1] == ("compared answered 9000", 3)
    tries = [tries for _, tries in runs]
    first, second = tries.index(1), tries.index(3)
    assert tries == [2] * first + [1] * (second - first) + [3] * (len(tries) - second)
    assert all("compared" in told for told, _ in runs[second:])
    assert ("compared ", 1) in runs
