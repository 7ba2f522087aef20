"""Personalities with files, certificates and signature keys: what is refused, and a file of one's own."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest

from akis.emulator import load_personality
from akis.emulator.personality import parse_personality
from akis.emulator.personality_text import personality_text
from akis.errors import InvalidArgument, ProfileError

TEXT = (files("akis.emulator") / "akis-2.2.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'certificate = "login"',
            'certificate = "logon"',
            "files[6].certificate: there is no 'logon'",
        ),
        (
            'certificate = "login"',
            'certificate = "login"\nsize = 9',
            "files[6].size is below the length",
        ),
        (
            'certificate = "login"',
            'certificate = "login"\ncontent = "00"',
            "files[6]: a file has content or",
        ),
        ("3D00/2F11", "3D00/2F10", "files[6].path: there is such a file already"),
        ("3D00/2F11", "3D01/2F11", "files[6].path: there is no DF for it; list that DF before it"),
        ("3F00/3D00/2F11", "3D00/2F1", "files[6].path: a path is file identifiers of four hex digits"),
        ("3D00/2F11", "3D00/FFFF", "files[6]: path is one to eight file identifiers"),
        ("size = 256", "sise = 256", "files[7].'sise' is not a field; did you mean size?"),
        ("size = 256", "size = -1", "files[7]: size is 0 to"),
        ("size = 256", 'size = 1\ncontent = "0000"', "files[7]: size is below the length of content"),
        ("size = 256", "record_length = 1", "files[7]: records, record_length and record_count are not for a file of"),
        ("size = 256", 'read = "nobody"', "files[7]: read is always or pin or issuer or never"),
        ("record_length = 16", "", "files[8]: record_length is missing in a file of type linear-fixed"),
        ("record_length = 16", "record_length = 15", "files[8]: each record is 15 bytes"),
        ("record_length = 16", "record_length = 256", "files[8]: record_length is 0 to 255"),
        ("record_count = 4", "record_count = 1", "files[8]: record_count is below the number of records"),
        ('type = "linear-fixed"', 'type = "linear"', "files[8]: type is df or transparent or linear-fixed"),
        ('records = ["', 'records = ["0', "files[8].records is a list of bytes as hex text"),
        ('kind = "ec-p256"', 'kind = "rsa-2048"', "sign_keys[2]: private_key is not of kind rsa-2048"),
        ("-----BEGIN PRIVATE KEY-----", "-----BEGIN KEY-----", "sign_keys[1]: private_key is no "),
        ("-----BEGIN CERTIFICATE-----", "-----BEGIN-----", "certificates.signature: not a certificate as PEM text"),
        ("tries = 3", "tries = ", "line 10"),
        ("tries = 3", "tries = 3\ntries = 3", "line 11"),
        ("tries = 3", "tries = " + "[" * 5000, "nested too deep"),
    ],
)
def test_errors_name_file_and_field(old, new, says):
    assert old in TEXT
    with pytest.raises(ProfileError) as caught:
        parse_personality(TEXT.replace(old, new, 1), "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert says in str(caught.value)
    assert "MIGHAgEA" not in str(caught.value)


@pytest.mark.parametrize("name", ["files", "sign_keys"])
def test_what_is_no_list_of_tables(name):
    head = TEXT[: TEXT.index("[[keys]]")]
    with pytest.raises(ProfileError, match=rf"^mine\.toml: {name} is a list of tables, \[\[{name}\]\]$"):
        parse_personality(f"{head}{name} = 1", "mine.toml")


class TestFilesOfOnesOwn:
    def test_a_file_is_loaded_by_its_name(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(TEXT.replace('name = "akis-2.2"', 'name = "mine"'))
        assert load_personality(str(path)).name == "mine"

    def test_errors_name_the_file(self, tmp_path):
        path = tmp_path / "mine.toml"
        with pytest.raises(ProfileError, match=r"mine\.toml: cannot be read \(No such file or directory\)"):
            load_personality(str(path))
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(ProfileError, match=r"mine\.toml: cannot be read \(it is not text\)"):
            load_personality(str(path))
        path.write_text(TEXT.replace("tries = 3", ""))
        with pytest.raises(ProfileError, match=r"mine\.toml: tries is missing"):
            load_personality(str(path))

    @pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5", "akis-1.0", "blank"])
    def test_its_text_can_be_made_again(self, name):
        found = load_personality(name)
        assert parse_personality(personality_text(found, "A card."), "again.toml") == found

    @pytest.mark.parametrize("label", ['say "hi"', "back\\slash", "two\nlines", "\t\x00\x7f", '"""', ""])
    def test_texts_with_odd_characters_can_be_made_again(self, label):
        certificates = {"a b.c": load_personality("akis-2.2").certificates["login"]}
        found = replace(load_personality("akis-2.2"), label=label, certificates=certificates, files=())
        assert parse_personality(personality_text(found), "again.toml") == found


def test_an_akis_1_0_card_has_neither_secure_messaging_nor_extended_length():
    found = load_personality("akis-1.0")
    for change in ({"keys": load_personality("akis-2.2").keys}, {"pin_over_sm_only": True}, {"extended_length": True}):
        with pytest.raises(InvalidArgument, match=next(iter(change))):
            replace(found, **change)


def test_files_that_no_card_has_room_for():
    many = "".join(f'\n[[files]]\npath = "3D00/{fid:04X}"\nsize = 0xFFFFFF\n' for fid in (0x6001, 0x6002))
    with pytest.raises(ProfileError, match=r"mine\.toml: files have 16777215 bytes in all at most"):
        parse_personality(TEXT + many, "mine.toml")
