"""SELECT of the DF that holds PIN and keys."""

from __future__ import annotations

import pytest

from akis.commands.application import select_application
from akis.profile.load import load


@pytest.mark.parametrize(
    ("profile", "command"), [("akis-1", "00A40800023D0000"), ("akis-2", "00A4040007504B43532D313500")]
)
def test_by_path_or_by_name(profile: str, command: str) -> None:
    assert select_application(load(profile)).to_bytes().hex().upper() == command
