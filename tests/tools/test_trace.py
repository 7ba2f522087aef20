"""``akis trace``: its actions, and what becomes of files that are no traces."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from akis.trace.jsonl import entry_line, header_line
from tests.akis.trace.sessions_of_many_kinds import SESSION
from tools.__main__ import main
from tools.trace import ACTIONS

ROOT = Path(__file__).parent.parent.parent
HEADER = header_line(SESSION.header)
LINES = [entry_line(entry) for entry in SESSION.entries()]

READING = [["show", "FILE"], ["show", "FILE", "--json"], ["diff", "FILE", "FILE"], ["stats", "FILE"]]


def complaint(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What is complained of, one sentence and exit code 2."""
    assert main(["trace", *map(str, arguments)]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("akis: ")]
    assert len(lines) == 1
    return lines[0]


def test_help_lists_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["trace", "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert list(ACTIONS) == ["show", "decrypt", "diff", "redact", "convert", "stats"]
    assert all(f"\n    {name} " in shown for name in ACTIONS)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_has_its_own_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["trace", name, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: akis trace {name} ")
    assert f"\n\nexamples:\n  akis trace {name} " in shown


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in ACTIONS)], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from tools.__main__ import main
try:
    main(["trace", *{arguments}])
except SystemExit:
    heavy = ("construct", "cryptography", "rich", "dpkt", "smartcard")
    print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stderr == "[]\n"


@pytest.mark.parametrize("arguments", [[], ["bake"], ["show"], ["show", "a", "--brief", "--wire"], ["diff", "a"]])
def test_usage_errors(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["trace", *arguments])
    assert end.value.code == 2


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_files_that_are_no_traces(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def complaint_of(path: Path) -> str:
        return complaint(capsys, *[path if word == "FILE" else word for word in arguments])

    assert "cannot be read" in complaint_of(tmp_path / "missing.jsonl")
    assert "cannot be read" in complaint_of(tmp_path)
    path = tmp_path / "x.jsonl"
    path.write_text("a shopping list\n", encoding="utf-8")
    assert "of no kind that is understood" in complaint_of(path)
    path.write_bytes(b"")
    assert f"{path} is empty" in complaint_of(path)
    path.write_text(HEADER.replace(":1,", ":2,", 1) + "\n", encoding="utf-8")
    assert "version" in complaint_of(path)
    path.write_text("\n".join([HEADER, LINES[0], "{damaged}", LINES[1], ""]), encoding="utf-8")
    assert f"{path}, line 3: " in complaint_of(path)


def test_an_unknown_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(HEADER + "\n", encoding="utf-8")
    assert "there is no profile 'visa'" in complaint(capsys, "show", path, "--profile", "visa")


def test_json_stays_json_where_the_trace_is_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join([HEADER, LINES[0], "{damaged}", ""]), encoding="utf-8")
    assert main(["trace", "show", "--json", str(path)]) == 2
    report = json.loads(capsys.readouterr().out)
    assert len(report["entries"]) == 1
    assert report["error"]["kind"] == "TraceError"
    assert report["error"]["line"] == 3
