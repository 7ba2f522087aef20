"""The prompt of the shell, on prompt_toolkit: which card and where on it, completion, and the lines of before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.styles import Style

from akis.connect import REPLAY
from akis.errors import AkisError, ReplayDiffers

from ..tell import tell
from .bench import Bench
from .completion import candidates, takes_path
from .history import HistoryFile, history_file
from .lines import Leave, Stopped, do, say

_LONGEST_NAME = 24
_STYLE = Style.from_dict({"reader": "bold", "file": "ansicyan", "state": "ansiyellow", "dead": "ansired bold"})


def interact(bench: Bench) -> int:
    """Ask for lines until Ctrl-D or ``exit``; what goes wrong ends a line and not the shell."""
    history = _History(HistoryFile(history_file()))
    session: PromptSession[str] = PromptSession(
        history=history,
        completer=_Completer(bench),
        complete_while_typing=False,
        enable_history_search=True,
        style=_STYLE,
    )
    tell(f"{bench.name}: `help` lists the commands, Tab completes, Ctrl-D leaves.")
    while True:
        try:
            line = session.prompt(lambda: prompt(bench))
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        try:
            do(bench, line, history.keep)
        except Leave:
            break
        except Stopped:
            pass
        except KeyboardInterrupt:
            tell("akis: interrupted; if a command had left, its outcome is unknown")
        except BrokenPipeError:
            raise
        except (AkisError, OSError) as error:
            say(error)
    return _end(bench)


def prompt(bench: Bench) -> StyleAndTextTuples:
    """Reader, current file, and what is open and verified."""
    name = f"{REPLAY}{Path(bench.name).name}" if bench.name.startswith(REPLAY) else bench.name
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    states = [("class:dead", "SM dead")] if bench.secure == "dead" else []
    states += [("class:state", "SM")] if bench.secure == "open" else []
    states += [("class:state", text) for text in sorted(bench.where.verified)]
    states += [("class:state", "rec")] if bench.tap.file is not None else []
    found: StyleAndTextTuples = [("class:reader", name), ("", " "), ("class:file", str(bench.where))]
    for at, (style, text) in enumerate(states):
        found += [("", ", " if at else " ["), (style, text)]
    return [*found, ("", f"{']' if states else ''}> ")]


def _end(bench: Bench) -> int:
    try:
        bench.check_played()
    except ReplayDiffers as error:
        tell(f"Note: {error}.")
    except AkisError as error:
        say(error)
    return 0


class _History(History):
    """Lines get in by :meth:`keep`, once they are known to have nothing secret in them, and in no other way."""

    def __init__(self, file: HistoryFile) -> None:
        super().__init__()
        self._file = file

    def keep(self, line: str) -> None:
        """Remember a line, unless it is that of before, begins with a space, or has a comment, which says anything."""
        line = line.rstrip()
        if line.startswith(" ") or "#" in line or (self.get_strings() or [""])[-1] == line:
            return
        super().append_string(line)

    def append_string(self, string: str) -> None:
        """What was typed is not remembered as such."""

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._file.read())

    def store_string(self, string: str) -> None:
        before = self._file.failure
        self._file.add(string)
        if self._file.failure and not before:
            tell(f"Note: lines are not remembered, {self._file.path} cannot be written: {self._file.failure}.")


class _Completer(Completer):
    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        line = document.text_before_cursor
        piece, found = candidates(line, self._bench)
        after = " " if line.strip() == piece == line else ""  # a command is followed by its arguments
        for word, meaning in found:
            yield Completion(word + after, start_position=-len(piece), display=word, display_meta=meaning)
        path = takes_path(line)
        if path is not None:
            yield from self._paths.get_completions(Document(path), complete_event)
