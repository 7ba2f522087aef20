"""A profile as the text of its file, each value with its source: what :func:`akis.profile.load.parse` reads."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from akis.codec.file_path import path_text
from akis.errors import InvalidArgument
from akis.profile.model import CardProfile

_COLUMNS = 120
_PATHS, _PATH_LISTS = ("application_path",), ("certificates",)
# Figures that manuals and traces have in hex: how many digits each has.
_HEX = {"p1p2": 4, "locked_sw": 4, "reference": 2, "change_reference": 2, "change_p1": 2, "pad_byte": 2}


def as_toml(profile: CardProfile, remarks: Iterable[str] = ()) -> str:
    """The file: ``remarks`` as comments at its top, a paragraph each, then every value.

    :class:`InvalidArgument` where the profile does not say the source of a value.
    """
    lines = [line for remark in remarks for line in _comment(remark)]
    return "\n".join([*lines, *([""] if lines else []), *_table(profile, profile.sources, "")]) + "\n"


def _comment(text: str) -> list[str]:
    """A paragraph as comments; one that starts with a hyphen is an item of a list."""
    behind = "#   " if text.startswith("- ") else "# "
    wrapped = textwrap.wrap(text, _COLUMNS, initial_indent="# ", subsequent_indent=behind, break_on_hyphens=False)
    return wrapped or ["#"]


def _table(value: Any, sources: Mapping[str, str], path: str) -> Iterator[str]:
    """The values of a dataclass, then its tables: in TOML all that follows a header belongs to that table."""
    tables: list[str] = []
    for item in fields(value):
        if not item.metadata.get("in_file", True):
            continue
        inner, here = getattr(value, item.name), path + item.name
        if is_dataclass(inner):
            tables += ["", f"[{here}]", *_table(inner, sources, f"{here}.")]
        elif isinstance(inner, Mapping) and here not in sources:
            # Each of these has a source of its own.
            entries = (_line(name, name, said, sources, f"{here}.{name}") for name, said in inner.items())
            tables += ["", f"[{here}]", *entries]
        else:
            yield _line(item.name, item.name, inner, sources, here)
    yield from tables


def _line(key: str, name: str, value: Any, sources: Mapping[str, str], path: str) -> str:
    if path not in sources:
        raise InvalidArgument(f"{path} of the profile has no source, and a file says one for each value")
    return f"{_key(key)} = {{ value = {_value(name, value)}, source = {_text(sources[path])} }}"


def _value(name: str, value: Any) -> str:
    match value:
        case None:
            return '"none"'
        case bool():
            return "true" if value else "false"
        case int():
            return f"0x{value:0{_HEX[name]}X}" if name in _HEX else str(value)
        case bytes():
            return _text(value.hex().upper())
        case tuple() if name in _PATHS:
            return _text(path_text(value) if value else "/")
        case tuple() if name in _PATH_LISTS:
            return f"[{', '.join(_text(path_text(path)) for path in value)}]"
        case Mapping():
            inside = (
                f"{_key(key)} = " + (f"0x{inner:02X}" if isinstance(inner, int) else _text(inner))
                for key, inner in value.items()
            )
            return f"{{ {', '.join(inside)} }}" if value else "{}"
    return _text(value)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _text(name)


def _text(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON; JSON leaves DEL as it is and TOML does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
