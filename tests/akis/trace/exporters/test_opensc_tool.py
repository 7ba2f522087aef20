"""Scripts for opensc-tool, run by a shell with a stand-in for it that says what it was given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from akis.trace.entries import Event, Exchanged, Kept, Wire
from akis.trace.exporters import opensc_tool
from tests.akis.trace.exporters.traces import HEADER

SELECT, OK = Wire(bytes.fromhex("00A4040C023F00")), Wire(b"\x90\x00")
VERIFY = Wire.from_text("0020008104********", ((5, 4, "pin"),))


def run(tmp_path: Path, trace: Kept, *options: str) -> tuple[int, list[str], str]:
    """Exit code, the runs of opensc-tool, and what the script complains of."""
    tool = tmp_path / "opensc-tool"
    tool.write_text('#!/bin/sh\necho "$@"\n')
    tool.chmod(0o755)
    script = tmp_path / "x.sh"
    opensc_tool.write(trace, script)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["sh", script, *options], capture_output=True, text=True, env={"PATH": path}, timeout=20)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_commands_go_out_in_order_and_a_reset_is_a_reset(tmp_path: Path) -> None:
    trace = Kept(HEADER, (Exchanged(SELECT, OK), Exchanged(SELECT, OK), Event("reset"), Exchanged(SELECT, OK)))
    send = "--send-apdu 00A4040C023F00"
    default = "--card-driver default --reader 0"
    assert run(tmp_path, trace, "--reader", "0") == (
        0,
        [f"{default} {send} {send}", f"{default} --reset", f"{default} {send}"],
        "",
    )


def test_a_long_session_is_sent_in_parts(tmp_path: Path) -> None:
    code, runs, _ = run(tmp_path, Kept(HEADER, (Exchanged(SELECT, OK),) * 1001))
    assert (code, [line.count("--send-apdu") for line in runs]) == (0, [500, 500, 1])


def test_hidden_bytes_stop_the_script_before_anything_is_sent(tmp_path: Path) -> None:
    code, runs, complaint = run(tmp_path, Kept(HEADER, (Exchanged(SELECT, OK), Exchanged(VERIFY, OK))))
    assert (code, runs) == (1, [])
    assert complaint.startswith("1 command of this session has hidden bytes")
    assert '# set -- "$@" --send-apdu 0020008104********' in (tmp_path / "x.sh").read_text().splitlines()


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    trace = Kept(HEADER, (Exchanged(SELECT, OK, 1, 2), Exchanged(VERIFY, OK)))
    assert opensc_tool.write(trace, tmp_path / "x.sh") == [
        "opensc-tool compares no answers; the recorded ones are comments",
        "a script is for running; it cannot be read back as a trace",
        "1 command with hidden bytes is a comment, and the script refuses to run",
        "times are not in the script",
    ]
