"""Personalities: what comes with the library, and errors that name file and field."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest

from akis.emulator import CardKey, EmulatedCard, load_personality
from akis.emulator.personality import parse_personality
from akis.errors import InvalidArgument, ProfileError
from akis.profile.load import load
from akis.profile.model import SmRules
from tests.akis.emulator.cards import personality

TEXT = (files("akis.emulator") / "akis-2.2.toml").read_text("utf-8")
ISSUER_ENC = 'enc = "8FF38A7E52566100FAF06CD75910D24F"'


class TestLoad:
    def test_the_default(self):
        found = load_personality("akis-2.2")
        assert (found.pin, found.puk, found.tries) == ("123456", "87654321", 3)
        assert [(key.reference, key.role, key.algorithms) for key in found.keys] == [
            (0x01, "issuer", (0x0C, 0x8C)),
            (0x02, "terminal", (0x0C, 0x8C)),
        ]
        assert not found.extended_length
        assert not found.pin_over_sm_only
        assert found.secure_messaging == SmRules()
        assert found.key("terminal").reference == 2
        assert EmulatedCard.named().personality is found

    def test_aes(self):
        found = load_personality("akis-2.5")
        assert [key.algorithms for key in found.keys] == [(0xAC,), (0xAC,)]
        assert found.atr != load_personality("akis-2.2").atr

    @pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5"])
    def test_its_profile_fits(self, name):
        found = load_personality(name)
        assert found.card_profile() is load("akis-2")
        assert found.card_profile().secure_messaging == found.secure_messaging

    def test_options(self):
        options = 'tries = 5\nextended_length = true\npin_over_sm_only = true\nsecure_messaging = { chain = "whole" }'
        found = parse_personality(TEXT.replace("tries = 3", options), "mine.toml")
        assert (found.tries, found.extended_length, found.pin_over_sm_only) == (5, True, True)
        assert found.secure_messaging.chain == "whole"

    def test_a_role_that_no_key_has(self):
        with pytest.raises(InvalidArgument, match=r"akis-2\.2 has no terminal key"):
            replace(personality(), keys=personality().keys[:1]).key("terminal")

    def test_unknown_name(self):
        with pytest.raises(ProfileError, match=r"no personality 'akis-9'; .*akis-1\.0, akis-2\.2, akis-2\.5, blank"):
            load_personality("akis-9")
        with pytest.raises(ProfileError):
            load_personality("../profile/akis-2")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("tries = 3", "trees = 3", "'trees' is not a field"),
        ("tries = 3", "", "tries is missing"),
        ("tries = 3", 'tries = "3"', "tries is of kind int, not str"),
        ("tries = 3", "tries = true", "tries is of kind int, not bool"),
        ("tries = 3", "tries = 3.0", "tries is of kind int, not float"),
        ("tries = 3", "tries = 0", "tries is 1 to 15"),
        ("tries = 3", "tries = 16", "tries is 1 to 15"),
        ("tries = 3", 'tries = 3\nextended_length = "no"', "extended_length is of kind bool, not str"),
        ("tries = 3", "tries = 3\nsecure_messaging = 1", "secure_messaging is a table"),
        ("tries = 3", 'tries = 3\nsecure_messaging = { chain = "most" }', "secure_messaging: chain is each or whole"),
        ("tries = 3", "tries = 3\nsecure_messaging = { chian = 1 }", "secure_messaging.'chian' is not a field"),
        ('pin = "123456"', "pin = 123456", "pin is of kind str, not int"),
        ('pin = "123456"', 'pin = "123"', "pin is 4 to 8 decimal digits"),
        ('pin = "123456"', 'pin = "12345a"', "pin is 4 to 8 decimal digits"),
        ('pin = "123456"', 'pin = "١٢٣٤٥٦"', "pin is 4 to 8 decimal digits"),
        ('puk = "87654321"', 'puk = "8765432"', "puk is 8 to 8 decimal digits"),
        ('name = "akis-2.2"', "name = 2.2", "name is of kind str, not float"),
        ('label = "AKIS 2.2 emulator"', 'label = "AKİS"', "label is up to 1000 ASCII characters"),
        ('profile = "akis-2"', "profile = []", "profile is of kind str, not list"),
        ('atr = "3B', 'atr = "3', "atr is bytes as hex text"),
        ('serial = "414B', 'serial = "4B', "serial is 12 bytes, not 11"),
        ('serial = "414B', 'serial = "00414B', "serial is 12 bytes, not 13"),
        ('serial = "', "serial = 12 #", "serial is bytes as hex text"),
        ("reference = 0x02", "reference = 0x01", "two keys have the same reference"),
        ("reference = 0x02", "reference = 0x100", "keys[2]: a key reference is one byte"),
        ("reference = 0x02", 'reference = "2"', "keys[2]: reference is of kind int, not str"),
        ("reference = 0x01", "", "keys[1].reference is missing"),
        ("reference = 0x01", "reference = 0x01\nrefrence = 1", "keys[1].'refrence' is not a field"),
        ('role = "issuer"', 'role = "owner"', "keys[1]: role is issuer or terminal"),
        ('role = "issuer"', "role = []", "keys[1]: role is issuer or terminal"),
        ("algorithms = [0x0C, 0x8C]", "algorithms = [0xAD]", "keys[1]: K.ENC of algorithm AD is 24 bytes, not 16"),
        ("algorithms = [0x0C, 0x8C]", "algorithms = [0x0D]", "keys[1]: no such device authentication algorithm"),
        ("algorithms = [0x0C, 0x8C]", "algorithms = 0x0C", "keys[1]: algorithms is a list"),
        ("algorithms = [0x0C, 0x8C]", "algorithms = []", "keys[1]: algorithms is a list of one or more"),
        ("algorithms = [0x0C, 0x8C]", "algorithms = [[12]]", "keys[1]: algorithms is a list of one or more"),
        ("algorithms = [0x0C, 0x8C]", 'algorithms = ["0C"]', "keys[1]: algorithms is a list of one or more"),
        (ISSUER_ENC, 'enc = "8FF3"', "keys[1]: K.ENC of algorithm 0C is 16 bytes, not 2"),
        (ISSUER_ENC, "enc = 8", "keys[1].enc is bytes as hex text"),
        ("[[keys]]", "[keys]", "line"),
        ("tries = 3", 'tries = 3\ndialect = "1.1"', "dialect is 2.x or 1.0"),
        ("tries = 3", 'tries = 3\ndialect = "1.0"', "keys needs secure messaging, which dialect 1.0 does not have"),
        ("tries = 3", "tries = 3\napplication = false", "pin is empty on a card without application"),
        ("tries = 3", 'tries = 3\nlife_cycle = "death"', "life_cycle is operation or administration"),
    ],
)
def test_errors_name_file_and_field(old, new, says):
    assert old in TEXT
    with pytest.raises(ProfileError) as caught:
        parse_personality(TEXT.replace(old, new), "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert says in str(caught.value)
    assert "8FF38A7E" not in str(caught.value)
    assert "123456" not in str(caught.value)


@pytest.mark.parametrize("keys", ["keys = 1", "keys = [1, 2]", "keys = {}", 'keys = "none"'])
def test_keys_that_are_no_list_of_tables(keys):
    head = TEXT[: TEXT.index("[[keys]]")]
    with pytest.raises(ProfileError, match=r"^mine\.toml: keys is a list of tables, \[\[keys\]\]$"):
        parse_personality(head + keys, "mine.toml")


def test_an_unknown_profile():
    with pytest.raises(ProfileError, match=r"mine\.toml: profile is one of akis-1, akis-2"):
        parse_personality(TEXT.replace('profile = "akis-2"', 'profile = "akis-7"'), "mine.toml")


@pytest.mark.parametrize("length", [16, 24, 32])
@pytest.mark.parametrize(("algorithm", "needs"), [(0x0C, 16), (0x8C, 16), (0xAC, 16), (0xAD, 24), (0xAE, 32)])
def test_each_algorithm_has_its_key_length(algorithm, needs, length):
    if length == needs:
        assert CardKey(1, "issuer", (algorithm,), bytes(length), bytes(length)).device_keys(algorithm).reference == 1
        return
    for enc, mac in ((length, needs), (needs, length)):
        with pytest.raises(InvalidArgument, match=f"is {needs} bytes, not {length}"):
            CardKey(1, "issuer", (algorithm,), bytes(enc), bytes(mac))
