"""The table that the tests beside this one print."""

from __future__ import annotations

import pytest

from tests.unlock.cuts.table import HEADINGS, Row, table

pytest_plugins = ["pytester"]

ROWS = [
    Row("card pulled", "AES, new", "before RESET", "unknown", "before", "unknown", "-", "failed, 7", "done, 0.1 s"),
    Row("client, SIGKILL", "3DES, blocked", "after CHANGE", "-", "holder's", "transport", "-", "killed, -9", "done"),
]


def test_its_columns_are_aligned() -> None:
    lines = table(ROWS)
    heading, rule, *rows = lines
    assert len(rows) == len(ROWS)
    for column in (HEADINGS.card, HEADINGS.when, HEADINGS.again):
        start = heading.index(column)
        assert all(line[start] != " " and line[start - 2 : start] == "  " for line in lines)
    assert set(rule) == {"-", " "}


def test_every_cut_of_a_run_is_in_its_output(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.unlock.cuts.table"]')
    pytester.makepyfile(
        """
        from dataclasses import astuple
        import pytest
        from tests.unlock.cuts.test_table import ROWS

        @pytest.mark.parametrize("number", [1, 0])
        def test_cut(number, record_property):
            record_property("cut", [[number], astuple(ROWS[number])])
            assert number
        """
    )
    output = pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.str().splitlines()
    start = next(at for at, line in enumerate(output) if "cuts of an unlock: 2" in line)
    assert output[start + 1 : start + 5] == table(ROWS)
