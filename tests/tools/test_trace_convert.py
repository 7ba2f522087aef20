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


def test_an_existing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    with pytest.raises(InvalidArgument, match="is there already"):
        convert(tmp_path / "missing", tmp_path / "x.jsonl")


def test_a_cut_log_is_said_to_be_cut(tmp_path: Path, capsys) -> None:
    log = written(tmp_path / "log", "pcscd log")
    log.write_text(log.read_text()[: log.read_text().rindex("SW: ")])
    assert convert(log, tmp_path / "x.jsonl") == 0
    assert f"Note: {log} ends in the middle of an exchange." in capsys.readouterr().err
