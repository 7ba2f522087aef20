"""Files that hold no card, or not this one: refused, and left as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from akis.emulator.memory import Memory
from akis.emulator.state_file import StateFile
from akis.errors import ProfileError
from tests.akis.emulator.state_files import AES, TDES, made, sealed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.state"


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
        # more than a card has room for
        Memory.new(TDES).save()[:-1] + b', "files": [{"path": [1], "size": 16777215}, {"path": [2], "size": 1}]}',
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
