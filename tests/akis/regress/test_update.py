"""New answers taken into a trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from akis.errors import InvalidArgument
from akis.regress.run import Plan, replay, replay_file
from akis.regress.update import accept
from akis.secret import Secret
from akis.trace.entries import Event, Exchanged, Kept, Wire
from akis.trace.jsonl import Lines
from akis.trace.redact import Mask
from tests.akis.regress.recorded import PIN, Story, named, raw, recorded, unblock_on, verify_wrong_then_right, written


def updated(path: Path, **plan: Any) -> list[str]:
    """What differs; the trace has the new answers afterwards."""
    outcome = replay_file(path, Plan(update=True, **plan))
    assert outcome.error is None
    accept(outcome)
    return [str(deviation) for deviation in outcome.deviations]


@pytest.mark.parametrize(
    ("story", "state", "plan"),
    [
        (verify_wrong_then_right, "akis-2.2", {}),
        (unblock_on("akis-2.2"), "akis-2.2,blocked", {"mode": "rekey"}),
    ],
)
def test_afterwards_the_trace_passes_where_it_differed(
    tmp_path: Path, story: Story, state: str, plan: dict[str, Any]
) -> None:
    path = written(recorded(story, state), tmp_path / "session.jsonl")
    found = updated(path, reader="emulator:,24=6985", **plan)
    assert "CHANGE REFERENCE DATA" in found[0]
    # The trace now says what card it was.
    assert replay_file(path, Plan(**plan)).verdict == "passed"
    assert Lines(path).header.state.endswith("24=6985")
    assert replay_file(path, Plan(reader=f"emulator:{state}", **plan)).verdict == "differs"
    assert updated(path, reader=f"emulator:{state}", **plan)
    assert replay_file(path, Plan(**plan)).verdict == "passed"
    assert Lines(path).header.state == state.partition(",")[2]


def test_what_is_no_answer_stays(tmp_path: Path) -> None:
    trace = recorded(raw("00A4040C07504B43532D3135", "0084000008", "00CB3FFF064D04BF81018000"))
    path = written(trace, tmp_path / "session.jsonl")
    path.chmod(0o640)
    updated(path, reader="emulator:,CB=6D00")
    before, after = trace, Lines(path)
    assert (after.header.personality, after.header.slots) == (before.header.personality, before.header.slots)
    commands = [
        [entry.command for entry in trace.entries() if not isinstance(entry, Event)] for trace in (before, after)
    ]
    assert commands[0] == commands[1]
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_difference_nothing_is_written(tmp_path: Path) -> None:
    path = written(recorded(verify_wrong_then_right), tmp_path / "session.jsonl")
    before = path.read_bytes()
    assert updated(path) == []
    assert path.read_bytes() == before


def test_a_recorded_loss_is_recorded_again(tmp_path: Path) -> None:
    def pulled(card: Any) -> None:
        card.select_application()
        reader = card.transport.inner.inner.inner
        reader.remove()
        with pytest.raises(Exception, match="no card"):
            card.select_application()
        reader.insert()
        card.select_application()
        card.serial()

    path = written(recorded(pulled), tmp_path / "session.jsonl")
    assert updated(path, reader="emulator:,CA=6D00")
    kinds = [
        entry.kind if isinstance(entry, Event) else entry.failure and entry.failure.kind
        for entry in Lines(path).entries()
    ]
    assert kinds == [None, "NoCard", "removed", "inserted", None, None]


def test_only_our_own_format_is_updated() -> None:
    with pytest.raises(InvalidArgument, match="convert"):
        replay(recorded(verify_wrong_then_right), Plan(update=True))


def test_a_session_that_stops_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = written(recorded(unblock_on("akis-2.2"), "akis-2.2,blocked"), tmp_path / "session.jsonl")
    before = path.read_bytes()
    outcome = replay_file(path, Plan(update=True, mode="rekey", keys=[]))
    assert outcome.verdict == "passed"
    path.write_bytes(before + b"damaged\n")
    outcome = replay_file(path, Plan(update=True, reader="emulator:,24=6985", mode="rekey"))
    assert outcome.verdict == "error"
    assert path.read_bytes() == before + b"damaged\n"
    assert list(tmp_path.iterdir()) == [path]


READ = bytes.fromhex("00B0000004")


@pytest.mark.parametrize(
    "exchange",
    [
        Exchanged(Wire(READ), Wire(bytes(4) + b"\x90\x00", (Mask(0, 4, "holder-name"),))),
        Exchanged(Wire(bytes.fromhex("00D6000004") + bytes(4), (Mask(5, 4, "holder-name"),)), Wire(b"\x90\x00")),
    ],
)
def test_what_was_hidden_by_hand_does_not_come_back(tmp_path: Path, exchange: Exchanged) -> None:
    trace = recorded(raw("00A4040C07504B43532D3135"))
    path = written(Kept(trace.header, (*trace.kept, exchange)), tmp_path / "session.jsonl")
    before = path.read_bytes()
    outcome = replay_file(path, Plan(update=True, secrets={"holder-name": Secret("Anna")}))
    assert isinstance(outcome.error, InvalidArgument)
    assert "would show" in outcome.message
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


def test_a_trace_that_claims_to_keep_secrets_does_not_get_any(tmp_path: Path) -> None:
    trace = named(recorded(verify_wrong_then_right), secrets=True)
    path = written(trace, tmp_path / "session.jsonl")
    outcome = replay_file(path, Plan(update=True, reader="emulator:,24=6985", secrets={"pin": Secret(PIN)}))
    assert isinstance(outcome.error, InvalidArgument)
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_takes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(recorded(verify_wrong_then_right), tmp_path / "session.jsonl")
    monkeypatch.setattr("akis.regress.run.NamedTemporaryFile", full)
    outcome = replay_file(path, Plan(update=True))
    assert isinstance(outcome.error, InvalidArgument)


def test_a_trace_that_is_gone_is_not_updated(tmp_path: Path) -> None:
    path = written(recorded(verify_wrong_then_right), tmp_path / "session.jsonl")
    outcome = replay_file(path, Plan(update=True, reader="emulator:,24=6985"))
    path.unlink()
    with pytest.raises(InvalidArgument, match="new recording"):
        accept(outcome)
    assert list(tmp_path.iterdir()) == []
