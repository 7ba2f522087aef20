"""Recorded sessions as tests: ``pytest --akis-traces DIR``."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.sources.secrets import read_secret
from tests.akis.pytest_plugin.runs import run
from tests.akis.regress.recorded import PIN, PUK, named, raw, recorded, unblock, verify_wrong_then_right, written

pytest_plugins = ["pytester"]

SELECT, WRONG_PIN = "00A4040C07504B43532D3135", "0020008106303030303030"
GET_CHALLENGE, IS_VERIFIED = "0084000008", "00200081"


def make_traces(place: Path) -> Path:
    """Three sessions, one of them further down, beside files that are none."""
    (place / "deep").mkdir(parents=True)
    written(
        named(recorded(unblock, "akis-2.2,blocked", seed="5EED"), title="unblock of a blocked card"),
        place / "unblock.jsonl",
    )
    written(recorded(verify_wrong_then_right), place / "verify.jsonl")
    written(recorded(raw(IS_VERIFIED), "akis-2.5"), place / "deep" / "state.jsonl")
    (place / "measurements.jsonl").write_text('{"temperature": 21}\n')
    (place / "notes.txt").write_text('{"akis-trace":1}\n')
    return place


def make_different(path: Path) -> None:
    """A trace of a card that has two tries left, which no new one has, and says so in its title."""
    written(named(recorded(raw(SELECT, WRONG_PIN, IS_VERIFIED)), title="two left"), path)
    text = path.read_text()
    assert text.count('"63C2"') == 2
    path.write_text(text.replace('"63C2"', '"63C1"'))


def names(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def test_each_trace_is_a_test_and_other_files_are_not_touched(pytester: pytest.Pytester) -> None:
    make_traces(pytester.path / "traces")
    pytester.makepyfile(test_own="def test_own(): pass")
    result = run(pytester, "--akis-traces", "traces", "test_own.py")
    result.assert_outcomes(passed=4)
    listed = names(run(pytester, "--akis-traces", "traces", "test_own.py", "--collect-only", "-q"))
    assert listed == [
        "test_own.py::test_own",
        "traces/deep/state.jsonl::replay",
        "traces/unblock.jsonl::replay",
        "traces/verify.jsonl::replay",
    ]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--akis-traces", "traces"], 3),
        (["--akis-traces", "traces", "."], 3),
        (["--akis-traces", "traces", "traces"], 3),
        (["--akis-traces", "traces/deep"], 1),
        (["--akis-traces", "traces/deep", "--akis-traces", "traces"], 3),
        (["--akis-traces", "traces", "traces/verify.jsonl::replay"], 1),
        (["--akis-traces", "traces", "traces/verify.jsonl"], 1),
        (["--akis-traces", "traces", "-k", "verify or state"], 2),
        (["--akis-traces", "traces", "--deselect", "traces/verify.jsonl::replay"], 2),
        (["--akis-traces", "traces", "--ignore", "traces/verify.jsonl"], 2),
        (["--akis-traces", "traces", "--ignore", "traces/deep"], 2),
    ],
)
def test_which_traces_are_played(pytester: pytest.Pytester, arguments: list[str], count: int) -> None:
    make_traces(pytester.path / "traces")
    run(pytester, *arguments).assert_outcomes(
        passed=count, deselected=3 - count if {"-k", "--deselect"} & {*arguments} else 0
    )


def test_directories_that_pytest_does_not_look_into_are_played_where_they_are_named(pytester: pytest.Pytester) -> None:
    make_traces(pytester.path / "build" / ".traces")
    run(pytester, "--akis-traces", "build/.traces", ".").assert_outcomes(passed=3)


def test_a_directory_outside_of_where_pytest_runs(pytester: pytest.Pytester) -> None:
    make_traces(pytester.path / "traces")
    here = pytester.mkdir("here")
    (here / "pytest.ini").write_text("[pytest]\n")
    pytester.chdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        run(pytester, "--akis-traces", "../traces").assert_outcomes(passed=3)
        run(pytester, "--akis-traces", "../traces", "../traces/verify.jsonl::replay").assert_outcomes(passed=1)


def test_the_ini_file_says_it_for_runs_that_name_no_files(pytester: pytest.Pytester) -> None:
    make_traces(pytester.path / "traces")
    pytester.makeini("[pytest]\nakis_traces = traces\nakis_reader = emulator:akis-2.2\n")
    pytester.makepyfile(test_own="def test_own(): pass")
    # The session of deep/state.jsonl was one with the other card.
    run(pytester).assert_outcomes(passed=3, failed=1)
    run(pytester, "test_own.py").assert_outcomes(passed=1)
    run(pytester, "traces/deep", "--akis-reader", "emulator:").assert_outcomes(passed=1)


def test_without_being_asked_nothing_is_played(pytester: pytest.Pytester) -> None:
    make_traces(pytester.path / "traces")
    pytester.makepyfile(test_own="def test_own(): pass")
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert "traces" not in result.stdout.str()


def test_a_difference_is_a_failure_in_one_plain_sentence(pytester: pytest.Pytester) -> None:
    make_different(pytester.mkdir("traces") / "tries.jsonl")
    result = run(pytester, "--akis-traces", "traces", "--junitxml", "report.xml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*FAILURES*",
            "_* replay of tries.jsonl: two left _*",
            "exchange 2, VERIFY: SW: recorded 63C1*, now 63C2*",
            "*short test summary*",
            "FAILED traces/tries.jsonl::replay - *exchange 2, VERIFY*",
        ],
        consecutive=False,
    )
    for word in ("Traceback", "traces.py", "def ", ">  ", "303030"):
        assert word not in result.stdout.str()
    report = (pytester.path / "report.xml").read_text()
    assert "<failure" in report
    assert '<property name="title" value="two left"' in report


def test_what_stops_a_session_is_an_error(pytester: pytest.Pytester) -> None:
    folder = make_traces(pytester.path / "traces")
    with (folder / "verify.jsonl").open("a") as stream:
        stream.write('{"command":12}\n{}\n')
    (folder / "later.jsonl").write_text('{"akis-trace":99}\n')
    result = run(pytester, "--akis-traces", "traces", "--junitxml", "report.xml")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["_* ERROR at setup of replay of later.jsonl _*", "*version*", "_* replay of verify.jsonl _*", "*, line *"]
    )
    assert "Traceback" not in result.stdout.str()
    assert (pytester.path / "report.xml").read_text().count("<error") == 2


def test_a_session_is_compared_as_it_is_told(pytester: pytest.Pytester) -> None:
    written(recorded(raw(GET_CHALLENGE)), pytester.mkdir("traces") / "challenge.jsonl")
    run(pytester, "--akis-traces", "traces").assert_outcomes(passed=1)
    run(pytester, "--akis-traces", "traces", "--akis-mode", "masked").assert_outcomes(passed=1)
    result = run(pytester, "--akis-traces", "traces", "--akis-mode", "strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["exchange 1, GET CHALLENGE: *"])


def test_device_keys_open_a_session_that_no_seed_repeats(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("traces")
    written(named(recorded(unblock, "akis-2.2,blocked"), personality=None), folder / "unblock.jsonl")
    arguments = ["--akis-traces", "traces", "--akis-reader", "emulator:akis-2.2,blocked"]
    run(pytester, *arguments, "--akis-sm-keys", "emulator:akis-2.2/issuer").assert_outcomes(passed=1)
    result = run(pytester, *arguments, "--akis-mode", "rekey", "--akis-sm-keys", "emulator:akis-2.2/terminal")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a key that was not given; --akis-sm-keys names its file"])


def test_a_secret_goes_into_its_slot_and_into_no_text(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_traces(pytester.path / "traces")
    arguments = ["--akis-traces", "traces", "--akis-secret", "pin=env:CARD_PIN"]
    monkeypatch.setenv("CARD_PIN", PIN)
    run(pytester, *arguments).assert_outcomes(passed=3)
    monkeypatch.setenv("CARD_PIN", PUK[:6])
    result = run(pytester, *arguments, "-vv", "--showlocals")
    result.assert_outcomes(passed=2, failed=1)
    assert PUK[:6] not in result.stdout.str()
    monkeypatch.delenv("CARD_PIN")
    result = run(pytester, *arguments)
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["the slot pin from env:CARD_PIN is empty or not there; nothing was sent"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--akis-traces", "nowhere"], "there is no directory */nowhere with traces to play"),
        (["--akis-traces", "empty"], "there is no trace (*.jsonl) in */empty"),
        (["--akis-secret", "pin"], "--akis-secret has a slot and where its value comes from*"),
        (["--akis-serial", "4K"], "a serial number is bytes in hex, not '4K'"),
        (["--akis-hardware", "emulator:"], "--akis-hardware names a reader*"),
        (["--akis-hardware", "0", "-n", "2"], "a real card takes one test at a time*"),
        (["--akis-reader", "0", "-n", "2"], "a real card takes one test at a time*"),
    ],
)
def test_options_that_make_no_sense_end_the_run_before_any_test(
    pytester: pytest.Pytester, arguments: list[str], says: str
) -> None:
    pytester.mkdir("empty")
    pytester.makepyfile(test_own="def test_own(): pass")
    result = run(pytester, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "passed" not in result.stdout.str()
    result.stderr.fnmatch_lines([f"ERROR: {says}"])


def test_setup_only_plays_nothing(pytester: pytest.Pytester) -> None:
    (pytester.mkdir("traces") / "damaged.jsonl").write_text('{"akis-trace":1}\n{}\n')
    run(pytester, "--akis-traces", "traces").assert_outcomes(errors=1)
    run(pytester, "--akis-traces", "traces", "--setup-only").assert_outcomes()


@pytest.mark.parametrize("content", ["", "{broken", '{broken\n{"akis-trace":1}\n', '["akis-trace"]\n', "notes\n"])
def test_a_damaged_trace_is_an_error_of_its_own_item(pytester: pytest.Pytester, content: str) -> None:
    make_traces(pytester.path / "traces")
    (pytester.path / "traces" / "damaged.jsonl").write_text(content)
    result = run(pytester, "--akis-traces", "traces")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of replay*", "*damaged.jsonl*"])


def test_a_trace_that_is_cut_off_says_so(pytester: pytest.Pytester) -> None:
    path = pytester.mkdir("traces") / "cut.jsonl"
    written(recorded(verify_wrong_then_right), path)
    path.write_text(path.read_text()[:-20])
    result = run(pytester, "--akis-traces", "traces", "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*CutTrace: the last line of this trace is cut off in the middle; *"])


def test_secrets_and_keys_are_wiped_at_the_end(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    written(recorded(verify_wrong_then_right), pytester.mkdir("traces") / "verify.jsonl")
    given: list[Secret] = []

    def read_and_remember(source: str, name: str) -> Secret:
        given.append(read_secret(source, name))
        return given[-1]

    monkeypatch.setattr("akis.sources.secrets.read_secret", read_and_remember)
    monkeypatch.setenv("CARD_PIN", PIN)
    run(pytester, "--akis-traces", "traces", "--akis-secret", "pin=env:CARD_PIN").assert_outcomes(passed=1)
    assert len(given) == 1
    with pytest.raises(InvalidArgument, match="wiped"):
        given[0].reveal()
