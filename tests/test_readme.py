"""The session that the README prints runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def test_the_first_session(capsys: pytest.CaptureFixture[str]) -> None:
    (session,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    exec(compile(session, "README.md", "exec"), {})  # it is our own text
    said = re.findall(r"print\(.*?\)\s+# (.*)", session)
    expected = [line.split(": ")[0] for line in said]
    assert capsys.readouterr().out.splitlines() == expected == ["0", "wrong PIN, 2 tries left"]
