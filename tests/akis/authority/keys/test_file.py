"""The master key in a file: how it gets there, who may read it, and that nothing shows it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from akis.authority.keys.file import FileMasterKey, new_master_key_file
from akis.authority.keys.master import MasterKeyError
from akis.authority.keys.open import open_master_key
from akis.errors import AkisError, InvalidArgument, PolicyRefused, WrongType
from akis.secret import Secret
from tests.akis.authority.keys.masters import KEY, RFC_4493, master_key
from tests.leaks import leaks, silent


def write(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("example", RFC_4493["examples"], ids=lambda example: example["title"])
def test_cmac(example: dict[str, str]) -> None:
    assert master_key().cmac(bytes.fromhex(example["message"])) == bytes.fromhex(example["mac"])


@pytest.mark.parametrize("length", [16, 24, 32])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_of_one_line(length: int, end: str, tmp_path: Path) -> None:
    value = bytes(range(length))
    master = open_master_key(write(tmp_path / "key", value.hex() + end))
    assert master.cmac(b"some data") == master_key(value).cmac(b"some data")
    master.check()


@pytest.mark.parametrize(
    "text",
    ["", "\n", KEY.hex()[:-2], KEY.hex()[:-1], KEY.hex() + "00", "0x" + KEY.hex(), f"key = {KEY.hex()}",
     f"{KEY.hex()}\n{KEY.hex()}", KEY.hex(" "), "é" * 32, "５" * 32],
)  # fmt: skip
def test_a_file_of_something_else(text: str, tmp_path: Path) -> None:
    source = write(tmp_path / "key", text)
    with pytest.raises(MasterKeyError, match=r"holds no master key: one line of 32, 48 or 64 hex digits") as caught:
        open_master_key(source)
    silent(caught.value, [KEY, KEY[:15]])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_can_get_at(mode: int, tmp_path: Path) -> None:
    with pytest.raises(PolicyRefused, match="chmod 600") as caught:
        open_master_key(write(tmp_path / "key", KEY.hex(), mode))
    silent(caught.value, [KEY])


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        open_master_key(str(tmp_path / "nowhere"))


def test_a_file_has_no_pin(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="has no PIN"):
        open_master_key(write(tmp_path / "key", KEY.hex()), "env:MASTER_PIN")


def test_closed_it_is_wiped() -> None:
    secret = Secret(KEY)
    master = FileMasterKey(secret)
    master.close()
    master.close()
    with pytest.raises(InvalidArgument, match="wiped"):
        secret.reveal()
    for use in (master.check, lambda: master.cmac(b"data")):
        with pytest.raises(MasterKeyError, match="closed"):
            use()


def test_nothing_shows_the_key() -> None:
    assert leaks(repr(master_key()) + str(master_key()), [KEY]) == []


@pytest.mark.parametrize(("key", "error"), [(Secret(bytes(15)), InvalidArgument), (KEY, WrongType)])
def test_what_is_no_key(key: Secret, error: type[AkisError]) -> None:
    with pytest.raises(error):
        FileMasterKey(key)


def test_threads_share_it() -> None:
    master, example = master_key(), RFC_4493["examples"][2]
    made: list[bytes] = []
    message = bytes.fromhex(example["message"])
    threads = [Thread(target=lambda: made.extend(master.cmac(message) for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [bytes.fromhex(example["mac"])] * 200


def test_a_new_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    old = os.umask(0)
    try:
        new_master_key_file(path, lambda length: bytes(range(length)))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n"
    assert open_master_key(str(path)).cmac(b"data") == master_key(bytes(range(32))).cmac(b"data")


def test_every_new_key_is_another(tmp_path: Path) -> None:
    for name in ("one", "other"):
        new_master_key_file(tmp_path / name)
    one, other = (open_master_key(str(tmp_path / name)) for name in ("one", "other"))
    assert one.cmac(b"data") != other.cmac(b"data")


def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "key", KEY.hex()))
    with pytest.raises(InvalidArgument, match="left as it is"):
        new_master_key_file(path)
    assert path.read_text() == KEY.hex()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(InvalidArgument):
        new_master_key_file(tmp_path / "link")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("name", ["no/such/folder", "a\0b"])
def test_a_new_key_where_none_can_be(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be written"):
        new_master_key_file(tmp_path / name)
