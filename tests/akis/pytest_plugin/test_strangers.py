"""The plugin in runs of pytest that have nothing to do with it, and beside other plugins."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from tests.akis.pytest_plugin.runs import run
from tests.akis.regress.recorded import raw, recorded, unblock, verify_wrong_then_right, written

pytest_plugins = ["pytester"]


def test_the_plugin_is_found_by_its_entry_point() -> None:
    assert [point.value for point in entry_points(group="pytest11", name="akis")] == ["akis.pytest_plugin"]


@pytest.mark.slow
def test_nothing_heavy_is_imported_before_it_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_imports():
            ours = {name for name in sys.modules if name.partition(".")[0] == "akis"}
            assert {name.split(".")[1] for name in ours if "." in name} == {"pytest_plugin"}
            assert not {"construct", "cryptography", "smartcard", "rich", "dpkt"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess("-W", "error", "--strict-config", "--strict-markers")
    result.assert_outcomes(passed=1)
    assert result.stdout.str().count("akis") == 1  # in the list of plugins


def test_errors_of_the_library_are_shown_whole_where_no_fixture_of_ours_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_own="""
        from akis.emulator.wanted import wanted

        def test_own():
            wanted("akis-9")

        def test_fixture(akis_emulator):
            akis_emulator("akis-9")
        """
    )
    library = "akis/emulator/wanted.py:*"
    result = run(pytester, "-k", "test_own and not fixture")
    result.stdout.fnmatch_lines([f"*{library}"])
    run(pytester, "-k", "fixture").stdout.no_fnmatch_line(f"*{library}")
    run(pytester, "-k", "fixture", "--full-trace").stdout.fnmatch_lines([f"*{library}"])


def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(request): assert not request.config.pluginmanager.hasplugin('akis')")
    run(pytester, "-p", "no:akis").assert_outcomes(passed=1)


@pytest.mark.slow
def test_several_workers_play_each_trace_once(pytester: pytest.Pytester) -> None:
    traces = pytester.mkdir("traces")
    for number in range(6):
        written(recorded(unblock, "akis-2.2,blocked", seed=f"{number:02}"), traces / f"unblock-{number}.jsonl")
    different = written(recorded(raw("00200081")), traces / "different.jsonl")
    text = different.read_text()
    assert text.count('"6A88"') == 1
    different.write_text(text.replace('"6A88"', '"63C3"'))
    (traces / "damaged.jsonl").write_text('{"akis-trace":1}\n{}\n')
    pytester.makeini("[pytest]\nakis_traces = traces\n")
    before = sorted(traces.iterdir())
    for arguments in (["-n", "2"], ["--akis-traces", "traces", "-n", "2", "--dist", "loadfile", "traces"]):
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-v", *arguments)
        result.assert_outcomes(passed=6, failed=1, errors=1)
        result.stdout.fnmatch_lines(["*exchange 1, VERIFY: SW: recorded 63C3*, now 6A88*"])
    assert sorted(traces.iterdir()) == before


def test_the_run_before_is_remembered_as_of_any_test(pytester: pytest.Pytester) -> None:
    traces = pytester.mkdir("traces")
    written(recorded(verify_wrong_then_right), traces / "verify.jsonl")
    (traces / "damaged.jsonl").write_text('{"akis-trace":1}\n{}\n')
    arguments = ("-p", "no:hypothesispytest", "--akis-traces", "traces")
    pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1, errors=1)
    pytester.runpytest_inprocess(*arguments, "--last-failed").assert_outcomes(errors=1)
