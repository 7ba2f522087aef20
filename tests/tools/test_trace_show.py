"""``akis trace show`` as a user sees it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from akis.trace.entries import Kept
from akis.trace.show import blocks
from tests.akis.trace.sessions_of_many_kinds import SESSION, Repeated, exchanged
from tests.leaks import silent
from tests.tools.trace_files import written
from tools.__main__ import main

ROOT = Path(__file__).parent.parent.parent
PIN = "1357"


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["trace", "show", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("option", "style"), [((), "full"), (("--wire",), "wire"), (("--brief",), "brief")])
def test_the_trace_as_text(
    option: tuple[str, ...], style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, written(tmp_path / "x.jsonl", SESSION), *option)
    assert text.splitlines()[0] == "Recorded .....: 2026-02-03T04:05:06Z"
    assert "63 C2" in text or "63C2" in text
    assert max(map(len, text.splitlines())) <= 80
    # What the file does not hide already is hidden by what it means; here there is nothing more.
    assert text == "\n".join(blocks(SESSION, style)) + "\n"  # type: ignore[arg-type]


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(capsys, written(tmp_path / "x.jsonl", SESSION), "--json"))
    assert (report["schema"], report["cut"]) == (1, False)
    assert len(report["entries"]) == len(SESSION.kept)
    assert report["header"]["reader"] == "Reader 00 00"


def test_json_of_a_trace_with_nothing_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(capsys, written(tmp_path / "x.jsonl", Kept(SESSION.header)), "--json"))
    assert report["entries"] == []


def test_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "x.html"
    assert shown(capsys, written(tmp_path / "x.jsonl", SESSION), "--html", page) == f"{page} written\n"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    before = page.read_bytes()
    assert main(["trace", "show", str(tmp_path / "x.jsonl"), "--html", str(page)]) == 2
    assert page.read_bytes() == before, "nothing is written over"
    assert main(["trace", "show", str(tmp_path / "x.jsonl"), "--html", str(tmp_path / "x.txt")]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.html", "x.jsonl"]


def test_a_page_of_a_damaged_trace_is_not_left_behind(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", SESSION)
    path.write_text(path.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    assert main(["trace", "show", str(path), "--html", str(tmp_path / "x.html")]) == 2
    assert [item.name for item in tmp_path.iterdir()] == ["x.jsonl"]


def test_a_last_line_that_was_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.jsonl", SESSION)
    path.write_bytes(path.read_bytes()[:-20])
    assert "cut off" in shown(capsys, path).splitlines()[-1]
    assert json.loads(shown(capsys, path, "--json"))["cut"] is True


@pytest.mark.parametrize("form", [(), ("--wire",), ("--brief",), ("--json",)])
def test_pins_that_a_trace_has_kept_do_not_show(
    form: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Kept(replace(SESSION.header, secrets=True), (exchanged(f"00200081 04 {PIN.encode().hex()}", "9000"),))
    assert main(["trace", "show", str(written(tmp_path / "x.jsonl", kept)), *form]) == 0
    out, err = capsys.readouterr()
    silent(out, [PIN])
    assert "holds PINs as they are" in err


def test_a_page_of_a_trace_that_has_kept_pins(tmp_path: Path) -> None:
    kept = Kept(replace(SESSION.header, secrets=True), (exchanged(f"00200081 04 {PIN.encode().hex()}", "9000"),))
    path = written(tmp_path / "x.jsonl", kept)
    assert main(["trace", "show", str(path), "--html", str(tmp_path / "x.html")]) == 0
    silent((tmp_path / "x.html").read_text(encoding="utf-8"), ["31333537"])


def test_on_a_terminal_it_has_colours_and_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.jsonl", SESSION)
    plain = shown(capsys, path)
    controller, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "tools", "trace", "show", str(path)], cwd=ROOT, stdout=terminal, env=environment
    ) as run:
        os.close(terminal)
        seen = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:  # the other end is closed
                break
            seen += piece
    os.close(controller)
    assert run.returncode == 0
    text = seen.decode().replace("\r\n", "\n")
    assert "\x1b[" in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == plain


@pytest.mark.slow
def test_it_is_fast_enough_for_long_traces(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", Repeated(1500))
    started = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "tools", "trace", "show", str(path)], cwd=ROOT, stdout=subprocess.DEVNULL, check=True
    )
    assert run.returncode == 0
    # 18000 exchanges in about a second; machines differ, and an order of magnitude is a defect on any of them.
    assert time.perf_counter() - started < 12
