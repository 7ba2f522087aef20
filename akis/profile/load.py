"""Profiles from their files: TOML, one a generation, each value with its source.

A value is written ``name = { value = 8, source = "assumed" }``; bytes are hex text, a path of files is ``"3D00/2F10"``,
and ``"none"`` stands for what a card does not have. Every error names the file and the field, and the line where the
file does not parse.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from akis.codec.file_path import FilePath, parse_path
from akis.errors import InvalidArgument, ProfileError, WrongType
from akis.profile.model import SOURCES, CardProfile

T = TypeVar("T")
_DEEPEST = 8
_LARGEST = 0x1000000
_NONE = "none"

DEFAULT = "akis-2"
"""The profile of cards that nothing tells more of."""


@cache
def load(name: str) -> CardProfile:
    """The profile of this name that comes with the library, such as ``akis-2``."""
    return parse(read_packaged("akis.profile", "profile", name), f"{name}.toml")


def read_packaged(package: str, what: str, name: str) -> str:
    """The text of ``NAME.toml`` in ``package``; :class:`ProfileError` says which ``what`` there are instead."""
    known = names(package)
    if name not in known:
        raise ProfileError(f"there is no {what} {name!r}; {_meant(name, known)}there are {', '.join(known)}")
    return (files(package) / f"{name}.toml").read_text("utf-8")


def names(package: str = "akis.profile") -> list[str]:
    """The names of the files that come with the library; of profiles, unless told another package."""
    return sorted(item.name.removesuffix(".toml") for item in files(package).iterdir() if item.name.endswith(".toml"))


def load_any(name_or_file: str) -> CardProfile:
    """The profile that ``akis-1`` or ``mine.toml`` stands for: one of the library's, else a user's own file."""
    if name_or_file not in names() and (Path(name_or_file).suffix or Path(name_or_file).name != name_or_file):
        return load_file(Path(name_or_file))
    return load(name_or_file)


def load_file(path: Path) -> CardProfile:
    """A profile from a user's own file."""
    return parse(read_file(path, "profile"), str(path))


def read_file(path: Path, what: str) -> str:
    """The text of a user's own file, which is to be a ``what``; :class:`ProfileError` where there is none to be had."""
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise ProfileError(f"{path}: too large for a {what}, which has at most {_LARGEST} bytes")
        return raw.decode("utf-8")
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
        raise ProfileError(f"{path}: cannot be read ({why})") from None


def parse(text: str, where: str) -> CardProfile:
    """A profile from the text of its file; ``where`` is the file's name, for errors."""
    sources: dict[str, str] = {}
    tables = read_toml(text, where)
    profile = build(CardProfile, _without_sources(tables, "", sources, where), where)
    return replace(profile, sources=sources)


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML file."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{where}: not TOML, {error}") from None
    except (ValueError, TypeError):  # a number of thousands of digits, or no text at all
        raise ProfileError(f"{where}: not TOML") from None
    except RecursionError:
        raise ProfileError(f"{where}: nested too deep") from None
    level: list[Any] = [tables]
    for _ in range(_DEEPEST):
        level = [inner for table in level if isinstance(table, dict) for inner in table.values()]
    if level:
        raise ProfileError(f"{where}: nested too deep")
    return tables


def build(kind: type[T], table: Mapping[str, Any], where: str, path: str = "") -> T:
    """A dataclass from a table: every field of it there, no other, each of the right kind."""
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.metadata.get("in_file", True)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            meant = _meant(name, known)
            raise ProfileError(f"{where}: {path}{name[:40]!r} is not a field; {meant}there are {', '.join(known)}")
    given: dict[str, Any] = {}
    for name, item in known.items():
        if name in table:
            given[name] = _value(hints[name], table[name], where, path + name)
        elif item.default is MISSING and item.default_factory is MISSING:
            raise ProfileError(f"{where}: {path}{name} is missing")
    try:
        return kind(**given)
    except InvalidArgument as error:
        raise ProfileError(f"{where}: {path and path.rstrip('.') + ': '}{error}") from None


def _meant(name: str, known: Mapping[str, Any] | list[str]) -> str:
    """A guess at what was to be written, for a sentence that goes on."""
    close = get_close_matches(name[:40], list(known), 1)
    return f"did you mean {close[0]}? " if close else ""


def _value(kind: Any, value: Any, where: str, path: str) -> Any:
    kinds = get_args(kind)
    if NoneType in kinds and len(kinds) == 2:
        return None if value == _NONE else _value(kinds[kinds[0] is NoneType], value, where, path)
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise ProfileError(f"{where}: {path} is a table")
        return build(kind, value, where, path + ".")  # type: ignore[arg-type]
    if kind is bytes:
        try:
            return bytes.fromhex(value)
        except (TypeError, ValueError):
            raise ProfileError(f"{where}: {path} is bytes as hex text") from None
    if kind == Mapping[str, str]:
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise ProfileError(f"{where}: {path} is a table of texts")
        return dict(value)
    if kind == FilePath:
        return _path(value, where, path) if isinstance(value, str) else _listed(value)
    if kind == tuple[FilePath, ...]:
        if not isinstance(value, list):
            raise ProfileError(f"{where}: {path} is a list of paths such as 3D00/2F10")
        return tuple(_path(item, where, path) for item in value)
    return value


def _path(text: Any, where: str, path: str) -> FilePath:
    try:
        return parse_path(text)
    except (InvalidArgument, WrongType) as error:
        raise ProfileError(f"{where}: {path}: {error}") from None


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _without_sources(table: Mapping[str, Any], path: str, sources: dict[str, str], where: str) -> dict[str, Any]:
    """The table with each ``{ value, source }`` replaced by its value; the sources go to ``sources``."""
    plain: dict[str, Any] = {}
    for name, entry in table.items():
        here = path + name
        if not isinstance(entry, dict):
            raise ProfileError(f"{where}: {here} has no source; write {{ value = …, source = … }}")
        if set(entry) == {"value", "source"}:
            source = entry["source"]
            if not isinstance(source, str) or not source.startswith(SOURCES):
                raise ProfileError(f"{where}: the source of {here} begins with one of {', '.join(SOURCES)}")
            plain[name], sources[here] = entry["value"], source
        else:
            plain[name] = _without_sources(entry, here + ".", sources, where)
    return plain
