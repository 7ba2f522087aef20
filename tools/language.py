"""Turkish or English, by the locale of the environment or by wish, through gettext.

Messages stand in the sources in English, marked by :func:`_` where they are said and by :func:`N_` where they are only
named; ``locale/`` has the catalogue, as the ``.po`` that people write and the ``.mo`` that is read.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

DOMAIN = "akis"
CATALOGUES = Path(__file__).with_name("locale")
LANGUAGES = ("tr", "en")
_NEUTRAL = ("C", "POSIX")

_spoken: gettext.NullTranslations = gettext.NullTranslations()


def by_locale(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for; English where it asks for none that is spoken here.

    As gettext has it: LC_ALL before LC_MESSAGES before LANG names the locale, and LANGUAGE, a list in order of
    preference, comes before all of them unless that locale is the neutral one.
    """
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    if locale.partition(".")[0] in _NEUTRAL:
        return "en"
    wished = [*environment.get("LANGUAGE", "").split(":"), locale]
    known = (name.partition(".")[0].partition("_")[0].lower() for name in wished)
    return next((name for name in known if name in LANGUAGES), "en")


def speak(language: str | None) -> str:
    """From here on :func:`_` gives ``language``, by default that of the environment; returns which it is."""
    global _spoken
    chosen = by_locale() if language is None else language
    if chosen == "en":
        _spoken = gettext.NullTranslations()  # the messages themselves
    else:
        _spoken = gettext.translation(DOMAIN, str(CATALOGUES), languages=[chosen])
    return chosen


def _(message: str) -> str:
    """``message`` in the language that is spoken."""
    return _spoken.gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """``one`` or ``many``, as the language that is spoken has it for ``number``."""
    return _spoken.ngettext(one, many, number)


def sentence(text: str) -> str:
    """``text`` with a capital in front and a full stop at its end."""
    # Turkish has two letters i, each with a capital of its own.
    turkish = {"i": "İ", "ı": "I"} if _spoken.info().get("language") == "tr" else {}
    first = text[:1]
    return f"{turkish.get(first, first.upper())}{text[1:]}."


def N_(message: str) -> str:
    """``message`` as it is: it stands in a table, and is translated when it is said."""
    return message
