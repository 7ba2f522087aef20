"""Device keys by the words that name them; ``tests/tools/test_sm_keys.py`` has what a file may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.emulator.new_personality import write_new
from akis.emulator.personality import load_personality
from akis.errors import AkisError, InvalidArgument
from akis.sources.keys import read_keys


@pytest.mark.parametrize(
    ("source", "card", "role"),
    [
        ("emulator:akis-2.5/terminal", "akis-2.5", "terminal"),
        ("emulator:akis-2.5", "akis-2.5", "issuer"),
        ("emulator:", "akis-2.2", "issuer"),
    ],
)
def test_published_keys_of_an_emulated_card(source: str, card: str, role: str) -> None:
    expected = load_personality(card).key(role)  # type: ignore[arg-type]
    with read_keys(source) as keys:
        assert keys.device.reference == expected.reference
        assert keys.device.algorithm.reference == expected.algorithms[-1]
        assert keys.device.k_mac.reveal() == expected.mac
        assert keys.ifd_sn == bytes(8)


@pytest.mark.parametrize(("role", "reference"), [("/terminal", 2), ("/issuer", 1), ("", 1)])
def test_keys_of_a_card_of_the_users_own(role: str, reference: int, tmp_path: Path) -> None:
    made = write_new(load_personality("akis-2.5"), tmp_path / "mine.toml")
    with read_keys(f"emulator:{tmp_path}/mine.toml{role}") as keys:
        assert keys.device.reference == reference
        assert keys.device.k_mac.reveal() == next(key.mac for key in made.keys if key.reference == reference)


@pytest.mark.parametrize("source", ["emulator:akis-9", "emulator:akis-2.2/holder"])
def test_nobody_has_such_keys(source: str) -> None:
    with pytest.raises(AkisError, match=r"akis-9|holder"):
        read_keys(source)


@pytest.mark.parametrize("source", ["/nowhere/issuer.toml", "/", "issuer\0.toml"])
def test_a_file_that_cannot_be_read(source: str) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_keys(source)
