"""Recording and reading take no more memory for a million exchanges than for a hundred thousand."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, resource, sys, tempfile
from pathlib import Path
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.profile.load import load
from akis.trace.entries import Header
from akis.trace.jsonl import Lines, Writer
from akis.trace.redactor import Redactor
from akis.transport.base import Transport
from akis.transport.recorder import Recorder

class Card(Transport):
    atr = b"\\x3b\\x00"
    def transmit(self, command): return b"\\x90\\x00"
    def reset(self): return self.atr
    def close(self): pass

count = int(sys.argv[1])
with tempfile.TemporaryDirectory() as home:
    path = Path(home) / "x.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        recorder = Recorder(Card(), Writer(stream, Header()).write, Redactor(load("akis-2")), stream.close)
        for number in range(count):
            if number % 10:
                recorder.transmit(b"\\x00\\xca\\x01\\x06\\x00")
            else:
                recorder.transmit(b"\\x00\\x24\\x00\\x81\\x10" + b"%08d%08d" % (number, number + 1))
        assert recorder.failure is None
    assert sum(1 for entry in Lines(path).entries()) == count
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def most_memory(exchanges: int) -> int:
    """KiB."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(exchanges)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.slow
def test_it_does_not_grow_with_the_length_of_a_trace() -> None:
    few, many = most_memory(100_000), most_memory(1_000_000)
    assert many < few + 4096
