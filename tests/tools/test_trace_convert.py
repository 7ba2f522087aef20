"""``akis trace convert``, from every log and with everything that may be wrong."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from akis.errors import InvalidArgument
from akis.trace.jsonl import Lines
from tests.akis.trace.importers.logs import SECRETS, SESSION, WRITTEN, written
from tests.leaks import leaks
from tools import trace_convert
from tools.__main__ import main


def convert(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    trace_convert.configure(parser)
    return trace_convert.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.mark.parametrize("name", WRITTEN)
def test_a_log_becomes_a_trace_without_its_secrets(name: str, tmp_path: Path, capsys) -> None:
    log, out = written(tmp_path / "log", name), tmp_path / "x.jsonl"
    assert convert(log, out) == 0
    assert len(list(Lines(out).entries())) == len(SESSION)
    said = capsys.readouterr()
    assert said.out == f"{out} written\n"
    assert leaks(said.out + said.err + out.read_text(), SECRETS) == []


@pytest.mark.parametrize("end", ["sh", "pcap", "pcapng"])
def test_no_other_format_brings_secrets_back(end: str, tmp_path: Path, capsys) -> None:
    log, out = written(tmp_path / "log", "pcscd log"), tmp_path / f"x.{end}"
    assert convert(log, out) == 0
    said = capsys.readouterr()
    assert leaks(said.out + said.err + out.read_bytes().decode("latin-1"), SECRETS) == []
    assert said.err.startswith("Note: ")


def test_a_format_that_cannot_hide_is_refused_unless_secrets_are_kept(tmp_path: Path) -> None:
    log, out = written(tmp_path / "log", "OpenSC debug log"), tmp_path / "x.dump"
    with pytest.raises(InvalidArgument, match="hidden bytes"):
        convert(log, out)
    assert not out.exists()
    assert convert(log, out, "--unsafe-keep-secrets") == 0
    assert SESSION[1][0].hex().upper() in out.read_text()


@pytest.mark.parametrize("end", ["jsonl", "html", "sh", "dump", "pcap"])
def test_kept_secrets_are_told_of(end: str, tmp_path: Path, capsys) -> None:
    log, out = written(tmp_path / "log", "OpenSC debug log"), tmp_path / f"x.{end}"
    assert convert(log, out, "--unsafe-keep-secrets") == 0
    warning = f"Note: PINs are in {out} as they are: for test cards only, not to be passed on."
    assert warning in capsys.readouterr().err.splitlines()
    hidden = tmp_path / "hidden.jsonl"
    assert convert(log, hidden) == 0
    assert "PINs" not in capsys.readouterr().err


def test_the_help_names_every_format(tmp_path: Path, capsys) -> None:
    with pytest.raises(InvalidArgument) as caught:
        convert(written(tmp_path / "log", "pcscd log"), tmp_path / "x.none")
    with pytest.raises(SystemExit):
        convert("--help")
    shown = capsys.readouterr().out
    assert all(end in shown for end in str(caught.value).partition("there are ")[2].split(", "))


def test_an_existing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    with pytest.raises(InvalidArgument, match="is there already"):
        convert(tmp_path / "missing", tmp_path / "x.jsonl")


def test_a_cut_log_is_said_to_be_cut(tmp_path: Path, capsys) -> None:
    log = written(tmp_path / "log", "pcscd log")
    log.write_text(log.read_text()[: log.read_text().rindex("SW: ")])
    assert convert(log, tmp_path / "x.jsonl") == 0
    assert f"Note: {log} ends in the middle of an exchange." in capsys.readouterr().err


def test_pins_that_a_capture_had_to_leave_out_are_filled_in_when_it_is_replayed(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIN", "123456")
    monkeypatch.setenv("NEW", "2468")
    trace, capture = str(tmp_path / "x.jsonl"), str(tmp_path / "x.pcap")
    change = ["pin", "change", "--reader", "emulator:akis-2.2", "--pin", "env:PIN", "--new-pin", "env:NEW"]
    assert main([*change, "--trace", trace]) == 0
    assert main(["trace", "convert", trace, capture]) == 0
    assert main(["replay", capture, "--reader", "emulator:akis-2.2"]) == 0
    assert "1 passed" in capsys.readouterr().out


def test_a_page_that_no_browser_opens_is_said_to_be_one(tmp_path: Path, capsys, monkeypatch) -> None:
    log = written(tmp_path / "log", "pcscd log")
    assert convert(log, tmp_path / "x.html") == 0
    assert "browsers" not in capsys.readouterr().err
    monkeypatch.setattr("tools.trace_file._LARGEST_PAGE", 1000)
    assert convert(log, tmp_path / "y.html") == 0
    assert "more than most browsers open" in " ".join(capsys.readouterr().err.split())
