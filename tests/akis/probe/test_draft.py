"""The drafts that the answers of cards lead to: what is learned, what is taken over, and that each is told apart."""

from __future__ import annotations

import pytest

from akis.profile.load import load, parse
from akis.profile.model import SOURCES, CardProfile
from tests.akis.probe.probed import (
    BY_AID,
    BY_NAME,
    BY_PATH,
    CARDS,
    SECOND_GENERATION,
    STRANGER,
    drafted,
    made_up,
    pin_object,
)

COUNTED = {number: f"BF81{number:02X} 09 9A0103 9B0103 800106 9000" for number in (1, 2)}
OBJECTS = {pin_object(number): answer for number, answer in COUNTED.items()}


def learned(profile: CardProfile) -> set[str]:
    return {name for name, source in profile.sources.items() if ", learned from this card by probe" in source}


@pytest.mark.parametrize("name", CARDS)
def test_a_draft_is_read_as_what_it_is(name: str) -> None:
    made = drafted(name)
    again = parse(made.to_toml(), "draft.toml")
    assert again == made.profile
    assert again.sources == made.profile.sources
    assert set(again.sources) == set(load(made.base).sources)
    assert all(source.startswith(SOURCES) for source in again.sources.values())
    assert set(made.by_this_card) == learned(again)


@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.2,new", "akis-2.2,blocked", "akis-2.5,last-try", "akis-2.5,dead"])
def test_a_card_of_the_second_generation(name: str) -> None:
    made = drafted(name)
    profile, known = made.profile, load("akis-2")
    assert (made.base, made.base_by) == ("akis-2", "atr")
    assert (profile.application, profile.application_path) == (b"PKCS-15", (0x3D00,))
    assert (profile.pin.tries_by, profile.puk.tries_by) == ("get_data", "get_data")
    assert profile.certificates == ((0x3D00, 0x2F10), (0x3D00, 0x2F11))
    assert (profile.serial, profile.life_cycle, profile.extended_length) == (known.serial, known.life_cycle, False)
    assert learned(profile) == {
        "application",
        "application_path",
        "extended_length",
        "certificates",
        *(f"{field}.{part}" for field in ("serial", "life_cycle") for part in ("p1p2", "offset", "length")),
        *(f"{pin}.{part}" for pin in ("pin", "puk") for part in ("tries_by", "object")),
    }
    assert profile.sources["pin.reference"] == known.sources["pin.reference"]
    assert (profile.pin.empty_verify, profile.secure_messaging) == ("unknown", known.secure_messaging)


def test_a_card_of_the_first_generation() -> None:
    made = drafted("akis-1.0,blocked")
    profile = made.profile
    assert (made.base, profile.name) == ("akis-1", "draft for AKİS 1.0, Infineon")
    assert (profile.application, profile.application_path) == (None, (0x3D00,))
    assert (profile.pin.tries_by, profile.puk.tries_by) == ("fci", "none")
    assert profile.certificates == ((0x3D00, 0x2F10),)
    assert profile.sources["extended_length"] == load("akis-1").sources["extended_length"], "its ATR does not say"


def test_a_card_without_an_application_says_so() -> None:
    made = drafted("blank")
    assert made.profile.sources["application"] == "assumed: as on AKİS 2.x; this card has none by a name"
    assert made.profile.pin == load("akis-2").pin
    assert learned(made.profile) == {
        "extended_length",
        *(f"{field}.{part}" for field in ("serial", "life_cycle") for part in ("p1p2", "offset", "length")),
    }
    assert any(sentence.startswith("The application: there is none") for sentence in made.not_learned)
    assert "# - The application: there is none by its name, its AID or its path" in made.to_toml()


def test_a_card_that_takes_long_commands() -> None:
    profile = drafted("akis-2.2,extended").profile
    assert (profile.extended_length, profile.max_data) == (True, 255)
    assert profile.sources["max_data"].startswith("assumed: extended length is declared")


class TestAStranger:
    """A card whose ATR nobody knows."""

    def test_what_is_taken_over_is_a_guess(self) -> None:
        made = drafted(made_up({}))
        known = load("akis-2")
        assert (made.base, made.base_by, made.profile.name) == ("akis-2", "default", "draft for an unknown card")
        assert learned(made.profile) == {"extended_length"}
        assert set(made.profile.assumed) == set(known.sources) - {"extended_length"}
        assert made.profile.sources["pin.locked_sw"] == "assumed: as on AKİS 2.x, where it is reported"

    def test_by_its_answers_of_the_first_generation(self) -> None:
        made = drafted(made_up({f"{BY_PATH} 3D00": "6F 03 9001 02 9000"}))
        assert (made.base, made.base_by, made.profile.pin.tries_by) == ("akis-1", "answers", "fci")

    def test_by_its_answers_of_the_second_generation(self) -> None:
        made = drafted(made_up({f"{BY_PATH} 3D00": "6F 03 9001 02 9000", **OBJECTS}))
        assert (made.base, made.base_by, made.profile.pin.tries_by) == ("akis-2", "answers", "get_data")

    def test_an_application_that_only_its_aid_leads_to(self) -> None:
        profile = drafted(made_up({BY_AID: "62 00 9000"})).profile
        assert profile.application == bytes.fromhex("A000000063504B43532D3135")
        assert profile.sources["application"].startswith("reported, learned from this card by probe: SELECT by the AID")
        assert profile.sources["application_path"].startswith("assumed: ")

    def test_its_own_path(self) -> None:
        fci = "6F 04 8302 5015 9000"
        profile = drafted(made_up({BY_NAME: fci, f"{BY_PATH} 5015": fci, "00A40800 04 5015 2F13": "9000"})).profile
        assert (profile.application_path, profile.certificates) == ((0x5015,), ((0x5015, 0x2F13),))

    def test_nonsense_in_place_of_an_atr(self) -> None:
        for atr in ("", "00", "3B", "FF" * 40):
            made = drafted(made_up({}, atr))
            assert (made.base_by, made.card) == ("default", None)
            assert parse(made.to_toml(), "draft.toml") == made.profile


class TestCounters:
    """A number to guard tries by, or none: never one that is made up."""

    @pytest.mark.parametrize(
        "answer",
        ["6A88", "6982", "9000", "AA 9000", "BF8101 06 9A0103 9B0104 9000", "BF8101 03 9B0103 9000", "BF8101 00 9000"],
    )
    def test_a_pin_object_without_a_counter_is_not_relied_on(self, answer: str) -> None:
        made = drafted(made_up({BY_NAME: "9000", pin_object(1): answer}, SECOND_GENERATION))
        assert (made.profile.pin.tries_by, made.profile.puk.tries_by) == ("none", "none")
        assert any(sentence.startswith("How many tries the PIN has left") for sentence in made.not_learned)

    def test_a_counter_before_flags(self) -> None:
        made = drafted(made_up({BY_NAME: "6F 03 9001 02 9000", **OBJECTS}, SECOND_GENERATION))
        assert (made.profile.pin.tries_by, made.profile.puk.tries_by) == ("get_data", "get_data")

    def test_flags_are_those_of_the_pin(self) -> None:
        made = drafted(made_up({BY_NAME: "6F 03 9001 02 9000"}, SECOND_GENERATION))
        assert (made.profile.pin.tries_by, made.profile.puk.tries_by) == ("fci", "none")

    @pytest.mark.parametrize(("length", "fits"), [(6, True), (4, True), (8, True), (0, True), (9, False), (3, False)])
    def test_a_stored_value_that_the_limits_do_not_allow(self, length: int, fits: bool) -> None:
        answer = f"BF8101 09 9A0103 9B0103 8001{length:02X} 9000"
        made = drafted(made_up({BY_NAME: "9000", pin_object(1): answer}, SECOND_GENERATION))
        said = [sentence for sentence in made.not_learned if sentence.startswith("The lengths of the PIN")]
        assert len(said) == (0 if fits else 1)
        assert not any(f"{length} bytes" in sentence for sentence in said), "how long somebody's PIN is concerns nobody"


class TestInformation:
    SERIAL = bytes(55).hex() + "0102030405060708090A0B0C" + "9000"

    def test_the_place_of_the_serial_number(self) -> None:
        assert "serial.offset" in learned(drafted(made_up({"00CA0106": self.SERIAL})).profile)

    @pytest.mark.parametrize("answer", ["9000", "6A88", "0102 9000", bytes(77).hex() + "9000", "FF" * 77 + "9000"])
    def test_a_place_that_does_not_fit(self, answer: str) -> None:
        made = drafted(made_up({"00CA0106": answer}))
        assert not {name for name in learned(made.profile) if name.startswith("serial")}
        assert any(sentence.startswith("The serial number: GET DATA 0106") for sentence in made.not_learned)

    def test_a_life_cycle_that_nobody_named(self) -> None:
        made = drafted(made_up({"00CA0104": "00" * 6 + "77" + "00" * 3 + "9000"}))
        assert "life_cycle.offset" not in learned(made.profile)
        assert "The life cycle: GET DATA 0104 has 77 there, which is no phase that AKİS 2.x has." in made.not_learned


def test_a_draft_tells_of_the_kind_of_card_and_not_of_this_one() -> None:
    """Drafts are passed on, so what one holder's card has for itself is not in them."""
    text = drafted("akis-2.2,last-try").to_toml()
    assert "414B4953" not in text
    assert "1 of 3" not in text
    assert STRANGER not in text
