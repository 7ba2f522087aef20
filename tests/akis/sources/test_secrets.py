"""Secrets by the words that name where they are; ``tests/tools/test_pin_input.py`` has the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import InvalidArgument
from akis.sources.secrets import read_secret


def test_the_end_of_the_line_is_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pin"
    path.write_bytes(b"1357\r\n")
    assert read_secret(f"file:{path}", "PIN").reveal() == b"1357"
    with path.open("rb") as stream:
        assert read_secret(f"fd:{stream.fileno()}", "PIN").reveal() == b"1357"
    monkeypatch.setenv("CARD_PIN", "1357")
    assert read_secret("env:CARD_PIN", "PIN").reveal() == b"1357"


@pytest.mark.parametrize("source", ["13572468", "env:", "env:13572468", "fd:13572468x", "file:/13572468", "pin=env:X"])
def test_a_source_that_is_none_is_not_repeated(source: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_secret(source, "PIN")
    assert "13572468" not in str(caught.value)
    assert "PIN" in str(caught.value)
