"""Traces as test items: each file of the directories that were named is one, ``DIR/FILE.jsonl::replay``."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akis.pytest_plugin.settings import Settings, in_words_of_pytest

if TYPE_CHECKING:
    from akis.regress.outcome import Outcome

SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()


class CutTrace(pytest.PytestWarning):
    """A recording that breaks off in the middle of a line."""


class TraceFile(pytest.File):
    """A trace of akis' own format."""

    def collect(self) -> Iterator[pytest.Item]:
        yield Replay.from_parent(self, name="replay")


class Replay(pytest.Item):
    """One recorded session, played and compared.

    It is played where pytest sets a test up: what goes wrong there is an error, and only a difference is a failure.
    """

    _outcome: Outcome | None = None

    def setup(self) -> None:
        if self.config.getoption("setuponly", False):
            return
        if title := self._title():
            self.user_properties.append(("title", title))
        from akis.errors import AkisError

        try:
            self._outcome = self.config.stash[SETTINGS].play(self.path)
            wrong = self._outcome.message if self._outcome.verdict == "error" else ""
        except AkisError as error:
            wrong = str(error)
        if wrong:
            pytest.fail(in_words_of_pytest(wrong), pytrace=False)

    def runtest(self) -> None:
        from akis.trace.open import is_cut

        if is_cut(self.path):
            said = CutTrace("the last line of this trace is cut off in the middle; what it held was not played")
            warnings.warn_explicit(said, None, str(self.path), 1)
        if self._outcome is not None and self._outcome.verdict != "passed":
            pytest.fail(in_words_of_pytest(self._outcome.message), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        title = self._title()
        return self.path, None, f"replay of {self.path.name}" + (f": {title}" if title else "")

    def _title(self) -> str:
        from akis.errors import AkisError
        from akis.trace.jsonl import Lines

        try:
            return Lines(self.path).header.title
        except AkisError:
            return ""  # playing it says what is wrong


def is_ours(path: Path, folders: list[Path]) -> bool:
    """Whether this is a trace in one of the directories.

    One that is damaged or cannot be read is, so that somebody says so; JSON Lines of another kind are not.
    """
    if path.suffix != ".jsonl" or not any(path.is_relative_to(folder) for folder in folders):
        return False
    from akis.errors import AkisError
    from akis.trace.jsonl import is_something_else

    try:
        return not is_something_else(path)
    except AkisError:
        return path.is_file()


def traces_in(folder: Path, session: pytest.Session) -> Iterator[Path]:
    """The traces in a directory and all beneath it, in order, but for what pytest was told to ignore."""
    for path in sorted(folder.rglob("*.jsonl")):
        if is_ours(path, [folder]) and not _is_ignored(path, folder, session):
            yield path


def _is_ignored(path: Path, folder: Path, session: pytest.Session) -> bool:
    between = [parent for parent in path.parents if parent != folder and parent.is_relative_to(folder)]
    return any(
        session.gethookproxy(place.parent).pytest_ignore_collect(collection_path=place, config=session.config)
        for place in (path, *between)
    )
