"""``akis files put``: what it shows, what it asks, what it writes, and when it writes nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from akis.emulator import EmulatedCard
from akis.errors import InvalidArgument
from tests.tools.emulated_files import LARGE, Run, card_with_files, keep
from tools import files_put, pin_input
from tools.files_put import Change, difference

FREE = "2F06"
"""A file that everybody may update."""
BEFORE = b"for all to read and write"
UPDATES = (0xD6, 0xD7, 0xDC, 0xE2)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> EmulatedCard:
    made = card_with_files()
    keep(made, monkeypatch)
    monkeypatch.setenv("CARD_PIN", "123456")
    return made


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command that changes a file, as hex text."""
    commands: list[str] = []
    process = EmulatedCard.process

    def listen(card: EmulatedCard, raw: bytes) -> bytes:
        if raw[1] in UPDATES:
            commands.append(raw.hex().upper())
        return process(card, raw)

    monkeypatch.setattr(EmulatedCard, "process", listen)
    return commands


def content(capsys: pytest.CaptureFixture[str], path: str, *arguments: str) -> bytes:
    return bytes.fromhex(Run(capsys, "cat", path, "--json", *arguments).report["content"])


def source(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "new"
    path.write_bytes(data)
    return str(path)


class TestDifference:
    @pytest.mark.parametrize(
        ("before", "data", "offset", "change"),
        [
            (b"ABCDEF", b"ABXDYF", 0, Change(2, 5, 2)),
            (b"ABCDEF", b"X", 5, Change(5, 6, 1)),
            (b"ABCDEF", b"CD", 2, Change(2, 2, 0)),
            (b"AB", b"ABCD", 0, Change(2, 4, 2)),
            (b"", b"A", 0, Change(0, 1, 1)),
        ],
    )
    def test_what_changes(self, before: bytes, data: bytes, offset: int, change: Change) -> None:
        assert difference(before, data, offset) == change


class TestBytes:
    def test_only_what_differs_is_sent(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", FREE, source(tmp_path, b"for you to reap"), "--yes")
        assert (run.code, run.out) == (0, f"4 bytes of {FREE} were changed, read back and found right.\n")
        assert f"{FREE} has 25 bytes, of which 4 change, between byte 4 and byte 14." in run.err
        assert "The 10 bytes behind stay as they are." in run.err
        assert updates == ["00D600040B" + b"you to reap".hex().upper()]
        assert content(capsys, FREE) == b"for you to reap and write"

    def test_at_an_offset(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        report = Run(capsys, "put", FREE, source(tmp_path, b"read?"), "--offset", "11", "--yes", "--json").report
        assert (report["command"], report["changed"], report["first"], report["last"]) == ("files put", 1, 15, 15)
        assert updates == ["00D6000F013F"]

    def test_bytes_that_are_there_already(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", FREE, source(tmp_path, BEFORE))
        assert (run.code, updates) == (0, [])
        assert "has these bytes already; nothing was written" in run.out

    def test_a_large_file_behind_the_pin_inside_a_session(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keys = ("--sm-keys", "emulator:akis-2.2/terminal")
        new = bytes(reversed(LARGE))
        run = Run(capsys, "put", "3D00/2F12", source(tmp_path, new), "--yes", "--pin", "env:CARD_PIN", *keys)
        assert run.code == 0
        assert all(command.startswith("0C") for command in updates)
        assert content(capsys, "3D00/2F12") == new

    def test_without_the_pin(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", "3D00/2F12", source(tmp_path, b"new"), "--yes")
        assert (run.code, len(updates)) == (4, 1)
        assert "(nothing was written): 6982" in run.err
        assert "may hold some" not in run.err

    def test_a_card_that_is_lost_in_the_middle(
        self, card: EmulatedCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        process = EmulatedCard.process

        def full(card: EmulatedCard, raw: bytes) -> bytes:
            return b"\x65\x81" if raw[:3] == b"\x00\xd6\x01" else process(card, raw)

        monkeypatch.setattr(EmulatedCard, "process", full)
        new = source(tmp_path, bytes(600))
        run = Run(capsys, "put", "3D00/2F12", new, "--yes", "--pin", "env:CARD_PIN")
        assert run.code == 4
        assert "3D00/2F12 may hold some of the new bytes now" in run.err
        assert "of 599 bytes are written): 6581" in run.err


class TestNothingIsWritten:
    @pytest.mark.parametrize(("length", "offset"), [(26, 0), (1, 25), (25, 1)])
    def test_where_it_does_not_fit(
        self,
        length: int,
        offset: int,
        card: EmulatedCard,
        updates: list[str],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        run = Run(capsys, "put", FREE, source(tmp_path, bytes(length)), f"--offset={offset}", "--yes")
        assert (run.code, updates) == (9, [])
        assert f"{FREE} has 25 bytes, too few for {length} from byte {offset} on; nothing was written" in run.err

    def test_before_the_first_byte(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", FREE, source(tmp_path, b"A"), "--offset=-1", "--yes")
        assert (run.code, updates) == (2, [])
        assert "--offset is 0 or more; nothing was written" in run.err

    def test_where_nobody_is_there_to_confirm(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", FREE, source(tmp_path, b"new"))
        assert (run.code, updates) == (9, [])
        assert "--yes was not given; nothing was written" in run.err

    @pytest.mark.parametrize(("typed", "code"), [("WRITE", 0), (" WRITE ", 0), ("write", 9), ("y", 9), ("", 9)])
    def test_unless_the_word_is_typed(
        self,
        typed: str,
        code: int,
        card: EmulatedCard,
        updates: list[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(pin_input, "_has_terminal", lambda: True)
        monkeypatch.setattr("builtins.input", lambda prompt: typed)
        run = Run(capsys, "put", FREE, source(tmp_path, b"new"))
        assert (run.code, len(updates)) == (code, code == 0)
        assert "of which 3 change" in run.err

    @pytest.mark.parametrize(("sw", "told"), [("6581", True), ("6F00", True), ("6982", False), ("6401", False)])
    def test_a_refusal_says_whether_the_file_may_have_changed(
        self,
        sw: str,
        told: bool,
        card: EmulatedCard,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        card.instead = {0xD6: int(sw, 16), 0xE2: int(sw, 16)}
        for arguments in ((FREE, source(tmp_path, b"new")), ("3D00/2F16", source(tmp_path, b"next"), "--append")):
            run = Run(capsys, "put", *arguments, "--yes")
            assert run.code != 0
            assert ("may hold some of the new bytes" in run.err) is told

    @pytest.mark.parametrize("data", [b"", bytes((1 << 20) + 1)])
    def test_of_nothing_and_of_more_than_any_card_has(
        self, data: bytes, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert Run(capsys, "put", FREE, source(tmp_path, data), "--yes").code == 2
        assert Run(capsys, "put", FREE, str(tmp_path / "missing"), "--yes").code == 2
        assert Run(capsys, "put", FREE, str(tmp_path), "--yes").code == 2
        assert updates == []

    def test_into_a_df(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", "3D00", source(tmp_path, b"A"), "--yes")
        assert (run.code, updates) == (2, [])


class TestRecords:
    def test_one_is_replaced(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = ("--record", "2", "--yes", "--pin", "env:CARD_PIN")
        run = Run(capsys, "put", "3D00/2F15", source(tmp_path, b"TWO."), *arguments)
        assert (run.code, updates) == (0, ["00DC02040454574F2E"])
        assert "Record 2 of 3D00/2F15 has 4 bytes and gets 4 new ones." in run.err
        assert content(capsys, "3D00/2F15", "--record", "2") == b"TWO."
        again = Run(capsys, "put", "3D00/2F15", source(tmp_path, b"TWO."), *arguments)
        assert "has these bytes already" in again.out
        assert len(updates) == 1

    def test_one_is_added_to_a_cyclic_file(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", "3D00/2F16", source(tmp_path, b"next"), "--append", "--yes")
        assert (run.code, len(updates)) == (0, 1)
        assert "in place of the oldest one" in run.err
        assert content(capsys, "3D00/2F16", "--record", "1") == b"next"

    def test_of_another_length(
        self, card: EmulatedCard, updates: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "put", "3D00/2F15", source(tmp_path, b"too long"), "--record", "1", "--yes")
        assert (run.code, updates) == (9, [])
        assert "exactly 4 bytes, not 8; nothing was written" in run.err


def test_standard_input_is_read_to_one_byte_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        def read(self, count: int) -> bytes:
            return bytes(count)

    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": Endless()}))
    with pytest.raises(InvalidArgument, match="more than 1048576 bytes"):
        files_put._source("-")


def test_standard_input_that_is_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(InvalidArgument, match="standard input is empty; nothing was written"):
        files_put._source("-")
