"""Profiles written as files: what is read again is the same profile, with the same sources."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from akis.errors import InvalidArgument
from akis.profile.load import load, names, parse
from akis.profile.write import as_toml


@pytest.mark.parametrize("name", names())
def test_what_is_written_is_read_again(name: str) -> None:
    profile = load(name)
    again = parse(as_toml(profile), "again.toml")
    assert again == profile
    assert again.sources == profile.sources


def test_values_look_as_in_manuals() -> None:
    lines = as_toml(load("akis-2")).splitlines()
    assert lines[1] == 'application = { value = "504B43532D3135", source = "reported: DF named PKCS-15" }'
    assert 'p1p2 = { value = 0x0106, source = "assumed: as on AKİS 1.0" }' in lines
    assert 'reference = { value = 0x81, source = "inferred: object 1, local to the application" }' in lines
    assert 'change_reference = { value = "none", source = "inferred: the same as of VERIFY" }' in lines
    assert '6406 = { value = "PIN not entered", source = "reported" }' in lines


def test_an_application_with_neither_path_nor_certificates() -> None:
    profile = replace(load("akis-2"), application_path=(), certificates=())
    again = parse(as_toml(profile), "again.toml")
    assert (again.application_path, again.certificates) == ((), ())


@pytest.mark.parametrize(
    "text", ['a "quoted" word', "a \\ b", "two\nlines", "\x00\x1b\x7f", "ışık", "# no comment", ""]
)
def test_any_text_comes_back(text: str) -> None:
    profile = load("akis-2")
    sources = {**profile.sources, "name": f"assumed{text}", "status_words.6406": f"reported{text}"}
    odd = replace(profile, name=text, status_words={**profile.status_words, "6406": text}, sources=sources)
    again = parse(as_toml(odd), "again.toml")
    assert again == odd
    assert again.sources == sources


def test_odd_words_as_keys() -> None:
    profile = load("akis-2")
    odd = replace(profile, life_cycles={"A 0": "one", "ö": "two", "": "three"})
    assert parse(as_toml(odd), "again.toml") == odd


def test_remarks_are_comments_at_the_top() -> None:
    text = as_toml(load("akis-2"), ["A draft. " + "word " * 60, "", "- an item " * 20, "x = 1\ny = 2"])
    top = text.partition("\n\n")[0].splitlines()
    assert top[0].startswith("# A draft. word")
    assert "#" in top
    assert all(line.startswith("#") and len(line) <= 120 for line in top)
    assert any(line.startswith("# - an item") for line in top)
    assert any(line.startswith("#   ") for line in top)
    assert tomllib.loads(text) == tomllib.loads(as_toml(load("akis-2")))


def test_a_value_without_a_source_is_not_written() -> None:
    profile = load("akis-2")
    sources = {name: said for name, said in profile.sources.items() if name != "pin.minimum"}
    with pytest.raises(InvalidArgument, match=r"pin\.minimum of the profile has no source"):
        as_toml(replace(profile, sources=sources))
