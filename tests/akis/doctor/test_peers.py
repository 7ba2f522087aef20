"""Which programs talk to a socket, told by the kernel of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from akis.doctor.finding import Program
from akis.doctor.peers import programs

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell")

TALKS = """
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[1])
print("connected", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "x"))
        made.listen()
        yield made


@pytest.fixture
def place(listener: socket.socket) -> str:
    return str(listener.getsockname())


def test_nobody(place: str) -> None:
    assert programs(place) == ()
    assert programs("/no/such/socket") == ()


def test_this_program_does_not_count(place: str, listener: socket.socket) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(place)
        with listener.accept()[0]:
            assert programs(place) == ()


def test_another_one_does_by_name_and_without_its_arguments(place: str, listener: socket.socket) -> None:
    command = [sys.executable, "-c", TALKS, place, "PIN 73918264"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        name = Path(f"/proc/{other.pid}/comm").read_text().strip()
        with listener.accept()[0]:
            assert programs(place) == (Program(other.pid, name),)
        assert str(Program(other.pid, name)) == f"{name} (pid {other.pid})"
        other.stdin.close()
    assert programs(place) == ()


def test_one_whose_owner_does_not_let_us_look(place: str, listener: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(place)
        with listener.accept()[0]:
            assert programs(place, tmp_path / "proc") == (Program(),)
    assert str(Program()) == "a program of another user"


def test_a_kernel_that_does_not_say(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> socket.socket:
        raise PermissionError

    monkeypatch.setattr("akis.doctor.peers.socket.socket", refused)
    assert programs(place) is None
