"""Any trace by its path: what is recognised, what is refused, and that nothing comes out that should be hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import InvalidArgument, ProfileError, TraceError
from akis.trace.entries import Exchanged, Header
from akis.trace.jsonl import Writer, entry_line
from akis.trace.open import is_cut, open_trace
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


@pytest.mark.parametrize("content", [b"\x00" * 100, b"hello\n", b"[1, 2]\n", b"# a comment\n"])
def test_what_is_of_no_kind_is_refused_with_a_list_of_kinds(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"of no kind that is understood; there are akis traces .*pcscd log"):
        open_trace(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b'{"command":"00840000","response":"9000"}\n', "has no header line, with which an akis trace begins"),
        (b'{"event":"reset"}\n', "has no header line, with which an akis trace begins"),
        ("\ufeffAPDU: 00 A4\n".encode(), "begins with a byte order mark; save it as UTF-8 without one"),
        ("00000001 APDU: 00 A4\n".encode("utf-16"), "begins with a byte order mark; save it as UTF-8 without one"),
    ],
)
def test_plain_mistakes_are_called_by_their_name(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        open_trace(path)
    assert str(caught.value) == f"{path} {why}"


class TestReader:
    def log(self, path: Path) -> Path:
        """Two readers, each with an exchange."""
        said = [
            f"00000001 winscard.c:258:SCardConnect() Attempting Connect to {reader} using protocol: 3\n"
            f"00000001 APDU: 00 A4 04 00\n00000001 SW: {answer}\n"
            for reader, answer in (("Left", "90 00"), ("Right", "6A 82"))
        ]
        path.write_text("".join(said))
        return path

    def test_part_of_a_name_chooses_one(self, tmp_path: Path) -> None:
        trace = open_trace(self.log(tmp_path / "x"), reader="righ")
        assert [entry.answer.text for entry in trace.entries() if isinstance(entry, Exchanged) and entry.answer] == [
            "6A82"
        ]

    def test_one_that_does_not_occur_is_refused_with_those_that_do(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match=r"there is no reader 'Nope' in this log; there are 'Left', 'Right'$"):
            open_trace(self.log(tmp_path / "x"), reader="Nope")

    def test_a_log_without_names_has_none_to_choose(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("00000001 APDU: 00 A4 04 00\n00000001 SW: 90 00\n")
        with pytest.raises(InvalidArgument, match=r"there is no reader 'Nope' in this log; it names none$"):
            open_trace(tmp_path / "x", reader="Nope")

    def test_a_trace_of_our_own_has_nothing_to_choose(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match="is an akis trace, which is of one reader"):
            open_trace(own(tmp_path / "x.jsonl", secrets=False), reader="Nope")


def test_what_is_wrong_with_a_line_of_a_log_is_said_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("00000001 APDU: 00 A4 04 00\n00000001 SW: 90 00\n00000001 APDU: 0\n")
    with pytest.raises(TraceError) as caught:
        list(open_trace(path).entries())
    assert str(caught.value).startswith(f"{path}, line 3: damaged")


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


def test_whether_a_recording_breaks_off(tmp_path: Path) -> None:
    path = own(tmp_path / "x.jsonl", secrets=False)
    assert not is_cut(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert not is_cut(path), "the line is whole but for its end"
    path.write_bytes(whole[:-20])
    assert is_cut(path)
