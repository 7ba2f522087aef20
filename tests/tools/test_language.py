"""Which language is spoken, and whether all of it is."""

from __future__ import annotations

import ast
import gettext
import io
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tools.language import CATALOGUES, DOMAIN, LANGUAGES, N_, _, by_locale, ngettext, sentence, speak

ROOT = Path(__file__).parent.parent.parent
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
TRANSLATED = [language for language in LANGUAGES if language != "en"]


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    speak("en")


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def in_the_sources() -> set[str]:
    """Every message that is marked in the sources, by its text for one."""
    found = set()
    for path in sorted((ROOT / "tools").rglob("*.py")):
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract("python", file, KEYWORDS):
                found.add(message if isinstance(message, str) else message[0])
    return found


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "tr_TR.UTF-8"}, "tr"),
        ({"LANG": "tr"}, "tr"),
        ({"LANG": "TR_tr"}, "tr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "tr_TR.UTF-8"}, "tr"),
        ({"LANG": "tr_TR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LC_MESSAGES": "tr_TR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LC_ALL": "tr_TR.UTF-8@x"}, "tr"),
        ({"LC_ALL": "", "LANG": "tr_TR"}, "tr"),
        ({"LANGUAGE": "tr"}, "tr"),
        ({"LANGUAGE": "de:tr:en", "LANG": "en_US.UTF-8"}, "tr"),
        ({"LANGUAGE": "de:fr", "LANG": "tr_TR.UTF-8"}, "tr"),
        ({"LANGUAGE": "tr", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "tr", "LANG": "C.UTF-8"}, "en"),
        ({"LANGUAGE": "tr", "LANG": "POSIX"}, "en"),
    ],
)
def test_the_locale(environment: dict[str, str], language: str) -> None:
    assert by_locale(environment) == language


def test_a_wish_comes_before_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert speak(None) == "tr"
    assert _("The code was accepted") == "Kod kabul edildi"
    assert speak("en") == "en"
    assert _("The code was accepted") == "The code was accepted"


def test_numbers() -> None:
    one, many = "the web password was not right; {} try left", "the web password was not right; {} tries left"
    assert [ngettext(one, many, number) for number in (1, 2)] == [one, many]
    speak("tr")
    assert {ngettext(one, many, number) for number in (1, 2)} == {"web parolası yanlış; {} deneme hakkınız kaldı"}


def test_a_sentence_begins_with_a_capital_of_its_language() -> None:
    assert sentence("it is so") == "It is so."
    speak("tr")
    assert sentence("işlem bitti") == "İşlem bitti."
    assert sentence("ılık") == "Ilık."


def test_a_marked_message_stays_as_it_is() -> None:
    speak("tr")
    assert N_("interrupted") == "interrupted"


def test_no_message_is_hidden_from_the_catalogue() -> None:
    """One that is put together, or that stands inside an f-string, is not found among those to translate."""
    extracted = in_the_sources()
    for path in sorted((ROOT / "tools").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="_" | "N_" | "ngettext"), args=[ast.Constant(value=message), *_]):
                    assert message in extracted, (path, node.lineno)
                case (
                    ast.Call(func=ast.Name(id="N_" | "ngettext"))
                    | ast.Call(func=ast.Name(id="_"), args=[ast.JoinedStr() | ast.BinOp(), *_])
                ):
                    raise AssertionError((path, node.lineno))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_no_other(language: str) -> None:
    found = catalogue(language)
    written = {message.id if isinstance(message.id, str) else message.id[0] for message in found if message.id}
    marked = in_the_sources()
    assert len(marked) > 100
    assert marked - written == set(), "not translated"
    assert written - marked == set(), "not said any more"
    assert not list(found.obsolete)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_translation_is_finished_and_fits(language: str) -> None:
    found = catalogue(language)
    assert not found.fuzzy
    assert str(found.locale) == language
    for message in found:
        if not message.id:
            continue
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        said = [message.string] if isinstance(message.string, str) else list(message.string)
        assert not message.fuzzy, message.id
        assert not list(message.check(found)), message.id
        for text in said:
            assert text, message.id
            assert fields(text) == fields(originals[0]), message.id
            # A prompt ends in a space, a sentence in a full stop, and half of one in neither.
            ends = (" ", ".", ":")
            assert [text.endswith(end) for end in ends] == [originals[0].endswith(end) for end in ends], message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_read_is_what_is_written(language: str) -> None:
    made = io.BytesIO()
    write_mo(made, catalogue(language))
    made.seek(0)
    expected = gettext.GNUTranslations(made)._catalog  # type: ignore[attr-defined]
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        kept = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    assert {id: text for id, text in kept.items() if id} == {id: text for id, text in expected.items() if id}
