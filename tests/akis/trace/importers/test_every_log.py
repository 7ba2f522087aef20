"""What holds for every kind of text log: what is read, what is hidden, and what a damaged or cut file does."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akis.errors import TraceError
from akis.trace.entries import Exchanged
from akis.trace.importers.base import Heard
from akis.trace.jsonl import entry_line, header_line
from akis.trace.open import importers, open_trace
from tests.akis.trace.importers.logs import ATR, SECRETS, SESSION, TEXT_IMPORTERS, WRITTEN, written
from tests.leaks import leaks

every_log = pytest.mark.parametrize("name", WRITTEN)


def exchanges(name: str, text: str | bytes, path: Path) -> list[tuple[bytes, bytes | None]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(heard.command, heard.answer) for heard in TEXT_IMPORTERS[name].read(path) if isinstance(heard, Heard)]


@every_log
def test_a_log_holds_the_session(name: str, tmp_path: Path) -> None:
    assert exchanges(name, WRITTEN[name](), tmp_path / "log") == list(SESSION)


@every_log
def test_a_log_is_told_from_all_others(name: str) -> None:
    head = WRITTEN[name]().encode()
    assert [importer.NAME for importer in importers() if importer.sniff(head)] == [name]


@every_log
def test_nothing_secret_comes_out(name: str, tmp_path: Path) -> None:
    log = written(tmp_path / "log", name)
    assert leaks(log.read_text(), SECRETS), "there is nothing to hide in this log"
    trace = open_trace(log)
    lines = [header_line(trace.header), *(entry_line(entry) for entry in trace.entries())]
    assert len(lines) == 1 + len(SESSION)
    for said in ("\n".join(lines), repr(list(trace.entries())), repr(trace.header)):
        assert leaks(said, SECRETS) == []


@every_log
def test_secrets_stay_only_where_that_is_asked_for(name: str, tmp_path: Path) -> None:
    trace = open_trace(written(tmp_path / "log", name), keep_secrets=True)
    assert trace.header.secrets
    assert [entry.command.raw for entry in trace.entries() if isinstance(entry, Exchanged)] == [
        sent for sent, _ in SESSION
    ]


@every_log
def test_what_the_log_says_of_the_card_is_in_the_header(name: str, tmp_path: Path) -> None:
    header = open_trace(written(tmp_path / "log", name)).header
    assert (header.source, header.profile) == (name, "akis-2")
    assert header.reader == (None if name == "cardpeek log" else "Reader 00 00")
    assert header.atr == (None if name == "pyscard console observer" else ATR)
    silent = ("OpenSC debug log", "cardpeek log", "pyscard console observer")
    assert header.protocol == (None if name in silent else "T=1")


@every_log
def test_windows_line_ends_and_colours_change_nothing(name: str, tmp_path: Path) -> None:
    text = WRITTEN[name]().replace("\n", "\r\n")
    assert exchanges(name, text, tmp_path / "windows") == list(SESSION)
    coloured = "".join(f"\x1b[36m{line}\x1b[0m\n" for line in WRITTEN[name]().splitlines())
    assert exchanges(name, coloured, tmp_path / "coloured") == list(SESSION)


@every_log
def test_a_log_without_its_last_line_feed_is_whole(name: str, tmp_path: Path) -> None:
    assert exchanges(name, WRITTEN[name]().removesuffix("\n"), tmp_path / "log") == list(SESSION)


@every_log
@pytest.mark.slow
def test_a_log_that_is_cut_anywhere_says_nothing_that_is_not_so(name: str, tmp_path: Path) -> None:
    text = WRITTEN[name]()
    for cut in range(len(text)):
        found = exchanges(name, text[:cut], tmp_path / "log")
        whole = found if not found or found[-1][1] is not None else found[:-1]
        assert whole == list(SESSION)[: len(whole)]
        if whole != found:
            assert found[-1][0] == SESSION[len(whole)][0]


@every_log
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_only_trace_errors_come_out_of_a_damaged_log(name: str, data: st.DataObject) -> None:
    raw = bytearray(WRITTEN[name]().encode())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
        if not raw:
            break
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "log"
        path.write_bytes(raw)
        try:
            trace = open_trace(path)
            said = "".join(entry_line(entry) for entry in trace.entries())
        except TraceError as error:
            said = str(error)
    assert isinstance(said, str)
