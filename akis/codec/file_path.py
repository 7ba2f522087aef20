"""Files named by the identifiers on the way to them: ``3F00/3D00/2F10`` as text, ``(0x3D00, 0x2F10)`` as a value."""

from __future__ import annotations

import re

from akis.errors import InvalidArgument, WrongType

MF = 0x3F00
_TEXT = re.compile(r"[0-9A-Fa-f]{4}(/[0-9A-Fa-f]{4})*")
_DEEPEST = 8
FilePath = tuple[int, ...]
"""File identifiers from the MF, which is left out: ``()`` is the MF itself."""


def parse_path(text: str) -> FilePath:
    """The path that a text names, with or without the MF in front; a slash in front is the MF as well."""
    if not isinstance(text, str):
        raise WrongType(f"a path is text such as 3D00/2F10, not {type(text).__name__}")
    if text == "/":
        return ()
    if not _TEXT.fullmatch(text.removeprefix("/")):
        raise InvalidArgument("a path is file identifiers of four hex digits with slashes between them, 3D00/2F10")
    return checked_path(tuple(int(part, 16) for part in text.removeprefix("/").split("/")))


def checked_path(path: FilePath) -> FilePath:
    """``path`` without the MF in front; :class:`InvalidArgument` where it is no path."""
    if not isinstance(path, tuple) or not all(isinstance(fid, int) and 0 <= fid <= 0xFFFF for fid in path):
        raise InvalidArgument("a path is a tuple of file identifiers, two bytes each")
    below = path[1:] if path[:1] == (MF,) else path
    if MF in below:
        raise InvalidArgument("3F00 is the MF, and stands in front of a path only")
    if len(below) > _DEEPEST:
        raise InvalidArgument(f"a path has at most {_DEEPEST} file identifiers below the MF")
    return below


def path_text(path: FilePath) -> str:
    """``3D00/2F10``; ``3F00`` for the MF."""
    return "/".join(f"{fid:04X}" for fid in path) or f"{MF:04X}"


def path_bytes(path: FilePath) -> bytes:
    """The identifiers one after the other, two bytes each."""
    return b"".join(fid.to_bytes(2, "big") for fid in path)
