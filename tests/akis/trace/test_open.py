"""Any trace by its path: what is recognised, what is refused, and that nothing comes out that should be hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import ProfileError, TraceError
from akis.trace.entries import Exchanged, Header
from akis.trace.jsonl import Writer, entry_line
from akis.trace.open import open_trace
from akis.trace.redactor import Redactor
from tests.akis.trace.importers.logs import SECRETS, SESSION
from tests.leaks import leaks


def own(path: Path, secrets: bool) -> Path:
    """The session as akis would have recorded it."""
    redactor = Redactor(keep_secrets=secrets)
    with path.open("w") as stream:
        writer = Writer(stream, Header(profile="akis-2", secrets=secrets))
        for command, answer in SESSION:
            writer.write(redactor.exchange(command, answer))
    return path


def test_a_trace_of_our_own_is_itself(tmp_path: Path) -> None:
    path = own(tmp_path / "x.jsonl", secrets=False)
    lines = [entry_line(entry) for entry in open_trace(path).entries()]
    assert lines == path.read_text().splitlines()[1:]


def test_a_trace_that_keeps_secrets_is_hidden_unless_they_are_asked_for(tmp_path: Path) -> None:
    path = own(tmp_path / "x.jsonl", secrets=True)
    assert leaks(path.read_text(), SECRETS)
    trace = open_trace(path)
    assert not trace.header.secrets
    assert leaks("\n".join(entry_line(entry) for entry in trace.entries()), SECRETS) == []
    kept = open_trace(path, keep_secrets=True)
    assert kept.header.secrets
    assert [entry.command.raw for entry in kept.entries() if isinstance(entry, Exchanged)] == [
        sent for sent, _ in SESSION
    ]


def test_a_pin_typed_into_a_trace_by_hand_is_hidden(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"akis-trace":1,"slots":[]}\n{"command":"00200081043132333435","response":"9000"}\n')
    path.write_text(path.read_text().replace("043132333435", "0431323334"))
    assert [entry.command.text for entry in open_trace(path).entries() if isinstance(entry, Exchanged)] == [
        "0020008104********"
    ]


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"hello\n", b"[1, 2]\n", b"\xff\xfe" * 50, b"# a comment\n"])
def test_what_is_of_no_kind_is_refused_with_a_list_of_kinds(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"of no kind that is understood; there are akis traces .*pcscd log"):
        open_trace(path)


def test_what_may_be_of_two_kinds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("> 00 A4 04 00\n<  [] 90 00\nA>> T=1 (4+0000) 00A40400\n")
    with pytest.raises(TraceError, match="may be apdu4j log or pyscard console observer"):
        open_trace(path)


@pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        open_trace(tmp_path / name)


def test_an_unknown_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError):
        open_trace(own(tmp_path / "x.jsonl", secrets=False), profile="nobody")
