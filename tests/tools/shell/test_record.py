"""What the shell records, and the shell on a recording in the place of a card."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.leaks import leaks
from tests.tools.shell.shells import KEYS, SECRETS, Script
from tools.__main__ import main
from tools.exit_codes import Exit

Run = Callable[..., Script]
SESSION = ("select app", "ls", "verify --pin env:PIN", "cat 5031", "select 2FFF", "expect 6A82", "apdu 00CA0106/00=")


def commands(file: Path) -> list[str]:
    entries = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    return [entry["command"] for entry in entries if "command" in entry]


def test_between_record_and_record_off(script: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    done = script(
        "apdu 84/08", f"record {file}", "select app", "verify --pin env:PIN", "record", "record off", "apdu 84/08"
    )
    assert done.code == 0
    assert done.said("record") == [f"Recording to {file}."]
    assert done.said("record off") == [f"The recording is in {file}."]
    assert commands(file)[0].startswith("00A4")
    assert commands(file)[-1] == "0020008106" + "**" * 6
    assert not leaks(file.read_text(), SECRETS)
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_ends_with_the_shell(script: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    assert script(f"record {file}", "apdu 84/08").code == 0
    assert commands(file) == ["0084000008"]


@pytest.mark.parametrize("second", ["record {file}", "record {other}"])
def test_one_at_a_time_and_never_over_another(script: Run, tmp_path: Path, second: str) -> None:
    file, other = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    done = script(f"record {file}", second.format(file=file, other=other))
    assert (done.code, other.exists()) == (Exit.USAGE, False)
    assert done.complaint == f"line 2: {file} is being recorded to; `record off` ends that"
    assert "is there already" in script(f"record {file}").complaint


def test_a_recorded_session_is_played_by_the_same_lines(script: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    recorded = script(f"record {file}", *SESSION)
    played = script(*SESSION, reader=f"replay:{file}")
    assert (recorded.code, played.code) == (0, 0), played.err
    assert played.said("ls") == recorded.said("ls")
    assert played.said("cat 5031") == recorded.said("cat 5031")


def test_other_lines_differ(script: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    script(f"record {file}", *SESSION)
    assert script("apdu 84/08", reader=f"replay:{file}").code == Exit.DIFFERS
    left = script(*SESSION[:2], reader=f"replay:{file}")
    assert left.code == Exit.DIFFERS
    assert "were not asked for" in left.complaint


def test_a_secure_session_is_played_anew_with_its_keys(script: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    lines = ("select app", f"sm {KEYS}", "unblock --new-pin env:NEW", "status")
    assert script(f"record {file}", *lines, reader="emulator:,blocked").code == 0
    played = script(*lines, reader=f"replay:{file}", options=("--sm-keys", KEYS))
    assert played.code == 0, played.err
    assert "Secure session : open" in played.said("status")


def test_it_is_replayed_to_a_fresh_card(script: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.jsonl"
    assert script(f"record {file}", *SESSION).code == 0
    assert main(["replay", str(file)]) == 0, capsys.readouterr()


def test_trace_records_all_of_it(script: Run, tmp_path: Path) -> None:
    file = tmp_path / "whole.jsonl"
    assert script("apdu 84/08", options=("--trace", str(file))).code == 0
    assert commands(file) == ["0084000008"]


def test_published_recordings_play(script: Run) -> None:
    traces = Path(__file__).parents[3] / "vectors" / "traces"
    first = json.loads((traces / "commands-unknown.jsonl").read_text().splitlines()[1])["command"]
    done = script(f"apdu {first}", reader=f"replay:{traces / 'commands-unknown.jsonl'}")
    assert done.code == Exit.DIFFERS  # the rest was not asked for
    assert done.out.count("→") == 1
