"""Traces in files: what is written is read, and what is damaged says where."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.errors import TraceError
from akis.trace.entries import Entry, Event, Exchanged, Failure, Header, Wire
from akis.trace.jsonl import LONGEST_LINE, Lines, Writer, entry_line, header_line, is_trace
from akis.trace.line import LONGEST_TEXT
from akis.trace.redact import Mask
from tests.akis.trace.trace_lines import HEADER, LINES, wire_values

COUNTS = st.none() | st.integers(0, (1 << 63) - 1)
TEXTS = st.text(max_size=40).filter(
    lambda text: text == text.encode("utf-8", "replace").decode() and text.isprintable()
)
FAILURES = st.builds(Failure, TEXTS, TEXTS)
EVENTS = st.builds(Event, st.sampled_from(["reset", "removed", "inserted"]), COUNTS, st.none() | st.binary(max_size=33))
EXCHANGES = st.builds(Exchanged, wire_values(), wire_values(), COUNTS, COUNTS)
LOST = st.builds(Exchanged, wire_values(), st.none(), COUNTS, COUNTS, FAILURES)
MAYBE = st.none() | TEXTS.filter(bool)
HEADERS = st.builds(
    Header,
    atr=st.none() | st.binary(max_size=33),
    protocol=MAYBE,
    reader=MAYBE,
    profile=MAYBE,
    personality=MAYBE,
    state=TEXTS,
    extended=st.booleans(),
    seed=MAYBE,
    created=MAYBE,
    title=TEXTS,
    source=TEXTS,
    heuristic=st.booleans(),
    secrets=st.booleans(),
    slots=st.lists(st.sampled_from(["pin", "puk", "new-pin"])).map(tuple),
)


def written(header: Header, entries: list[Entry]) -> str:
    stream = io.StringIO()
    writer = Writer(stream, header)
    for entry in entries:
        writer.write(entry)
    return stream.getvalue()


def trace(path: Path, *lines: str, header: str = HEADER) -> Lines:
    path.write_text("".join(f"{line}\n" for line in (header, *lines)), encoding="utf-8")
    return Lines(path)


@given(HEADERS, st.lists(EXCHANGES | LOST | EVENTS, max_size=6))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, header: Header, entries: list[Entry]
) -> None:
    path = tmp_path_factory.mktemp("trace") / "x.jsonl"
    path.write_text(written(header, entries), encoding="utf-8")
    read = Lines(path)
    assert read.header == header
    assert list(read.entries()) == list(read.entries()) == entries
    assert not read.cut
    assert is_trace(path)


def test_what_nobody_knows_is_left_out() -> None:
    assert header_line(Header()) == '{"akis-trace":1,"slots":[]}'
    assert (
        entry_line(Exchanged(Wire(b"\x00\x84\x00\x00"), Wire(b"\x90\x00")))
        == '{"command":"00840000","response":"9000"}'
    )
    assert entry_line(Event("removed")) == '{"event":"removed"}'


def test_a_line_is_there_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        writer = Writer(stream, Header())
        for count in range(3):
            writer.write(Event("reset"))
            assert len(list(Lines(path).entries())) == count + 1


def test_letters_that_would_break_a_line_become_question_marks(tmp_path: Path) -> None:
    text = "a\nb\x1b[2J\ud800\u2028\u202eç"
    path = tmp_path / "x.jsonl"
    lost = Exchanged(Wire(b""), None, failure=Failure("Odd\n", text * LONGEST_TEXT))
    path.write_text(written(Header(reader=text), [lost]), encoding="utf-8")
    assert Lines(path).header.reader == "a?b?[2J???ç"
    (read,) = Lines(path).entries()
    assert isinstance(read, Exchanged)
    assert read.failure is not None
    assert (read.failure.kind, len(read.failure.message)) == ("Odd?", LONGEST_TEXT)


def test_what_no_reader_takes_is_not_written() -> None:
    stream = io.StringIO()
    writer = Writer(stream, Header())
    before = stream.getvalue()
    with pytest.raises(TraceError, match="longer than"):
        writer.write(Exchanged(Wire(bytes(LONGEST_LINE)), Wire(b"\x90\x00")))
    assert stream.getvalue() == before


def test_the_longest_exchange_fits(tmp_path: Path) -> None:
    masks = tuple(Mask(7 + 40 * at, 20, "pin+new-pin-4096") for at in range(1600))
    longest = Exchanged(Wire(bytes(65544), masks), Wire(bytes(65538), (Mask(0, 65536, "answer"),)))
    path = tmp_path / "x.jsonl"
    path.write_text(written(Header(), [longest]), encoding="utf-8")
    assert list(Lines(path).entries()) == [longest]


# ---- damage


@pytest.mark.parametrize("line", LINES.bad)
def test_a_bad_line_says_its_number(line: str, tmp_path: Path) -> None:
    read = trace(tmp_path / "x.jsonl", LINES.good[0], line, LINES.good[1])
    entries = read.entries()
    next(entries)
    with pytest.raises(TraceError, match=r"x\.jsonl, line 3: ") as caught:
        next(entries)
    assert caught.value.line == 3


@pytest.mark.parametrize("line", LINES.good)
def test_a_good_line(line: str, tmp_path: Path) -> None:
    assert len(list(trace(tmp_path / "x.jsonl", line).entries())) == 1


@pytest.mark.parametrize("header", LINES.bad_headers)
def test_a_bad_header(header: str, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"x\.jsonl, line 1: ") as caught:
        trace(tmp_path / "x.jsonl", header=header)
    assert caught.value.line == 1


@pytest.mark.parametrize("header", LINES.good_headers)
def test_a_good_header(header: str, tmp_path: Path) -> None:
    assert list(trace(tmp_path / "x.jsonl", header=header).entries()) == []


def test_another_version_is_told_from_another_file(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="version that this akis does not know; it knows 1"):
        trace(tmp_path / "x.jsonl", header='{"akis-trace":2,"new":"member"}')
    with pytest.raises(TraceError, match="this is no trace"):
        trace(tmp_path / "y.jsonl", header='{"a":1}')


def test_a_byte_order_mark_is_called_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="a trace has no byte order mark; save it as UTF-8 without one"):
        trace(tmp_path / "x.jsonl", header="\ufeff" + HEADER)


@pytest.mark.parametrize(
    ("member", "named"),
    [
        ("durations", " 'durations'"),
        ("akis-version", " 'akis-version'"),
        ("123456", ""),
        ("a1b2c3d4", ""),
        ("pin 1234", ""),
        ("\u202e", ""),
        ("", ""),
        ("abcdefghijklmnopqrstuvwxyz", ""),
    ],
)
def test_a_member_that_nobody_knows_is_named_where_it_is_a_word(member: str, named: str, tmp_path: Path) -> None:
    line = json.dumps({"event": "reset", member: 1}, ensure_ascii=False)
    with pytest.raises(TraceError, match=f"line 2: there is a member{named} that the format does not have$"):
        list(trace(tmp_path / "x.jsonl", line).entries())


def test_an_editor_may_end_lines_in_its_way_and_put_them_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(f'{HEADER}\r\n{{"event":"removed","start":9}}\r\n{{"event":"inserted","start":2}}\r\n'.encode())
    assert list(Lines(path).entries()) == [Event("removed", 9), Event("inserted", 2)]


def test_cut_off_at_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    whole = f"{HEADER}\n{LINES.good[0]}\n{LINES.good[1]}\n".encode()
    header, first = len(HEADER), len(f"{HEADER}\n{LINES.good[0]}")
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        if size < header:
            with pytest.raises(TraceError, match="this is no trace"):
                Lines(path)
            continue
        read = Lines(path)
        count = len(list(read.entries()))
        assert count == (size >= first) + (size >= len(whole) - 1)
        assert read.cut is (size not in (header, header + 1, first, first + 1, len(whole) - 1))


def test_a_whole_last_line_that_is_wrong_was_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{HEADER}\n{{"event":"exploded"}}', encoding="utf-8")
    with pytest.raises(TraceError, match="line 2: an event is"):
        list(Lines(path).entries())


@pytest.mark.parametrize("size", [LONGEST_LINE - 1, LONGEST_LINE, 3 * LONGEST_LINE])
def test_a_line_too_long(size: int, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    line = LINES.good[0].encode()
    path.write_bytes(HEADER.encode() + b"\n" + line + b" " * (size - len(line) - 1) + b"\n")
    if size < LONGEST_LINE:
        assert len(list(Lines(path).entries())) == 1
        return
    with pytest.raises(TraceError, match=f"line 2: longer than {LONGEST_LINE} bytes"):
        list(Lines(path).entries())


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    for name, why in {
        ".": "not a regular file",
        "pipe": "not a regular file, and a trace is read more than once; write what comes from a pipe to a file",
        "missing": "No such file",
        "a\0b": "no such name",
        "empty": "this is no trace",
    }.items():
        with pytest.raises(TraceError, match=why):
            Lines(tmp_path / name)
    with pytest.raises(TraceError, match="not a regular file"):
        is_trace(tmp_path)
    with pytest.raises(TraceError, match="not a regular file"):
        is_trace("-")


def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.touch(0o000)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)  # root may read everything
    try:
        with pytest.raises(TraceError, match="Permission denied"):
            Lines(path)
    finally:
        os.seteuid(before)


@given(st.binary(max_size=200))
def test_any_bytes_at_all(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("trace") / "x.jsonl"
    path.write_bytes(HEADER.encode() + b"\n" + raw + b"\n")
    caught = None
    try:
        entries = list(Lines(path).entries())
    except TraceError as error:
        caught = error
    if caught is not None:
        assert caught.line is not None
    else:
        assert all(json.loads(entry_line(entry)) for entry in entries)
