"""The lines of before, in a file that only its owner may read. What goes in has no secrets: see :mod:`.grammar`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

_MOST = 1000
_LONGEST_FILE = 1 << 20


def history_file() -> Path:
    """Where it is: in the user's directory for state."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        # XDG Base Directory Specification: a path that is not absolute is to be ignored.
        wanted = os.environ.get("XDG_STATE_HOME", "")
        base = wanted if Path(wanted).is_absolute() else str(Path.home() / ".local" / "state")
    return Path(base) / "akis" / "shell-history"


class HistoryFile:
    """One line a line; :attr:`failure` says why nothing is kept, where that is so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure = ""

    def read(self) -> list[str]:
        """The lines of before, the newest last; the file is cut where it has become too long."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(max(os.fstat(stream.fileno()).st_size - _LONGEST_FILE, 0))
                text = stream.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            self.failure = error.strerror or type(error).__name__
            return []
        lines = [line for line in text.splitlines() if line.isprintable() and line]
        if len(lines) > 2 * _MOST:
            self._rewrite(lines[-_MOST:])
        return lines[-_MOST:]

    def add(self, line: str) -> None:
        """Put a line at its end."""
        if not self.failure:
            self._write(os.O_APPEND, f"{line}\n")

    def _rewrite(self, lines: list[str]) -> None:
        self._write(os.O_TRUNC, "".join(f"{line}\n" for line in lines))

    def _write(self, how: int, text: str) -> None:
        try:
            self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
            # No link is followed: what it leads to may be anybody's.
            flags = os.O_WRONLY | os.O_CREAT | how | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self.path, flags, 0o600)
            try:
                with suppress(AttributeError):
                    os.fchmod(descriptor, 0o600)
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            self.failure = error.strerror or type(error).__name__
