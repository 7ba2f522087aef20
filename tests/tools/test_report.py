"""``akis report`` on emulated cards and recordings."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from akis.emulator import EmulatedCard
from tests.akis.report.reported import CARDS, emulated, no_counter
from tests.leaks import leaks
from tests.pcsc_service import PcscService
from tests.tools.akis_process import ROOT, Card, akis, key_file
from tests.tools.emulated_files import keep
from tools.__main__ import main

SCHEMA = Draft202012Validator(json.loads((ROOT / "akis/report/report-1.schema.json").read_text("utf-8")))
PIN, PUK = "123456", "87654321"
FEW = ("--rounds", "2")


class Run:
    """One run of the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        capsys.readouterr()
        try:
            self.code = main(["report", *FEW, *map(str, arguments)])
        except SystemExit as stopped:
            self.code = int(stopped.code or 0)
        self.out, self.err = capsys.readouterr()
        assert not leaks(self.out + self.err, [PIN, PUK])

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        SCHEMA.validate(found)
        return dict(found)


@pytest.mark.parametrize("name", CARDS)
def test_an_honest_card(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = Run(capsys, "--reader", f"emulator:{name}", "--json")
    assert done.code == 0
    assert done.report["verdicts"]["fail"] == 0
    assert done.report["files"]["complete"] == name.startswith("akis-1")


def test_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    done = Run(capsys, "--reader", "emulator:akis-2.5,last-try")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "Card ............: AKİS 2.5.2, NXP"
    assert "PIN tries left ..: 1 of 3" in lines
    assert "      5031 EF.ODF, transparent, 36 bytes, activated" in lines
    assert "  ✓ The counter of the PIN is reported" in lines
    assert any(line.startswith("  READ BINARY, 36 bytes ") for line in lines)
    assert " ".join(lines[-2:]).endswith("commands sent, none of which compares a PIN or PUK.")
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("state", ["last-try", "blocked"])
def test_flags_do_not_tell_a_blocked_pin_from_one_at_its_last_try(
    state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Run(capsys, "--reader", f"emulator:akis-1.0,{state}").out
    assert "PIN tries left ..: 1, or none: a blocked PIN has the same flags\n" in out


def test_a_deviation_is_named_and_the_exit_code_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    done = Run(capsys, "--reader", "emulator:,CB=6A88")
    assert done.code == 10
    flat = " ".join(done.out.split())
    assert "✗ The counter of the PIN is reported fail: The counter of the PIN is not reported: GET DATA is" in flat
    assert "By the card's profile, pin.tries_by." in flat


@pytest.mark.parametrize("errors", [False, True])
def test_inside_a_secure_session(errors: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = key_file(tmp_path / "terminal.toml", role="terminal")
    done = Run(capsys, "--reader", "emulator:", "--sm-keys", keys, "--json", *(["--sm-errors"] if errors else []))
    assert done.code == 0
    verdicts = {check["name"]: check["verdict"] for check in done.report["checks"] if check["name"].startswith("sm-")}
    of_errors = "pass" if errors else "unknown"
    assert list(verdicts.values()) == ["pass", "pass", "pass", of_errors, of_errors]
    assert done.report["times"][-1]["name"] == "GET DATA 0106, secure messaging"


def test_keys_that_others_can_read_reach_no_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = key_file(tmp_path / "keys.toml")
    keys.chmod(0o644)
    monkeypatch.setattr(EmulatedCard, "process", lambda *_: pytest.fail("it was sent a command"))
    assert Run(capsys, "--reader", "emulator:", "--sm-keys", keys).code == 9
    assert Run(capsys, "--reader", "emulator:", "--sm-errors").code == 2


def test_files_of_each_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outs = [tmp_path / f"report{end}" for end in (".html", ".json", ".txt")]
    done = Run(capsys, "--reader", "emulator:", *(word for out in outs for word in ("--out", out)))
    assert done.code == 0
    assert [line for line in done.err.splitlines() if "report is in" in line] == [
        f"The report is in {out}." for out in outs
    ]
    page, values, text = (out.read_text("utf-8") for out in outs)
    SCHEMA.validate(json.loads(values))
    assert page.startswith("<!DOCTYPE html>")
    assert text == done.out
    for out in outs:
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        assert not leaks(out.read_text("utf-8"), [PIN, PUK])


@pytest.mark.parametrize("name", ["report", "report.pdf", "there.html", "none/report.html"])
def test_a_file_that_cannot_be_written_is_found_before_the_card_is_asked(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.html").write_text("mine")
    monkeypatch.setattr(EmulatedCard, "process", lambda *_: pytest.fail("it was sent a command"))
    done = Run(capsys, "--reader", "emulator:", "--out", tmp_path / name)
    assert (done.code, done.out) == (2, "")
    assert (tmp_path / "there.html").read_text() == "mine"


def test_the_same_file_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.html"
    assert Run(capsys, "--reader", "emulator:", "--out", out, "--out", out).code == 2
    assert not out.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_no_half_of_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.txt"
    opened = os.open

    def onto_a_full_disk(path: Any, *options: Any, **more: Any) -> int:
        if path != out:
            return opened(path, *options, **more)
        os.close(opened(path, *options, **more))
        return opened("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", onto_a_full_disk)
    done = Run(capsys, "--reader", "emulator:", "--out", out)
    assert done.code == 2
    assert "cannot be written: No space left on device" in done.err
    assert not out.exists()


class TestWithABaseline:
    @pytest.fixture
    def before(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
        out = tmp_path / "before.json"
        assert Run(capsys, "--reader", "emulator:", "--out", out).code == 0
        return out

    def test_the_same_card_again(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        done = Run(capsys, "--reader", "emulator:", "--baseline", before)
        assert done.code == 0
        assert "Since the baseline\n  Nothing is otherwise than at " in done.out

    def test_a_card_that_has_changed(self, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
        done = Run(capsys, "--reader", "emulator:,last-try", "--baseline", before)
        assert done.code == 10
        assert "  ! The PIN has 1 try left, and had 3 tries." in done.out
        done = Run(capsys, "--reader", "emulator:,last-try", "--baseline", before, "--json")
        assert done.code == 10
        assert done.report["baseline"]["differences"] == ["the PIN has 1 try left, and had 3 tries"]

    def test_one_that_cannot_be_read_is_found_before_the_card_is_asked(
        self, before: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before.write_text("{}")
        monkeypatch.setattr(EmulatedCard, "process", lambda *_: pytest.fail("it was sent a command"))
        done = Run(capsys, "--reader", "emulator:", "--baseline", before)
        assert (done.code, done.out) == (2, "")
        assert "cannot be used" in done.err


def test_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = Run(capsys, "--reader", "emulator:", "--json").report
    out = tmp_path / "report.html"
    done = Run(capsys, "--reader", "emulator:", "--redact", "--json", "--out", out)
    text = Run(capsys, "--reader", "emulator:", "--redact").out
    assert done.report["redacted"]
    assert done.report["identity"]["serial"] is None
    for hidden in (
        whole["identity"]["serial"],
        *(one[part] for one in whole["certificates"]["listed"] for part in ("holder", "serial", "label")),
    ):
        assert hidden not in done.out + out.read_text("utf-8") + text
    assert "Serial number ...: left out" in text


def test_a_card_of_the_user_s_own_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its counters are looked at in its own memory, before and after."""
    for name in ("akis-2.2,last-try", "akis-2.5,blocked", "akis-1.0,last-try"):
        card = emulated(name)
        keep(card, monkeypatch)
        before = card.save()
        assert Run(capsys, "--reader", "emulator:").code == 0
        assert card.save() == before


def test_on_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "trace.jsonl"
    live = Run(capsys, "--reader", "emulator:akis-2.5,last-try", "--trace", trace, "--json")
    played = Run(capsys, "--reader", f"replay:{trace}", "--json")
    assert (live.code, played.code) == (0, 0)
    assert {**played.report, "reader": "", "made": "", "times": []} == {
        **live.report,
        "reader": "",
        "made": "",
        "times": [],
        "checks": played.report["checks"],
    }
    assert not leaks(trace.read_text("utf-8"), [PIN, PUK])
    assert Run(capsys, "--reader", f"replay:{trace}", "--rounds", "3").code == 10


def test_on_a_recording_with_a_secure_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace, keys = tmp_path / "trace.jsonl", ("--sm-keys", "emulator:akis-2.2/terminal")
    live = Run(capsys, "--reader", "emulator:", *keys, "--trace", trace, "--json")
    played = Run(capsys, "--reader", f"replay:{trace}", *keys, "--json")
    assert (live.code, played.code) == (0, 0)
    assert live.report["verdicts"] == played.report["verdicts"]


def test_an_unknown_card_is_not_accused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a recording whose card nobody knows, the profile is a guess."""
    trace = tmp_path / "trace.jsonl"
    process = EmulatedCard.process
    monkeypatch.setattr(
        EmulatedCard, "process", lambda card, raw: no_counter(raw, lambda command: process(card, command))
    )
    assert Run(capsys, "--reader", "emulator:", "--trace", trace).code == 10
    lines = trace.read_text("utf-8").splitlines()
    header = json.loads(lines[0])
    header.update(atr="3B951381018073FF01000B")
    for name in ("profile", "personality", "seed"):
        header.pop(name, None)
    trace.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n", encoding="utf-8")
    done = Run(capsys, "--reader", f"replay:{trace}", "--json")
    assert done.code == 0
    assert done.report["identity"]["profile_guessed"]
    [unsure] = [check for check in done.report["checks"] if check["verdict"] == "unknown"]
    assert "the profile is a guess" in unsure["observed"]


def test_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert {one["count"] for one in Run(capsys, "--reader", "emulator:", "--json").report["times"]} == {2}
    assert Run(capsys, "--reader", "emulator:", "--rounds", "0").code == 2


def test_there_is_no_such_reader(capsys: pytest.CaptureFixture[str]) -> None:
    assert Run(capsys, "--reader", "emulator:akis-9").code == 2


def test_through_a_reader(pcsc: PcscService, tmp_path: Path) -> None:
    """What reaches the card is what reads; its memory is as before."""
    card = Card()
    before = card.card.save()
    out = tmp_path / "report.html"
    with pcsc.insert(card):
        done = akis(
            "report", *FEW, "--sm-keys", key_file(tmp_path / "keys.toml"), "--sm-errors", "--json", "--out", out
        )
    assert done.code == 0, done.out + done.err
    SCHEMA.validate(done.report)
    assert done.report["verdicts"] == {"pass": 26, "fail": 0, "not applicable": 1, "unknown": 0}
    assert done.report["commands"] == len(card.commands)
    assert card.card.save() == before
    assert card.pin_commands == []
    assert out.exists()
