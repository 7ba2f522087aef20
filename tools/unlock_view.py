"""What an unlock looks like: sentences, a check mark for each step, a spinner while something is waited for.

All of it goes to standard error, in colours where that is a terminal that has them, so that standard output holds the
outcome and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from textwrap import wrap
from typing import TYPE_CHECKING

from akis.trace.say import printable
from akis.unlock.steps import Step

from .language import _
from .unlock_words import BEGUN, STEPS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

Steps = list[tuple[Step, bool]]
"""The steps that were come to, and whether each was done."""


class View:
    """Shows one unlock, and keeps count of its :attr:`steps`."""

    def __init__(self, console: Console | None = None) -> None:
        """``console`` is where, in the place of standard error; it highlights nothing by itself."""
        if console is None:
            from rich.console import Console

            console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self.steps: Steps = []
        self._console = console
        self._begun: Step | None = None
        self._status: Status | None = None
        self._last = ""
        self._done, self._failed = ("✓", "✗") if _can_be_written("✓✗") else ("+", "x")

    def say(self, text: str, style: str = "") -> None:
        """A sentence, or several lines."""
        from rich.text import Text

        for line in text.split("\n"):
            # A file keeps a sentence in one line. A terminal that is gone hides nothing of what becomes of the card.
            with suppress(OSError):
                self._console.print(Text(printable(line), style=style), soft_wrap=not self._console.is_terminal)

    def items(self, texts: Sequence[str]) -> None:
        """A numbered list, each item aligned below itself."""
        for number, text in enumerate(texts, 1):
            begin = f"{number}. "
            for line in text.split("\n"):
                self.say(self._wrapped(line, begin))
                begin = " " * len(begin)

    def step(self, step: Step) -> None:
        """Show that a step was done, or begins, in which case whatever began before it was done."""
        self._end(well=True)
        if step in BEGUN:
            self._begun = step
            self.busy(_(BEGUN[step]))
            return
        self.steps.append((step, True))
        if step is not Step.DONE:
            self.say(f"{self._done} {_(STEPS[step])}", "green")

    def stop(self) -> None:
        """The unlock came to an end, or to a halt; a step that has begun was not done."""
        self._end(well=False)

    def busy(self, text: str) -> None:
        """Something takes a moment: a spinner, where there can be one, until :meth:`rest` or the next step."""
        from rich.text import Text

        if not self._moves:
            return
        shown = Text(f"{printable(text)} …")
        with suppress(OSError):
            if self._status is None:
                self._status = self._console.status(shown)
                self._status.start()
            else:
                self._status.update(shown)

    def waiting(self, text: str) -> None:
        """Something may take long, and why may change: :meth:`busy`, and elsewhere a line for each new reason."""
        if not self._moves and text != self._last:
            self.say(text)
        self._last = text
        self.busy(text)

    def rest(self) -> None:
        """Nothing turns any more."""
        status, self._status = self._status, None
        if status is not None:
            with suppress(OSError):
                status.stop()

    def _wrapped(self, line: str, begin: str) -> str:
        """The line after ``begin``, and below itself where a terminal has no room for it."""
        if not self._console.is_terminal:
            return begin + line
        width, indent = max(self._console.width, 20), " " * len(begin)
        return "\n".join(
            wrap(line, width, initial_indent=begin, subsequent_indent=indent, break_on_hyphens=False) or [begin]
        )

    @property
    def _moves(self) -> bool:
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def _end(self, well: bool) -> None:
        self.rest()
        begun, self._begun = self._begun, None
        if begun is None:
            return
        self.steps.append((begun, well))
        if well:
            self.say(f"{self._done} {_(STEPS[begun])}", "green")
        else:
            self.say(f"{self._failed} {_(BEGUN[begun])}", "red")


def _can_be_written(text: str) -> bool:
    try:
        text.encode(sys.stderr.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
