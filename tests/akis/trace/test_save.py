"""Writing by the end of the name: what comes back, what is refused, and that failures leave nothing behind."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from akis.errors import InvalidArgument, TraceError
from akis.trace.entries import Entry, Exchanged, Kept, Wire
from akis.trace.open import open_trace
from akis.trace.save import save
from tests.akis.trace.exporters.traces import HEADER, heard, traces

EXCHANGE = Exchanged(Wire(bytes.fromhex("00A4040C023F00")), Wire(b"\x90\x00"))
TRACE = Kept(HEADER, (EXCHANGE,))


@settings(max_examples=40, deadline=None)
@given(traces)
def test_lossless_formats_keep_commands_answers_and_order(trace: Kept) -> None:
    with tempfile.TemporaryDirectory() as place:
        for name in ("x.jsonl", "x.dump", "x.apdu4j"):
            path = Path(place) / name
            save(trace, path)
            assert heard(list(open_trace(path).entries())) == heard(list(trace.kept))


@pytest.mark.parametrize("name", ["x.jsonl", "x.dump", "x.APDU4J", "x.pcap", "x.pcapng", "x.sh", "x.html"])
def test_every_format_is_written_for_its_owner_alone(tmp_path: Path, name: str) -> None:
    save(TRACE, tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_nothing_is_lost_in_our_own_format(tmp_path: Path) -> None:
    assert save(TRACE, tmp_path / "x.jsonl") == []


@pytest.mark.parametrize("name", ["x.txt", "x", "jsonl"])
def test_an_end_that_names_no_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgument, match=r"names no format; there are \.jsonl, \.dump"):
        save(TRACE, tmp_path / name)


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("mine")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "nowhere")
    for name in ("x.jsonl", "link.jsonl"):
        with pytest.raises(InvalidArgument, match="is there already"):
            save(TRACE, tmp_path / name)
    assert path.read_text() == "mine"


def test_a_file_that_comes_in_between_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"

    class Slow(_Trace):
        def entries(self) -> Iterator[Entry]:
            path.write_text("mine")
            yield EXCHANGE

    with pytest.raises(InvalidArgument, match="is there already"):
        save(Slow(), path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x.jsonl", "x.dump", "x.sh", "x.pcap"])
def test_a_damaged_trace_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    class Damaged(_Trace):
        def entries(self) -> Iterator[Entry]:
            yield EXCHANGE
            raise TraceError("damaged", 7)

    with pytest.raises(TraceError, match="line 7"):
        save(Damaged(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no/such/x.jsonl", "a\0b.jsonl"])
def test_a_place_that_cannot_be_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgument):
        save(TRACE, tmp_path / name)


class _Trace:
    header = HEADER

    def entries(self) -> Iterator[Entry]:
        raise NotImplementedError
