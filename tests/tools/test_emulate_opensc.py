"""OpenSC, which nobody here wrote, at work on emulated cards through pcscd: files and PINs, of AKİS 1.0 too."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from akis.emulator import load_personality
from tests.installed import installed
from tests.tools.akis_process import Emulating

FRAMEWORK = "framework pkcs15 { use_file_caching = false; }"
UNKNOWN_CARDS = f"app default {{ enable_default_driver = true; {FRAMEWORK} }}"
OF_1_0 = f"app default {{ card_drivers = old, internal; {FRAMEWORK} }}"
PIN, PUK, NEW = "123456", "87654321", "2468"
VERIFY = "verify CHV129 31:32:33:34:35:36"
INCORRECT = "PIN code or key incorrect"

FILES = {"2F10", "4118", "4119", "4401", "4402", "4404", "5031", "5032"}
"""In the application of an akis-1.0 card."""

pytestmark = pytest.mark.slow


class OpenSc:
    """OpenSC's programs with a configuration of their own."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self._folder = folder
        (folder / "opensc.conf").write_text(configuration)

    def run(self, program: str, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed(program, "opensc"), "--reader", "0", *words],
            cwd=self._folder,
            env={**os.environ, "OPENSC_CONF": str(self._folder / "opensc.conf")},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def pkcs15(self, *words: str) -> str:
        """What pkcs15-tool prints; it has to end well."""
        done = self.run("pkcs15-tool", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *words: str) -> str:
        done = self.run("pkcs15-tool", *words)
        assert done.returncode != 0
        return done.stderr

    def explorer(self, *lines: str) -> str:
        """What opensc-explorer prints for these lines."""
        done = self.run("opensc-explorer", typed="\n".join((*lines, "quit")) + "\n")
        return done.stdout + done.stderr


def listed(shown: str) -> set[str]:
    """The files that opensc-explorer shows for "ls"."""
    return set(re.findall(r"^[ \[]([0-9A-F]{4})[ \]]\s+(?:wEF|DF)", shown, re.MULTILINE))


@pytest.fixture
def unknown(tmp_path: Path) -> OpenSc:
    """OpenSC with its driver for cards it does not know."""
    return OpenSc(tmp_path, UNKNOWN_CARDS)


@pytest.fixture
def first(tmp_path: Path) -> OpenSc:
    """OpenSC with its driver for AKİS 1.0."""
    return OpenSc(tmp_path, OF_1_0)


@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5"])
def test_pkcs15_tool_dumps_what_is_on_the_card(pcsc, unknown, name):
    with Emulating(pcsc, "--personality", name):
        shown = unknown.pkcs15("--dump")
        certificate = unknown.pkcs15("--read-certificate", "01")
    personality = load_personality(name)
    assert personality.serial.hex() in shown
    for line in ("PIN [PIN]", "PIN [PUK]", "Private RSA Key [Signature (RSA)]", "Private EC Key [Signature (EC)]"):
        assert line in shown
    assert re.search(r"Reference +: 129 \(0x81\)", shown)
    assert shown.count("X.509 Certificate [") == 2
    assert certificate == personality.certificates["signature"]


def test_pkcs15_tool_verifies_changes_and_unblocks_the_pin(pcsc, unknown):
    by_id = ("--auth-id", "01")
    with Emulating(pcsc):
        unknown.pkcs15("--verify-pin", *by_id, "--pin", PIN)
        unknown.pkcs15("--change-pin", *by_id, "--pin", PIN, "--new-pin", NEW)
        assert INCORRECT in unknown.refused("--verify-pin", *by_id, "--pin", PIN)
        unknown.pkcs15("--verify-pin", *by_id, "--pin", NEW)
        unknown.pkcs15("--unblock-pin", *by_id, "--puk", PUK, "--new-pin", PIN)
        unknown.pkcs15("--verify-pin", *by_id, "--pin", PIN)


def test_opensc_explorer_reads_and_writes_files_of_a_2_x_card(pcsc, unknown):
    with Emulating(pcsc):
        shown = unknown.explorer("cd 3D00", "cat 5031", "update_binary 4118 0 4142", "cat 4118")
        assert "A0 0A 30 08 04 06 3F 00 3D 00 44 02" in shown
        assert "Cannot update 4118" in shown
        assert "41 42" not in shown
        written = unknown.explorer("cd 3D00", VERIFY, "update_binary 4118 4 4142", "cat 4118")
    assert "Code correct" in written
    assert "00 00 00 00 41 42" in written


def test_opensc_explorer_changes_and_unblocks_the_pin_of_a_2_x_card(pcsc, unknown):
    old, new, puk = (":".join(f"{ord(digit):02X}" for digit in value) for value in (PIN, NEW, PUK))
    with Emulating(pcsc):
        shown = unknown.explorer("cd 3D00", f"change CHV129 {old} {new}", f"verify CHV129 {new}", "info 5031")
        assert "PIN changed" in shown
        assert "Code correct" in shown
        assert "Working EF" in shown or "Elementary File" in shown
        unblocked = unknown.explorer("cd 3D00", f"unblock CHV129 {puk} {old}", f"verify CHV129 {old}")
        assert "PIN unblocked" in unblocked
        assert "Code correct" in unblocked


class TestFirstGeneration:
    def test_files_serial_number_and_life_cycle(self, pcsc, first):
        with Emulating(pcsc, "--personality", "akis-1.0"):
            assert "41 4B 49 53 01 00 00 00 00 00 00 01" in first.run("opensc-tool", "--serial").stdout
            tree = first.run("opensc-tool", "--list-files")
            shown = first.explorer("cd 3D00", "ls", "info", "apdu 00CA01040A")
        assert tree.returncode == 0
        for fid in ("2f00", "3d00", "2f10", "5031", "4118"):
            assert fid in tree.stdout.lower()
        assert listed(shown) == FILES
        assert "00 00 00 00 00 00 A5 00 00 00" in shown

    def test_the_pin_is_changed(self, pcsc, first):
        with Emulating(pcsc, "--personality", "akis-1.0"):
            first.pkcs15("--change-pin", "--auth-id", "01", "--pin", PIN, "--new-pin", NEW)
            first.pkcs15("--verify-pin", "--auth-id", "01", "--pin", NEW)
            assert INCORRECT in first.refused("--verify-pin", "--auth-id", "01", "--pin", PIN)

    def test_files_are_created_written_and_deleted(self, pcsc, first):
        with Emulating(pcsc, "--personality", "akis-1.0"):
            refused = first.explorer("cd 3D00", "create 2F1A 16", "ls")
            steps = ("create 2F1A 16", "mkdir 3D01 16", "ls", "update_binary 2F1A 0 4142", "cat 2F1A")
            made = first.explorer("cd 3D00", VERIFY, *steps)
            deleted = first.explorer("cd 3D00", VERIFY, "delete 2F1A", "rm 3D01", "ls", "apdu 801A0000")
        assert listed(refused) == FILES
        assert listed(made) == FILES | {"2F1A", "3D01"}
        assert "41 42" in made
        assert listed(deleted) == FILES
        assert "SW1=0x90, SW2=0x00" in deleted
