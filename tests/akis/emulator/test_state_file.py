"""The file that keeps a card: durable before the card goes on, private, and locked."""

from __future__ import annotations

import errno
import hmac
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from akis.emulator.memory import Memory
from akis.emulator.state_file import StateFile
from akis.errors import InvalidArgument, ProfileError, SharingViolation, TransportError
from tests.akis.emulator.cards import NEW, PIN, PUK, SELECT, WRONG, WRONG_PUK, raw
from tests.akis.emulator.state_files import TDES, left, made, sealed

ROOT = Path(__file__).parent.parent.parent.parent
EMPTY_VERIFY = "00200081"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.state"


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


@pytest.mark.parametrize("replaced", [False, True])
def test_without_its_lock_file_nothing_is_written(path, replaced):
    with StateFile(path, TDES) as file:
        raw(file.card, SELECT)
        lock = path.with_name(f"{path.name}.lock")
        lock.unlink()
        if replaced:
            lock.touch()
        before = path.read_bytes()
        with pytest.raises(SharingViolation, match=r"lock of .* was taken away"):
            raw(file.card, f"00200081 06 {WRONG}")
        assert path.read_bytes() == before


def test_a_refused_file_is_let_go(path):
    path.write_text("something else")
    for _ in range(3):
        with pytest.raises(ProfileError):
            StateFile(path, TDES)
    path.unlink()
    made(path)


def test_a_state_that_no_card_has(path):
    with pytest.raises(InvalidArgument):
        StateFile(path, TDES, "broken")
    assert not path.exists()


def test_its_repr_shows_no_pin(path):
    with StateFile(path, TDES) as file:
        assert repr(file) == f"StateFile('{path}', akis-2.2)"
