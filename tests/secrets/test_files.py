"""Personalities and saved cards hold keys and PINs: an error in one names the place, not the value."""

from importlib.resources import files

import pytest

from akis.emulator import load_personality
from akis.emulator.memory import Memory
from akis.emulator.personality import parse_personality
from akis.errors import AkisError
from tests.leaks import leaks, silent
from tests.secrets.story import PIN, PINS, made


class TestFiles:
    """Personalities and saved cards hold keys and PINs: an error in one names the place, not the value."""

    damages = (
        lambda text: text.replace('enc = "', 'enc = "x'),
        lambda text: text.replace('mac = "', 'mac = "00'),
        lambda text: text.replace('mac = "', 'mac = "'[:-1]),
        lambda text: text.replace("[[keys]]", "[keys]"),
        lambda text: text.replace('enc = "', 'encc = "'),
        lambda text: text.replace('role = "issuer"', 'role = "owner"'),
        lambda text: text.replace("0x02", "0x01"),
        lambda text: text.replace("tries = 3", "tries = 33"),
        lambda text: text.replace('serial = "', 'serial = "00'),
        lambda text: text[: text.index("mac") + 20],
    )

    @pytest.mark.parametrize("damage", damages)
    def test_a_damaged_personality(self, damage):
        text = (files("akis.emulator") / "akis-2.2.toml").read_text("utf-8").replace("123456", PIN)
        keys = [key for pair in load_personality("akis-2.2").keys for key in (pair.enc, pair.mac)]
        with pytest.raises(AkisError) as caught:
            parse_personality(damage(text), "mine.toml")
        assert "mine.toml" in str(caught.value)
        silent(caught.value, [PIN, *keys])

    @pytest.mark.parametrize(
        "damage",
        [
            lambda saved: saved[:-1],
            lambda saved: b"\xff" + saved,
            lambda saved: saved + b"\xff",
            lambda saved: saved.replace(b'"left"', b'"gone"'),
            lambda saved: saved.replace(b"active", b"actual"),
            lambda saved: saved.replace(b'"value": "', b'"value": "x'),
            lambda saved: saved.replace(b'"akis-card": 1', b'"akis-card": 2'),
            lambda saved: saved.replace(b"165", b"166"),
        ],
    )
    def test_a_damaged_saved_card(self, damage):
        saved = made("akis-2.2").emulated.save()
        assert leaks(saved.decode(), [PIN])
        with pytest.raises(AkisError) as caught:
            Memory.restore(damage(saved))
        silent(caught.value, PINS)
