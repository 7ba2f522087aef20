"""Profiles from their files: values, sources, and errors that name file and field."""

from __future__ import annotations

import dataclasses
from importlib.resources import files

import pytest

from akis.errors import ProfileError
from akis.profile.load import load, load_file, parse
from akis.profile.model import SOURCES, SmRules

TEXT = (files("akis.profile") / "akis-2.toml").read_text("utf-8")


def leaves(value, path=""):
    """The dotted names of all values of a profile."""
    for item in dataclasses.fields(value):
        inner = getattr(value, item.name)
        if item.name == "sources":
            continue
        if dataclasses.is_dataclass(inner):
            yield from leaves(inner, f"{path}{item.name}.")
        elif item.name == "status_words":
            yield from (f"{path}{item.name}.{word}" for word in inner)
        else:
            yield path + item.name


class TestAkis2:
    profile = load("akis-2")

    def test_values(self):
        profile = self.profile
        assert profile.name == "AKİS 2.x"
        assert profile.application == b"PKCS-15"
        assert (profile.max_data, profile.extended_length) == (255, False)
        assert (profile.serial.p1p2, profile.serial.offset, profile.serial.length) == (0x0106, 55, 12)
        assert (profile.life_cycle.p1p2, profile.life_cycle.offset, profile.life_cycle.length) == (0x0104, 6, 1)
        assert profile.life_cycles == {"A0": "administration", "A5": "operation", "AA": "death"}
        assert (profile.pin.reference, profile.pin.object, profile.pin.minimum, profile.pin.maximum) == (0x81, 1, 4, 8)
        assert (profile.puk.reference, profile.puk.object, profile.puk.minimum, profile.puk.maximum) == (0x82, 2, 8, 8)
        for rules in (profile.pin, profile.puk):
            assert (rules.characters, rules.encoding, rules.change) == ("digits", "ascii", "concatenated")
            assert (rules.tries_by, rules.empty_verify) == ("get_data", "unknown")
            assert rules.pad_to == 0
        assert profile.secure_messaging == SmRules()
        assert profile.status_words["6406"] == "PIN not entered"

    def test_every_value_has_a_source(self):
        assert set(self.profile.sources) == set(leaves(self.profile))
        assert all(source.startswith(SOURCES) for source in self.profile.sources.values())

    def test_what_is_assumed(self):
        assumed = self.profile.assumed
        assert {"pin.minimum", "pin.empty_verify", "serial.offset", "secure_messaging.chain"} <= set(assumed)
        assert not {"name", "max_data", "pin.encoding", "pin.tries_by", "status_words.6406"} & set(assumed)
        assert list(assumed) == [name for name, source in self.profile.sources.items() if source.startswith("assumed")]

    def test_is_read_once(self):
        assert load("akis-2") is self.profile


def test_unknown_name():
    with pytest.raises(ProfileError, match="no profile 'akis-3'; there are akis-2"):
        load("akis-3")
    with pytest.raises(ProfileError, match="no profile"):
        load("../emulator/akis-2.2")


LINE = 'max_data = { value = 255, source = "documented: short length fields, by the card capabilities in the ATR" }'
SERIAL = TEXT[TEXT.index("[serial]") : TEXT.index("[life_cycle]")]
MINIMUM = 'minimum = { value = 4, source = "assumed" }'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        # typo, missing
        ("max_data", "max_date", "'max_date' is not a field"),
        (MINIMUM, MINIMUM.replace("minimum", "minimun"), "pin.'minimun' is not a field"),
        (LINE, "", "max_data is missing"),
        (MINIMUM, "", "pin.minimum is missing"),
        ("[puk]", "[plk]", "'plk' is not a field"),
        ("[serial]", "[cereal]", "'cereal' is not a field"),
        # wrong type
        (LINE, 'max_data = { value = "255", source = "assumed" }', "max_data is of kind int, not str"),
        (LINE, 'max_data = { value = true, source = "assumed" }', "max_data is of kind int, not bool"),
        (LINE, 'max_data = { value = 2.5, source = "assumed" }', "max_data is of kind int, not float"),
        (LINE, 'max_data = { value = 1979-05-27, source = "assumed" }', "max_data is of kind int, not date"),
        (
            "extended_length = { value = false",
            "extended_length = { value = 0",
            "extended_length is of kind bool, not int",
        ),
        ('name = { value = "AKİS 2.x"', "name = { value = 2", "name is of kind str, not int"),
        ('"504B43532D3135"', '"504B4353D3135"', "application is bytes as hex text"),
        ('"504B43532D3135"', "5", "application is bytes as hex text"),
        ('"504B43532D3135"', '""', "application is 1 to 16 bytes"),
        ('AA = "death"', "AA = 1", "life_cycles is a table of texts"),
        (MINIMUM, 'minimum = { value = "4", source = "assumed" }', "pin: minimum is of kind int, not str"),
        ("pad_to = { value = 0,", 'pad_to = { value = "8",', "pin: pad_to is of kind int, not str"),
        ("pad_to = { value = 0,", "pad_to = { value = 256,", "pin: maximum and pad_to are at most 255"),
        ("pad_byte = { value = 0xFF,", "pad_byte = { value = false,", "pin: pad_byte is of kind int"),
        ("object = { value = 2,", "object = { value = 1,", "pin and puk have references and objects of their own"),
        ("object = { value = 2,", "object = { value = 0,", "puk: object is 1 to 127"),
        ('"digits"', '"letters"', "pin: characters is digits or printable"),
        ('"ascii"', '"ebcdic"', "pin: encoding is ascii or digits or bcd or iso9564-2"),
        ('"concatenated"', '"glued"', "pin: change is concatenated or length-prefixed"),
        ('"get_data"', '"magic"', "pin: tries_by is get_data or empty_verify or none"),
        ('"get_data"', "[]", "pin: tries_by is"),
        (
            'case1_padding = { value = "single"',
            'case1_padding = { value = "triple"',
            "secure_messaging: case1_padding is",
        ),
        ("mac_length = { value = 8", "mac_length = { value = 3", "secure_messaging: mac_length is 4 to 8, not 3"),
        ("mac_length = { value = 8", "mac_length = { value = 9", "secure_messaging: mac_length is 4 to 8, not 9"),
        ('"PIN not entered"', "7", "status_words is a table of texts"),
        # impossible combination
        (MINIMUM, 'minimum = { value = 9, source = "assumed" }', "pin: minimum is at least 1 and not above maximum"),
        (MINIMUM, 'minimum = { value = 0, source = "assumed" }', "pin: minimum is at least 1 and not above maximum"),
        ("reference = { value = 0x81", "reference = { value = 0x181", "pin: reference and pad_byte are one byte each"),
        ("value = 255", "value = 256", "max_data is 1 to 255, or to 65535 with extended length"),
        ("value = 255", "value = 0", "max_data is 1 to 255"),
        ("offset = { value = 55", "offset = { value = -1", "serial: p1p2 is two bytes, offset not negative"),
        ("length = { value = 12", "length = { value = 0", "serial: p1p2 is two bytes"),
        ("p1p2 = { value = 0x0106", "p1p2 = { value = 0x10106", "serial: p1p2 is two bytes"),
        (
            '{ value = "get_data"',
            '{ value = "empty_verify"',
            "pin: tries_by is empty_verify, but empty_verify is not free",
        ),
        # no source
        (LINE, "max_data = 255", "max_data has no source"),
        (MINIMUM, "minimum = 4", "pin.minimum has no source"),
        (MINIMUM, "minimum = { value = 4 }", "pin.minimum.value has no source"),
        (
            MINIMUM,
            'minimum = { value = 4, source = "rumour" }',
            "the source of pin.minimum begins with one of documented",
        ),
        (MINIMUM, 'minimum = { value = 4, source = "" }', "the source of pin.minimum begins with one of"),
        (MINIMUM, "minimum = { value = 4, source = 4 }", "the source of pin.minimum begins with one of"),
        # not a table where one is due, not a value
        (SERIAL, 'serial = { value = 1, source = "assumed" }\n', "serial is a table"),
        ("[serial]", "[sources.x]\nvalue = 'y'\nsource = 'assumed'\n[serial]", "'sources' is not a field"),
        # broken TOML
        (LINE, "max_data = ", "not TOML, Invalid value (at line 6"),
        (LINE, LINE + "\n" + LINE, "line 7"),
        ("[puk]", "[pin]", "line"),
        (LINE, "max_data = " + "[" * 5000, "nested too deep"),
    ],
)
def test_errors_name_file_and_field(old, new, says):
    assert old in TEXT
    with pytest.raises(ProfileError) as caught:
        parse(TEXT.replace(old, new, 1), "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert says in str(caught.value)


def test_printable_characters_need_an_encoding_that_holds_them():
    text = TEXT.replace('characters = { value = "digits"', 'characters = { value = "printable"', 1)
    assert parse(text, "mine.toml").pin.characters == "printable"
    with pytest.raises(ProfileError, match=r"^mine\.toml: pin: encoding bcd holds digits only"):
        parse(text.replace('encoding = { value = "ascii"', 'encoding = { value = "bcd"', 1), "mine.toml")


class TestFiles:
    def test_a_users_own(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(TEXT.replace("value = 255", "value = 200"), encoding="utf-8")
        profile = load_file(path)
        assert profile.max_data == 200
        assert profile == dataclasses.replace(load("akis-2"), max_data=200)

    def test_errors_name_the_path(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text("name =\n", encoding="utf-8")
        with pytest.raises(ProfileError, match=r"mine\.toml: not TOML.*line 1"):
            load_file(path)

    def test_that_cannot_be_read(self, tmp_path):
        with pytest.raises(ProfileError, match=r"absent\.toml: cannot be read \(FileNotFoundError\)"):
            load_file(tmp_path / "absent.toml")
        with pytest.raises(ProfileError, match="cannot be read"):
            load_file(tmp_path)
        (tmp_path / "latin").write_bytes(b"# \xfc")
        with pytest.raises(ProfileError, match=r"cannot be read \(UnicodeDecodeError\)"):
            load_file(tmp_path / "latin")
