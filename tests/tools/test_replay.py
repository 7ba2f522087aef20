"""``akis replay`` as users run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from akis.trace.jsonl import Lines
from tests.akis.regress.recorded import raw, recorded, unblock_on, verify_wrong_then_right, written
from tests.leaks import leaks
from tests.tools.akis_process import ROOT, akis

PINS = ("123456", "2468", "87654321")


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("traces")
    written(recorded(verify_wrong_then_right), directory / "pin.jsonl")
    written(recorded(unblock_on("akis-2.5"), "akis-2.5,blocked", seed="5"), directory / "unblock.jsonl")
    return directory


def test_a_directory_of_traces(traces: Path) -> None:
    done = akis("replay", traces)
    assert (done.code, done.err) == (0, "")
    heading, pin, unblock, _, total = done.out.splitlines()
    assert heading.split() == ["session", "verdict", "mode", "exchanges", "now", "recorded"]
    assert pin.split()[1:4] == ["passed", "masked", "9"]
    assert unblock.split()[1:4] == ["passed", "masked", "9"]
    assert total == "2 sessions: 2 passed"


def test_a_difference_is_shown_and_ends_with_10(traces: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    done = akis("replay", traces / "pin.jsonl", "--reader", "emulator:,24=6985", "--junit", report)
    assert done.code == 10
    assert "exchange 7, CHANGE REFERENCE DATA: SW: recorded 9000 (done), now 6985 (conditions of use not" in done.out
    failure = ElementTree.parse(report).find("testsuite/testcase/failure")
    assert failure is not None
    assert "6985" in str(failure.get("message"))
    assert not leaks(done.out + report.read_text("utf-8"), PINS)


def test_for_programs(traces: Path) -> None:
    done = akis("replay", traces, "--reader", "emulator:,2C=6A80", "--rekey", "--json", "-j", 2)
    assert done.code == 10
    pin, unblock = done.report["sessions"]
    assert (pin["verdict"], pin["mode"], pin["differences"]) == ("passed", "rekey", [])
    (found,) = unblock["differences"]
    assert (found["exchange"], found["field"]) == (6, "SW")
    assert found["command"] == "RESET RETRY COUNTER inside secure messaging"
    assert unblock["seconds_recorded"] > 0


def test_a_secure_session_by_its_keys_on_a_card_with_other_random_numbers(traces: Path, tmp_path: Path) -> None:
    header, *lines = (traces / "unblock.jsonl").read_text("utf-8").splitlines(keepends=True)
    unseeded = json.dumps({name: value for name, value in json.loads(header).items() if name != "seed"}) + "\n"
    trace = tmp_path / "unblock.jsonl"
    trace.write_text(unseeded + "".join(lines), "utf-8")
    done = akis("replay", trace)
    assert done.code == 10
    assert "--rekey" in done.out
    assert akis("replay", trace, "--rekey").code == 0
    assert akis("replay", trace, "--sm-keys", "emulator:akis-2.5/issuer").code == 0
    done = akis("replay", trace, "--sm-keys", "emulator:akis-2.5/terminal")
    assert done.code == 2
    assert "authenticates with a key that was not given" in done.out


def test_update_shows_what_differs_and_takes_it_in(traces: Path, tmp_path: Path) -> None:
    trace = tmp_path / "pin.jsonl"
    trace.write_bytes((traces / "pin.jsonl").read_bytes())
    done = akis("replay", trace, "--reader", "emulator:,24=6985", "--update")
    assert done.code == 0
    assert "SW: recorded 9000 (done), now 6985" in done.out
    assert "the new answers are taken into the trace" in done.out
    assert akis("replay", trace, "--reader", "emulator:,24=6985").code == 0
    assert Lines(trace).header.personality == "akis-2.2"


def test_slower(traces: Path) -> None:
    done = akis("replay", traces / "pin.jsonl", "--slower", "0.000001")
    assert done.code == 10
    assert "SLOWER" in done.out
    assert akis("replay", traces / "pin.jsonl", "--slower", "100000").code == 0


def test_values_of_ones_own(traces: Path) -> None:
    done = akis("replay", traces / "pin.jsonl", "--secret", "pin=env:MINE", MINE="654321")
    assert done.code == 10
    assert "VERIFY: SW: recorded 9000 (done), now 63C1" in done.out
    assert not leaks(done.out + done.err, ["654321"])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["missing.jsonl"], 2, "missing.jsonl cannot be read: No such file or directory"),
        (["EMPTY"], 2, "there is no trace (*.jsonl) in"),
        (["GOOD", "--reader", "emulator:akis-9"], 2, "akis-9"),
        (["GOOD", "--reader", "emulator:,lost"], 2, "no card state 'lost'"),
        (["HARMLESS", "--reader", "nobody"], 3, "1 session: 1 error"),
        (["GOOD", "-j", "0"], 2, "at least one job"),
        (["GOOD", "GOOD", "-j", "2", "--reader", "0"], 2, "-j is for emulated cards"),
        (["GOOD", "--slower", "quickly"], 2, "a factor is a number above 0"),
        (["GOOD", "--secret", "pin"], 2, "give a slot and where its value comes from"),
        (["GOOD", "--secret", "pin=123456"], 2, ""),
        (["GOOD", "--strict", "--masked"], 2, "not allowed with"),
        (["GOOD", "--junit", "/nowhere/report.xml"], 2, "/nowhere/report.xml cannot be written"),
    ],
)
def test_bad_input(traces: Path, tmp_path: Path, arguments: list[str], code: int, sentence: str) -> None:
    places = {"GOOD": traces / "pin.jsonl", "EMPTY": tmp_path / "empty", "HARMLESS": tmp_path / "harmless.jsonl"}
    places["EMPTY"].mkdir()
    written(recorded(raw("0084000008")), places["HARMLESS"])
    done = akis("replay", *(places.get(word, word) for word in arguments))
    assert done.code == code
    assert sentence in done.out + done.err
    assert "Traceback" not in done.err
    assert not leaks(done.out + done.err, PINS)


def test_a_report_is_not_written_over_a_trace(traces: Path, tmp_path: Path) -> None:
    session = tmp_path / "session.jsonl"
    session.write_bytes((traces / "pin.jsonl").read_bytes())
    done = akis("replay", session, "--junit", session)
    assert done.code == 2
    assert "would be written over a session" in done.err
    assert session.read_bytes() == (traces / "pin.jsonl").read_bytes()


def test_an_older_report_stays_until_there_is_a_new_one(traces: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text("older", "utf-8")
    assert akis("replay", traces / "pin.jsonl", "-j", "0", "--junit", report).code == 2
    assert report.read_text("utf-8") == "older"
    assert akis("replay", traces / "pin.jsonl", "--junit", report).code == 0
    assert ElementTree.parse(report).find("testsuite/testcase") is not None


def test_a_report_that_cannot_be_written_leaves_no_recording_behind(traces: Path, tmp_path: Path) -> None:
    session = tmp_path / "session.jsonl"
    session.write_bytes((traces / "pin.jsonl").read_bytes())
    done = akis("replay", session, "--update", "--reader", "emulator:,24=6985", "--junit", "/dev/full")
    assert "/dev/full cannot be written" in done.err
    assert list(tmp_path.iterdir()) == [session]


def test_a_damaged_trace_is_named_with_its_line_and_the_others_are_played(traces: Path, tmp_path: Path) -> None:
    lines = (traces / "pin.jsonl").read_text("utf-8").splitlines(keepends=True)
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_text("".join([*lines[:2], "{}\n", *lines[2:]]), "utf-8")
    done = akis("replay", damaged, traces / "pin.jsonl")
    assert done.code == 2
    assert "line 3: an exchange has command and response" in done.out
    assert "1 passed, 1 error" in done.out


def test_through_pcsc(pcsc: object, inserted: object, traces: Path) -> None:
    refused = akis("replay", traces / "pin.jsonl", "--reader", "0")
    assert refused.code == 9
    assert "--allow-pin-commands" in refused.out
    secrets = ("--secret", "pin=env:P", "--secret", "wrong-pin=env:W", "--secret", "new-pin=env:N")
    values = {"P": "123456", "W": "111111", "N": "1357"}
    done = akis("replay", traces / "pin.jsonl", "--reader", "0", "--allow-pin-commands", *secrets, **values)
    assert (done.code, done.err) == (0, "")
    assert not leaks(done.out, values.values())


def test_a_slot_that_no_session_has(traces: Path) -> None:
    done = akis("replay", traces / "pin.jsonl", "--secret", "pni=env:MINE", MINE="654321")
    assert done.code == 0
    assert done.err == "akis: no session has a slot pni; there are new-pin, pin, wrong-pin\n"


def test_a_last_line_that_was_cut_off_is_told(traces: Path, tmp_path: Path) -> None:
    trace = tmp_path / "cut.jsonl"
    trace.write_bytes((traces / "pin.jsonl").read_bytes()[:-20])
    done = akis("replay", trace)
    assert done.code == 0
    assert "the last line of the trace was cut off, and was not played" in done.out


def test_ctrl_c_ends_several_sessions_at_once(traces: Path, tmp_path: Path) -> None:
    header, *lines = (traces / "pin.jsonl").read_text("utf-8").splitlines(keepends=True)
    paths = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for path in paths:
        path.write_text(header + lines[0] * 200_000, "utf-8")
    process = subprocess.Popen([sys.executable, "-m", "tools", "replay", *map(str, paths), "-j", "2"], cwd=ROOT)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
