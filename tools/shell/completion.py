"""What a line could go on with, by what the shell knows already: nothing is sent to find out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from akis.codec.file_path import FilePath, path_text
from akis.status import STANDARD_WORDS

from .bench import Bench
from .grammar import Command
from .lines import COMMANDS


class Candidate(NamedTuple):
    """A word that fits, and what it is."""

    word: str
    meaning: str = ""


def candidates(line: str, bench: Bench) -> tuple[str, list[Candidate]]:
    """The piece of ``line`` at its end that is to be replaced, and what by."""
    words = line.split()
    piece = "" if not words or line[-1].isspace() else words[-1]
    before = words[: len(words) - bool(piece)]
    if not before:
        return piece, _fitting(piece, ((command.name, command.summary) for command in COMMANDS))
    command = next((command for command in COMMANDS if command.name == before[0].lower()), None)
    if command is None:
        return piece, []
    if piece.startswith("-"):
        return piece, _fitting(piece, (option for option in command.options if option[0] not in before))
    if command.takes == "apdu":
        _, sign, piece = piece.rpartition("=")
        return (piece, _fitting(piece, _status_words(bench))) if sign else (piece, [])
    if len([word for word in before if not word.startswith("-")]) > 1:
        return piece, []
    return piece, _fitting(piece, _arguments(command, bench))


def takes_path(line: str) -> str | None:
    """The beginning of a path in the file system of this computer, where one belongs at the end of ``line``."""
    words = line.split()
    piece = "" if not words or line[-1].isspace() else words[-1]
    before = words[: len(words) - bool(piece)]
    if not before:
        return None
    command = next((command for command in COMMANDS if command.name == before[0].lower()), None)
    if before[-1] == "--out":
        return piece
    wanted = command is not None and command.takes in ("path", "record", "keys") and len(before) == 1
    return piece if wanted else None


def _arguments(command: Command, bench: Bench) -> Iterator[tuple[str, str]]:
    match command.takes:
        case "file" | "DF":
            if command.name == "select":
                yield "app", "the DF with PIN and keys"
            yield from _files(bench, only_df=command.takes == "DF")
        case "status word":
            yield from _status_words(bench)
        case "command":
            yield from ((each.name, each.summary) for each in COMMANDS)
        case "keys":
            yield "off", "end the session"
            yield "emulator:akis-2.2/issuer", "published keys of an emulated card"
            yield "emulator:akis-2.2/terminal", "published keys of an emulated card"
        case "record":
            yield "off", "end the recording"


def _files(bench: Bench, only_df: bool) -> Iterator[tuple[str, str]]:
    """Below the current DF by their identifiers, then all from the MF."""
    df = bench.where.df
    if df:
        yield "..", path_text(df[:-1])
    known = [file for file in bench.known.values() if not only_df or _may_be_df(bench, file.path)]
    for file in sorted(known, key=lambda file: file.path):
        if df is not None and file.path[:-1] == df and file.path:
            yield f"{file.path[-1]:04X}", _what(bench, file.path)
    for file in sorted(known, key=lambda file: file.path):
        yield f"/{path_text(file.path)}" if file.path else "/", _what(bench, file.path)


def _may_be_df(bench: Bench, path: FilePath) -> bool:
    control = bench.known[path].control
    if control is None or control.is_df is None:
        return path in ((), bench.profile.application_path)
    return control.is_df


def _what(bench: Bench, path: FilePath) -> str:
    file = bench.known[path]
    kind = None if file.control is None else file.control.structure
    name = "".join(letter for letter in file.name if letter.isprintable())
    said = name or ("MF" if not path else "application" if path == bench.profile.application_path else "")
    return ", ".join(filter(None, (said, kind)))


def _status_words(bench: Bench) -> Iterator[tuple[str, str]]:
    """The card's own first, then those of the standard, an x for any digit."""
    if bench.last_sw is not None:
        yield str(bench.last_sw), f"the last one: {bench.last_sw.meaning(bench.profile.status_words)}"
    own = bench.profile.status_words
    yield from own.items()
    yield from ((word, meaning) for word, meaning in STANDARD_WORDS.items() if word not in own)


def _fitting(piece: str, offered: Iterable[tuple[str, str]]) -> list[Candidate]:
    """Those that begin like ``piece``, upper and lower case alike, each once."""
    found: dict[str, Candidate] = {}
    for word, meaning in offered:
        if word.lower().startswith(piece.lower()):
            found.setdefault(word, Candidate(word, meaning))
    return list(found.values())
