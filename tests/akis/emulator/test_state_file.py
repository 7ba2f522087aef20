"""The file that keeps a card: durable before the card goes on, locked, and never overwritten when it is not ours."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from akis.emulator import load_personality
from akis.emulator.memory import Memory
from akis.emulator.state_file import StateFile
from akis.errors import InvalidArgument, ProfileError, SharingViolation, TransportError
from tests.akis.emulator.cards import NEW, PIN, PUK, SELECT, WRONG, WRONG_PUK, raw

ROOT = Path(__file__).parent.parent.parent.parent
TDES, AES = load_personality("akis-2.2"), load_personality("akis-2.5")
EMPTY_VERIFY = "00200081"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.state"


def left(path: Path) -> int:
    """The tries of the PIN as they are on the disk, whoever holds the file."""
    saved = json.loads(path.read_bytes().partition(b"\n")[2])
    return saved["references"]["81"]["left"]


def made(path: Path, *commands: str, personality=TDES, state="") -> list[str]:
    """Open, send, close."""
    with StateFile(path, personality, state) as file:
        return [raw(file.card, command) for command in (SELECT, *commands)][1:]


def sealed(body: bytes, name: str = "akis-2.2", version: object = 1) -> bytes:
    """A state file with this second line, its digest right."""
    digest = hashlib.sha256(name.encode() + b"\n" + body).hexdigest()
    head = {"akis-state": version, "personality": name, "sha256": digest}
    return json.dumps(head).encode() + b"\n" + body + b"\n"


# ---- a card that lives on


def test_a_new_card_is_in_the_state_asked_for_and_the_one_in_the_file_is_kept(path):
    assert made(path, EMPTY_VERIFY, state="last-try") == ["63C1"]
    assert made(path, EMPTY_VERIFY, state="new") == ["63C1"]
    assert made(path, f"00200081 06 {PIN}", EMPTY_VERIFY) == ["9000", "9000"]
    assert made(path, EMPTY_VERIFY) == ["63C3"], "verified is a matter of one power-up"


def test_everything_that_survives_a_power_cut_survives_the_process(path):
    assert made(path, f"00200081 06 {WRONG}", f"00200082 08 {WRONG_PUK}") == ["63C2", "63C2"]
    assert made(path, f"00240081 0B {PIN}{NEW}", f"00200082 08 {WRONG_PUK}") == ["9000", "63C1"]
    assert made(path, f"00200081 05 {NEW}", f"00200082 08 {WRONG_PUK}") == ["9000", "63C0"]
    assert made(path, f"00200082 08 {PUK}", "00CA0104 00") == ["6985", "000000000000AA0000009000"]


def test_the_layout(path):
    made(path)
    assert path.read_bytes() == sealed(Memory.new(TDES).save())
    assert sorted(item.name for item in path.parent.iterdir()) == ["card.state", "card.state.lock"]


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_only_the_owner_may_read_it(path, umask):
    before = os.umask(umask)
    try:
        with StateFile(path, TDES) as file:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            raw(file.card, SELECT)
            raw(file.card, f"00200081 06 {WRONG}")
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_one_that_others_could_read_is_closed_to_them(path):
    made(path)
    path.chmod(0o644)
    made(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_to_it_stays_a_link(path, tmp_path):
    made(path)
    link = tmp_path / "link"
    link.symlink_to(path.name)
    made(link, f"00200081 06 {WRONG}")
    assert link.is_symlink()
    assert left(path) == 2
    with StateFile(path, TDES), pytest.raises(SharingViolation):
        StateFile(link, TDES)


# ---- durable before the card goes on


def test_the_counter_is_on_the_disk_before_the_comparison(path, monkeypatch):
    seen = []
    compare = hmac.compare_digest

    def look(*values):
        seen.append(left(path))
        return compare(*values)

    monkeypatch.setattr(hmac, "compare_digest", look)
    answers = made(path, f"00200081 06 {WRONG}", f"00200081 06 {WRONG}", f"00200081 06 {PIN}")
    assert answers == ["63C2", "63C1", "9000"]
    assert seen == [2, 1, 0]
    assert left(path) == 3


def test_a_write_is_flushed_moved_and_its_directory_flushed(path, monkeypatch):
    done = []

    def spy(name, describe):
        real = getattr(os, name)

        def call(*args, **kwargs):
            done.append(describe(*args))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, call)

    with StateFile(path, TDES) as file:
        raw(file.card, SELECT)
        spy("fsync", lambda handle: "flush directory" if stat.S_ISDIR(os.fstat(handle).st_mode) else "flush file")
        spy("replace", lambda source, target: f"{source} to {target}")
        raw(file.card, f"00200081 06 {WRONG}")
    assert done == ["flush file", ".card.state.akis-new to card.state", "flush directory"]


@pytest.mark.parametrize("failing", ["open", "fsync", "replace"])
def test_a_failed_write_is_a_power_cut(path, monkeypatch, failing):
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *values: compared.append(values))

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with StateFile(path, TDES) as file:
        raw(file.card, SELECT)
        before = path.read_bytes()
        monkeypatch.setattr(os, failing, fail)
        with pytest.raises(TransportError, match=r"card\.state: the card's memory was not written \(No space left"):
            raw(file.card, f"00200081 06 {WRONG}")
        monkeypatch.undo()
        assert path.read_bytes() == before
    assert compared == []


def test_a_closed_file_takes_no_more_writes(path):
    file = StateFile(path, TDES)
    file.close()
    file.close()
    raw(file.card, SELECT)
    with pytest.raises(TransportError):
        raw(file.card, f"00200081 06 {WRONG}")
    assert left(path) == 3


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_a_killed_process_left_behind_is_no_obstacle(path, tmp_path, kind):
    made(path)
    rest, other = tmp_path / ".card.state.akis-new", tmp_path / "other"
    other.write_text("something else")
    if kind == "file":
        rest.write_text("half a ca")
    else:
        rest.symlink_to(other)
    assert made(path, f"00200081 06 {WRONG}") == ["63C2"]
    assert left(path) == 2
    assert other.read_text() == "something else"
    assert not rest.exists()


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


# ---- one process at a time

OPEN = """
import sys
from akis.emulator import load_personality
from akis.emulator.state_file import StateFile
StateFile(sys.argv[1], load_personality("akis-2.2"))
"""


def test_a_second_use_is_refused_until_the_first_is_over(path):
    with StateFile(path, TDES):
        with pytest.raises(SharingViolation, match=r"the card in .*card\.state is in use"):
            StateFile(path, TDES)
        run = subprocess.run([sys.executable, "-c", OPEN, path], cwd=ROOT, capture_output=True, text=True)
        assert "SharingViolation" in run.stderr
    made(path)


def test_a_refused_file_is_let_go(path):
    path.write_text("something else")
    for _ in range(3):
        with pytest.raises(ProfileError):
            StateFile(path, TDES)
    path.unlink()
    made(path)


# ---- files that are refused, and left as they are


def refused(path: Path, personality=TDES) -> str:
    before = path.read_bytes()
    with pytest.raises(ProfileError) as caught:
        StateFile(path, personality)
    assert path.read_bytes() == before
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_any_flipped_bit(path):
    made(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (0, 5):  # another digit, another case
            path.write_bytes(whole[:place] + bytes((whole[place] ^ 1 << bit,)) + whole[place + 1 :])
            refused(path)
    path.write_bytes(whole)
    made(path)


def test_any_cut_and_any_more(path):
    made(path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        refused(path)
    for more in (b"\n", b" ", b"\0", whole):
        path.write_bytes(whole + more)
        refused(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"something else\n",
        b"{}\n{}\n",
        b"[]\n",
        b"null\n",
        b'"akis-state"\n',
        b"1\n",
        b"\xff\xfe\n",
        b"[" * 60000 + b"\n",
        b'{"akis-state":' * 9000 + b"\n",
        bytes(1 << 20),
        Memory.new(TDES).save(),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_something_else_altogether(path, content):
    path.write_bytes(content)
    assert refused(path) == "not a file with an emulated card"


def test_another_version(path):
    path.write_bytes(sealed(Memory.new(TDES).save(), version=2))
    assert refused(path) == "format version 2; this library reads 1"


@pytest.mark.parametrize("version", [True, "1", 1.0, None, [1]])
def test_a_version_that_is_none(path, version):
    path.write_bytes(sealed(Memory.new(TDES).save(), version=version))
    assert refused(path) == "damaged"


def test_another_personality(path):
    made(path)
    assert refused(path, AES) == "holds a card of 'akis-2.2', not of akis-2.5"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[" * 60000,
        Memory.new(TDES).save().replace(b'"akis-card": 1', b'"akis-card": 7'),
        Memory.new(TDES).save().replace(b'"left": 3', b'"left": 4'),
        Memory.new(TDES).save().replace(b'"left": 3', b'"left": 2.0'),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_memory_that_is_none(path, body):
    path.write_bytes(sealed(body))
    refused(path)


def test_paths_that_lead_to_no_file(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "plain").write_text("")
    names = ["missing/card.state", ".", "loop", "pipe", "plain/card.state", "x" * 300, "nul\0"]
    for name in names:
        with pytest.raises(ProfileError) as caught:
            StateFile(tmp_path / name, TDES)
        assert str(caught.value).startswith(f"{tmp_path / name}: ")


def test_a_state_that_no_card_has(path):
    with pytest.raises(InvalidArgument):
        StateFile(path, TDES, "broken")
    assert not path.exists()


def test_its_repr_shows_no_pin(path):
    with StateFile(path, TDES) as file:
        assert repr(file) == f"StateFile('{path}', akis-2.2)"
