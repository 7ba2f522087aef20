"""Debian's ``opensc-tool``, which nobody here wrote, sends commands to the emulated card through pcscd."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.installed import installed
from tests.tools.akis_process import Emulating

SELECT = "00A4040C 07 504B43532D3135"
VERIFY, WRONG_VERIFY, EMPTY_VERIFY = "00200081 06 313233343536", "00200081 06 303030303030", "00200081"
RESET = "002C0081 0C 38373635343332 31 32343638"
WRONG_RESET = "002C0081 0C 30303030303030 30 32343638"
VERIFY_NEW = "00200081 04 32343638"
EXTENDED_GET_DATA = "00CB3FFF 000006 4D04BF810180 0000"
COUNTER_FULL = bytes.fromhex("BF8101 09 9A0103 9B0103 800106")
PERMISSIVE = ("-c", "MaskTech")
"""A driver of OpenSC that lets extended length through; the one for unknown cards does not."""


@pytest.fixture
def opensc_tool() -> str:
    return installed("opensc-tool", "opensc")


class Answers:
    """What ``opensc-tool`` shows of the answers to these commands."""

    def __init__(self, opensc_tool: str, *commands: str, options: tuple[str, ...] = ()) -> None:
        sends = [word for command in commands for word in ("--send-apdu", command.replace(" ", ""))]
        done = subprocess.run(
            [opensc_tool, "--reader", "0", *options, *sends], capture_output=True, text=True, timeout=30
        )
        self.code = done.returncode
        self.status_words = [first + second for first, second in re.findall(r"\(SW1=0x(..), SW2=0x(..)\)", done.stdout)]
        # Lines of hex, then the same as text.
        lines = re.findall(r"^((?:[0-9A-F]{2} ){1,16})", done.stdout, re.MULTILINE)
        self.data = bytes.fromhex("".join(lines))


def test_pin_commands(pcsc, opensc_tool):
    with Emulating(pcsc):
        answers = Answers(
            opensc_tool, SELECT, VERIFY, WRONG_VERIFY, EMPTY_VERIFY, RESET, VERIFY_NEW, VERIFY, WRONG_RESET
        )
        assert answers.code == 0
        assert answers.status_words == ["9000", "9000", "63C2", "63C2", "9000", "9000", "63C2", "63C2"]


def test_a_blocked_pin_is_reset_by_the_puk_and_the_next_program_finds_nothing_verified(pcsc, opensc_tool):
    with Emulating(pcsc, "--personality", "akis-2.5,blocked"):
        blocked = Answers(opensc_tool, SELECT, VERIFY, EMPTY_VERIFY, WRONG_RESET, RESET, VERIFY_NEW, EMPTY_VERIFY)
        assert blocked.status_words == ["9000", "6983", "6983", "63C2", "9000", "9000", "9000"]
        assert Answers(opensc_tool, SELECT, EMPTY_VERIFY).status_words == ["9000", "63C3"]


def test_extended_length_on_a_card_that_has_it(pcsc, opensc_tool):
    with Emulating(pcsc, "--extended"):
        answers = Answers(opensc_tool, SELECT, EXTENDED_GET_DATA, options=PERMISSIVE)
        assert (answers.code, answers.status_words) == (0, ["9000", "9000"])
        assert answers.data == COUNTER_FULL
    with Emulating(pcsc):
        assert Answers(opensc_tool, SELECT, EXTENDED_GET_DATA, options=PERMISSIVE).status_words == ["9000", "6700"]
