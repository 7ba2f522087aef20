"""The profile of the first generation: its own forms of commands, and nothing that nobody knows."""

from __future__ import annotations

from akis.profile.load import load
from akis.profile.model import SOURCES

PROFILE = load("akis-1")


def test_the_card() -> None:
    assert PROFILE.name == "AKİS 1.x"
    assert (PROFILE.application, PROFILE.application_path) == (None, (0x3D00,))
    assert (PROFILE.max_data, PROFILE.extended_length) == (244, False)
    assert (PROFILE.serial.p1p2, PROFILE.serial.offset, PROFILE.serial.length) == (0x0106, 55, 12)
    assert (PROFILE.life_cycle.p1p2, PROFILE.life_cycle.offset) == (0x0104, 6)
    assert PROFILE.life_cycles == {"A0": "administration", "A5": "operation"}
    assert PROFILE.secure_messaging is None


def test_its_pin() -> None:
    pin = PROFILE.pin
    assert (pin.reference, pin.change, pin.change_p1, pin.change_reference) == (0x81, "length-prefixed", 0x02, 0x01)
    assert (pin.maximum, pin.encoding, pin.tries_by, pin.empty_verify) == (16, "ascii", "fci", "unknown")
    assert (pin.locked_sw, pin.logout, pin.reset) == (0x6984, "card", "none")
    assert not pin.cut_by_length


def test_of_a_puk_nothing_is_known_and_nothing_is_sent() -> None:
    assert (PROFILE.puk.tries_by, PROFILE.puk.reset) == ("none", "none")
    known = {name for name, source in PROFILE.sources.items() if name.startswith("puk.") and source != "documented"}
    assert all(PROFILE.sources[name].startswith("assumed") for name in known)


def test_it_signs_what_the_terminal_padded() -> None:
    signing = PROFILE.signing
    assert signing is not None
    assert (signing.mse, signing.raw, signing.max_data, dict(signing.algorithms)) == ("22C3", True, 244, {})


def test_every_value_has_a_source() -> None:
    assert all(source.startswith(SOURCES) for source in PROFILE.sources.values())
    for table in ("pin", "puk", "signing", "serial", "life_cycle"):
        fields = type(getattr(PROFILE, table)).__dataclass_fields__
        assert {f"{table}.{name}" for name in fields} <= set(PROFILE.sources)
    assert {"application", "secure_messaging", "max_data", "certificates"} <= set(PROFILE.sources)
