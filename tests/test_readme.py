"""The Python that the README prints runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.akis.pytest_plugin.runs import run

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent / "README.md"
SESSION, OWN_TESTS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


def test_the_first_session(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(SESSION, "README.md", "exec"), {})  # it is our own text
    said = re.findall(r"print\(.*?\)\s+# (.*)", SESSION)
    expected = [line.split(": ")[0] for line in said]
    assert capsys.readouterr().out.splitlines() == expected == ["0", "wrong PIN, 2 tries left"]


def test_tests_of_your_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OWN_TESTS)
    run(pytester).assert_outcomes(passed=1)
