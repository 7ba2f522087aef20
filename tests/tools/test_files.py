"""``akis files ls``, ``tree`` and ``cat`` on emulated cards of both generations."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from akis.codec.fci import FileControl
from akis.conversation.list_files import ListedFile
from akis.emulator import EmulatedCard
from tests.tools.akis_process import ROOT, akis
from tests.tools.emulated_files import LARGE, Run, card_with_files, keep
from tools.__main__ import main
from tools.files_text import table, tree

PIN_COMMANDS = {0x20, 0x24, 0x2C}
EF_DIR = bytes.fromhex("61274F0CA000000063504B43532D31355011")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every command that reaches a card."""
    commands: list[bytes] = []
    process = EmulatedCard.process

    def listen(card: EmulatedCard, raw: bytes) -> bytes:
        commands.append(raw)
        return process(card, raw)

    monkeypatch.setattr(EmulatedCard, "process", listen)
    monkeypatch.setenv("CARD_PIN", "123456")
    monkeypatch.setenv("WRONG", "999999")
    return commands


class TestListing:
    def test_ls(self, sent: list[bytes], capsys: pytest.CaptureFixture[str]) -> None:
        run = Run(capsys, "ls")
        assert run.code == 0
        assert [line.split()[:3] for line in run.out.splitlines()] == [
            ["File", "Name", "Kind"],
            ["2F00", "EF.DIR", "transparent"],
            ["3D00", "PKCS-15", "DF"],
        ]
        assert "the card may have others" in run.err
        assert not {raw[1] for raw in sent} & PIN_COMMANDS

    def test_ls_of_a_df_shows_sizes_and_access(
        self, sent: list[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(card_with_files(), monkeypatch)
        lines = {line.split()[0]: line for line in Run(capsys, "ls", "3F00/3D00").out.splitlines()}
        assert lines["3D00/5031"].split()[1:4] == ["EF.ODF", "transparent", "36"]
        assert lines["3D00/2F12"].split()[-3:] == ["always", "PIN", "activated"]
        assert "linear-fixed     2 × 4" in lines["3D00/2F15"]
        assert "linear-variable  2 × up to 20" in lines["3D00/2F17"]
        assert not {raw[1] for raw in sent} & PIN_COMMANDS

    def test_tree(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = Run(capsys, "tree").out.splitlines()
        assert lines[:3] == [
            "3F00 MF, activated",
            "├─ 2F00 EF.DIR, transparent, 41 bytes, activated",
            "└─ 3D00 PKCS-15, activated",
        ]
        assert "   ├─ 5031 EF.ODF, transparent, 36 bytes, activated" in lines
        assert lines[-1].startswith("   └─ ")
        assert Run(capsys, "tree", "3D00").out.splitlines()[0] == "3D00 PKCS-15, activated"

    def test_a_card_of_the_first_generation_lists_itself(
        self, sent: list[bytes], capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = Run(capsys, "tree", "3D00", reader="emulator:akis-1.0")
        assert "├─ 4118, transparent, 256 bytes, valid, PIN needed, write" in run.out
        assert run.err == ""
        assert bytes.fromhex("8018000000") in sent
        assert {raw[1] for raw in sent} == {0xA4, 0x18}

    def test_a_card_with_nothing_on_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert Run(capsys, "tree", reader="emulator:blank").out == "3F00 MF, creation\n"
        assert Run(capsys, "ls", reader="emulator:blank").out == "There are no files here.\n"

    def test_inside_a_session(self, sent: list[bytes], capsys: pytest.CaptureFixture[str]) -> None:
        plain = Run(capsys, "ls", "3D00").out
        sent.clear()
        assert Run(capsys, "ls", "3D00", "--sm-keys", "emulator:akis-2.2/issuer").out == plain
        opened = next(at for at, raw in enumerate(sent) if raw[1] == 0x82)
        assert all(raw[0] == 0x0C for raw in sent[opened + 1 :])

    @pytest.mark.parametrize("action", ["ls", "tree"])
    def test_json(self, action: str, capsys: pytest.CaptureFixture[str]) -> None:
        report = Run(capsys, action, "3D00", "--json").report
        assert report["complete"] is False
        found = {file["path"]: file for file in report["files"]}
        assert found["3D00/5032"] == {
            "path": "3D00/5032",
            "name": "EF.TokenInfo",
            "kind": "transparent",
            "size": 48,
            "life_cycle": "operational, activated",
            **dict.fromkeys(("record_length", "records", "read", "update", "flags", "df_name", "refused")),
        }
        first = Run(capsys, action, "3D00", "--json", reader="emulator:akis-1.0").report
        assert first["complete"] is True
        [pin_file] = [file for file in first["files"] if file["path"] == "3D00/4118"]
        assert pin_file["flags"] == ["valid", "PIN needed", "write"]

    @pytest.mark.parametrize(
        ("path", "code", "says"),
        [
            ("4000", 4, "SELECT of 4000 failed: 6A82, file or application not found"),
            ("2F00", 2, "2F00 is no DF, so there are no files below it"),
            ("3D0", 2, "a path is file identifiers of four hex digits"),
            ("EF.DIR", 2, "a path is file identifiers of four hex digits"),
        ],
    )
    def test_no_such_df(self, path: str, code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
        run = Run(capsys, "ls", path)
        assert (run.code, run.out) == (code, "")
        assert says in run.err
        assert json.loads(Run(capsys, "ls", path, "--json").out)["error"]["message"] in run.err

    @pytest.mark.parametrize("action", ["ls", "tree"])
    @pytest.mark.parametrize("card", ["akis-1.0", "akis-2.2"])
    def test_what_is_no_df(self, action: str, card: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["files", action, "3D00/4118", "--reader", f"emulator:{card}"]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", "akis: 3D00/4118 is no DF, so there are no files below it\n")

    def test_no_such_branch(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert Run(capsys, "tree", "4000").code == 4


class TestCat:
    def test_bytes_go_to_a_pipe_as_they_are(self) -> None:
        run = subprocess.run(
            [sys.executable, "-m", "tools", "files", "cat", "2F00", "--reader", "emulator:"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        assert run.stdout.startswith(EF_DIR)
        assert (len(run.stdout), run.stderr) == (41, b"")

    def test_a_terminal_gets_a_hex_dump(self) -> None:
        ours, theirs = pty.openpty()
        subprocess.run(
            [sys.executable, "-m", "tools", "files", "cat", "2F00", "--reader", "emulator:"],
            cwd=ROOT,
            stdout=theirs,
            check=True,
        )
        os.close(theirs)
        text = os.read(ours, 10_000).decode()
        os.close(ours)
        first, _, last = text.splitlines()
        assert first == "000000  61 27 4F 0C A0 00 00 00  63 50 4B 43 53 2D 31 35  a'O.....cPKCS-15"
        assert last.startswith("000020  74 6F 72 51")
        assert last.endswith("  torQ.?.=.")

    def test_into_a_file_that_is_new(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "ef-dir.bin"
        run = Run(capsys, "cat", "2F00", "--out", str(out))
        assert (run.code, run.out) == (0, f"41 bytes are in {out}.\n")
        assert out.read_bytes().startswith(EF_DIR)

    def test_never_into_one_that_is_there(
        self, sent: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out, link = tmp_path / "kept", tmp_path / "link"
        out.write_bytes(b"kept")
        link.symlink_to(tmp_path / "nowhere")
        for path in (out, link, tmp_path):
            run = Run(capsys, "cat", "2F00", "--out", str(path))
            assert run.code == 2
            assert "nothing is overwritten" in run.err
        assert (out.read_bytes(), sent) == (b"kept", [])
        assert Run(capsys, "cat", "2F00", "--out", str(tmp_path / "no" / "such")).code == 2

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        report = Run(capsys, "cat", "3D00/5032", "--json").report
        assert (report["path"], report["size"], len(report["content"])) == ("3D00/5032", 48, 96)

    def test_a_large_file_inside_a_session(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(card_with_files(), monkeypatch)
        out = tmp_path / "large"
        assert Run(capsys, "cat", "3D00/2F12", "--out", str(out), "--sm-keys", "emulator:akis-2.2/terminal").code == 0
        assert out.read_bytes() == LARGE

    def test_records(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        keep(card_with_files(), monkeypatch)
        assert Run(capsys, "cat", "3D00/2F15", "--json").report["records"] == [b"one.".hex().upper(), "74776F2E"]
        assert Run(capsys, "cat", "3D00/2F15", "--record", "2", "--json").report["content"] == "74776F2E"
        assert Run(capsys, "cat", "3D00/2F15", "--record", "3").code == 4
        assert Run(capsys, "cat", "3D00/2F15", "--record", "0").code == 2
        assert Run(capsys, "cat", "2F00", "--record", "1").code == 2

    def test_a_df_has_no_bytes(self, capsys: pytest.CaptureFixture[str]) -> None:
        run = Run(capsys, "cat", "3D00")
        assert (run.code, run.out) == (2, "")
        assert "`akis files ls 3D00`" in run.err


class TestBehindThePin:
    PATH = "3D00/2F13"

    def test_without_it_the_card_refuses_and_the_way_is_named(
        self, sent: list[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(card_with_files(), monkeypatch)
        run = Run(capsys, "cat", self.PATH)
        assert (run.code, run.out) == (4, "")
        assert "--login verifies it first" in run.err
        assert "6982" in run.err
        assert not {raw[1] for raw in sent} & PIN_COMMANDS

    def test_with_it(
        self, sent: list[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(card_with_files(), monkeypatch)
        run = Run(capsys, "cat", self.PATH, "--pin", "env:CARD_PIN", "--json")
        assert bytes.fromhex(run.report["content"]) == b"behind the PIN"
        assert run.err == "VERIFY compares the PIN first: a wrong one spends a try, 3 left.\n"
        assert [raw[:4].hex() for raw in sent if raw[1] in PIN_COMMANDS] == ["00200081"]

    def test_a_wrong_one(
        self, sent: list[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(card_with_files(), monkeypatch)
        run = Run(capsys, "cat", self.PATH, "--pin", "env:WRONG")
        assert (run.code, run.out) == (5, "")
        assert "999999" not in run.err
        assert not any(raw[1] == 0xB0 for raw in sent)

    def test_with_one_try_left_nothing_is_sent(self, sent: list[bytes], capsys: pytest.CaptureFixture[str]) -> None:
        run = Run(capsys, "cat", "2F00", "--pin", "env:CARD_PIN", reader="emulator:,last-try")
        assert run.code == 9
        assert not {raw[1] for raw in sent} & PIN_COMMANDS


def test_help_in_a_process_of_its_own() -> None:
    for action in ("ls", "tree", "cat", "put"):
        run = akis("files", action, "--help")
        assert run.code == 0
        assert f"akis files {action}" in run.out
    assert akis("files").code == 2


def test_a_name_that_the_card_made_up_is_shown_and_not_obeyed() -> None:
    listed = [ListedFile((0x2F00,), "certificate, \x1b[2Jgone\u202e\n", FileControl(descriptor=0x01))]
    for text in ("\n".join(table(listed, False)), "\n".join(tree(listed, False))):
        assert r"certificate, \x1b[2Jgone\u202e\n" in text
        assert all(letter.isprintable() or letter == "\n" for letter in text)
