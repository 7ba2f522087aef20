"""Profiles from their files: values, sources, and errors that name file and field."""

from __future__ import annotations

import dataclasses
from importlib.resources import files

import pytest

from akis.commands.mechanisms import MECHANISMS
from akis.errors import InvalidArgument, ProfileError
from akis.profile.load import load, load_any, load_file, parse
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
            assert (rules.change_p1, rules.change_reference) == (0, None)
            assert (rules.locked_sw, rules.logout, rules.reset) == (0x6983, "verify", "iso")
        assert profile.application_path == (0x3D00,)
        assert profile.certificates == tuple((0x3D00, fid) for fid in range(0x2F10, 0x2F1A))
        assert (profile.signing.mse, profile.signing.raw, profile.signing.fresh_verify) == ("41B6", False, True)
        assert set(profile.signing.algorithms) == set(MECHANISMS)
        assert profile.signing.algorithms["ecdsa-sha384"] == 0x54
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
    with pytest.raises(ProfileError, match=r"no profile 'akis-3'; did you mean akis-2\? there are akis-1, akis-2"):
        load("akis-3")
    with pytest.raises(ProfileError, match="no profile"):
        load("../emulator/akis-2.2")


LINE = 'max_data = { value = 255, source = "documented: short length fields, by the card capabilities in the ATR" }'
PATH = 'application_path = { value = "3D00", source = "inferred: as on AKİS 1.0" }'
SERIAL = TEXT[TEXT.index("[serial]") : TEXT.index("[life_cycle]")]
MINIMUM = 'minimum = { value = 4, source = "assumed" }'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        # typo, missing
        ("max_data", "max_date", "'max_date' is not a field; did you mean max_data? there are name, application"),
        (MINIMUM, MINIMUM.replace("minimum", "minimun"), "pin.'minimun' is not a field; did you mean minimum?"),
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
        ('"get_data"', '"magic"', "pin: tries_by is get_data or fci or empty_verify or none"),
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
        (
            PATH,
            'application_path = { value = "3D0", source = "assumed" }',
            "application_path: a path is file identifiers",
        ),
        (
            PATH,
            'application_path = { value = 0x3D00, source = "assumed" }',
            "application_path: a path is a tuple of file",
        ),
        ('"3D00/2F10", ', '"3D00/2G10", ', "certificates: a path is file identifiers of four hex digits"),
        ('"3D00/2F10", ', '"3F00", ', "certificates holds a path of no file"),
        ('"3D00/2F10", ', "7, ", "certificates: a path is text such as 3D00/2F10"),
        ("locked_sw = { value = 0x6983", "locked_sw = { value = 0x9000", "pin: locked_sw is 0x6983 or 0x6984"),
        ("locked_sw = { value = 0x6983", "locked_sw = { value = 0x63C1", "pin: locked_sw is 0x6983 or 0x6984"),
        ("change_p1 = { value = 0x00", "change_p1 = { value = 0x01", "pin: change_p1 is 01, by which"),
        (
            "change_p1 = { value = 0x00",
            "change_p1 = { value = 0x100",
            "pin: change_p1 and change_reference are one byte",
        ),
        ('logout = { value = "verify"', 'logout = { value = "yes"', "pin: logout is verify or card"),
        ('reset = { value = "iso"', 'reset = { value = "ISO"', "pin: reset is iso or none"),
        ('mse = { value = "41B6"', 'mse = { value = "41A4"', "signing: mse is 41B6 or 22C3"),
        ('mse = { value = "41B6"', 'mse = { value = "22C3"', "signing: mse 22C3 names no algorithm"),
        ("rsa-pkcs1-sha256 = 0x42", "rsa-pkcs1-sha256 = 0x142", "signing: algorithms maps names of mechanisms to one"),
        ("raw = { value = false", "raws = { value = false", "signing.'raws' is not a field; did you mean raw?"),
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
        (LINE, "max_data = ", "not TOML, Invalid value (at line 7"),
        (LINE, LINE + "\n" + LINE, "line 8"),
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


OF_THE_PUK = TEXT[TEXT.index("[puk]") : TEXT.index("[secure_messaging]")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('tries_by = { value = "get_data"', 'tries_by = { value = "fci"', "puk.tries_by is fci, whose flags are those"),
        ('reset = { value = "iso"', 'reset = { value = "none"', "puk.reset is none, but pin.reset is iso"),
    ],
)
def test_what_cannot_be_of_a_puk(old, new, says):
    assert old in OF_THE_PUK
    with pytest.raises(ProfileError, match=rf"^mine\.toml: {says}"):
        parse(TEXT.replace(OF_THE_PUK, OF_THE_PUK.replace(old, new)), "mine.toml")


class TestWhatACardDoesNotHave:
    def test_none_stands_for_it(self):
        start, end = TEXT.index("[secure_messaging]"), TEXT.index("[signing]")
        none = 'secure_messaging = { value = "none", source = "assumed" }\n'
        profile = parse(none + TEXT[:start] + TEXT[end:], "mine.toml")
        assert profile.secure_messaging is None
        assert "secure_messaging" in profile.assumed

    def test_left_out_it_is_missing(self):
        start, end = TEXT.index("[secure_messaging]"), TEXT.index("[signing]")
        with pytest.raises(ProfileError, match=r"^mine\.toml: secure_messaging is missing$"):
            parse(TEXT[:start] + TEXT[end:], "mine.toml")

    def test_an_application_without_name_or_path(self):
        text = TEXT.replace('"504B43532D3135"', '"none"').replace(PATH, PATH.replace("3D00", "3F00"))
        with pytest.raises(ProfileError, match="neither application nor application_path"):
            parse(text, "mine.toml")

    def test_the_mf_may_be_written_in_front(self):
        assert parse(TEXT.replace(PATH, PATH.replace("3D00", "3F00/3D00")), "mine.toml").application_path == (0x3D00,)


class TestNameOrFile:
    def test_a_name_is_one_of_the_librarys(self):
        assert load_any("akis-1") is load("akis-1")
        with pytest.raises(ProfileError, match="there is no profile 'visa'; there are akis-1, akis-2"):
            load_any("visa")

    @pytest.mark.parametrize("name", ["mine.toml", "./akis-1", "folder/akis-2"])
    def test_anything_that_looks_like_a_file_is_one(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ProfileError, match="cannot be read"):
            load_any(name)
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(TEXT.replace("AKİS 2.x", "mine"), encoding="utf-8")
        assert load_any(name).name == "mine"


class TestFiles:
    def test_a_users_own(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(TEXT.replace("value = 255", "value = 200", 1), encoding="utf-8")
        profile = load_file(path)
        assert profile.max_data == 200
        assert profile == dataclasses.replace(load("akis-2"), max_data=200)

    def test_pin_and_puk_are_not_changed_by_the_same_command(self):
        """A wrong old PIN would spend a try of the PUK, which nobody permitted."""
        for name, reference in (("akis-1", 0x02), ("akis-2", 0x82)):
            profile = load(name)
            with pytest.raises(InvalidArgument, match="pin and puk have references and objects of their own"):
                dataclasses.replace(profile, pin=dataclasses.replace(profile.pin, change_reference=reference))

    def test_errors_name_the_path(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text("name =\n", encoding="utf-8")
        with pytest.raises(ProfileError, match=r"mine\.toml: not TOML.*line 1"):
            load_file(path)

    def test_that_cannot_be_read(self, tmp_path):
        with pytest.raises(ProfileError, match=r"absent\.toml: cannot be read \(No such file or directory\)"):
            load_file(tmp_path / "absent.toml")
        with pytest.raises(ProfileError, match="cannot be read"):
            load_file(tmp_path)
        (tmp_path / "latin").write_bytes(b"# \xfc")
        with pytest.raises(ProfileError, match=r"cannot be read \(it is not text\)"):
            load_file(tmp_path / "latin")
