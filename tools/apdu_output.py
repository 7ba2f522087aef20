"""What ``akis apdu`` says: each command with its exchanges, every field named, as text or as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from akis.commands.risk import Risk
from akis.errors import AnswerDiffers
from akis.profile.model import CardProfile
from akis.trace.as_json import exchange_table
from akis.trace.follow import Step
from akis.trace.say import counted, wrapped
from akis.trace.show import Page

from .apdu_input import name_of
from .apdu_session import Played, Shown
from .width import columns


class Output:
    """Shows a run as it goes; ``head`` are facts that come first, those that are None left out of a text."""

    def __init__(
        self,
        args: argparse.Namespace,
        profile: CardProfile,
        total: int,
        risks: Sequence[Risk | None],
        head: Mapping[str, Any],
    ) -> None:
        self._args = args
        self._profile = profile
        self._total = total
        self._risks = risks
        self._head = {**head, "profile": profile.name}
        self._commands = self._exchanges = self._expected = 0
        self._differs = ""

    def show(self, played: Iterator[Played]) -> None:
        """Print all of it; :class:`AnswerDiffers` where an expected status word did not come."""
        if self._args.json:
            self._print_json(played)
        elif sys.stdout.isatty():
            from .terminal import paint

            paint(lambda width: self._blocks(played, width))
        else:
            for block in self._blocks(played, columns()):
                print(block, flush=True)
        if self._differs:
            self._args.json = False  # it is in there
            raise AnswerDiffers(self._differs)

    def _blocks(self, played: Iterator[Played], width: int) -> Iterator[str]:
        names = {"reader": "Reader", "atr": "ATR", "profile": "Profile"}
        yield "\n".join(f"{names[name]} {'.' * (9 - len(name))}: {text}" for name, text in self._head.items() if text)
        page = Page(self._profile, "full", width)
        for done in played:
            self._count(done)
            yield "\n" + wrapped(f"---- {self._heading(done)} ----", width, 5)
            for shown in done.shown:
                yield page.exchange(noted(shown), "done" if self._args.dry_run else shown.step.outcome)
        yield "\n" + wrapped(self._summary(), width, 0)

    def _print_json(self, played: Iterator[Played]) -> None:
        from .json_stream import print_object

        head = {"command": "apdu", **self._head, "dry_run": self._args.dry_run}
        print_object(head, "commands", map(self._table, played), self._tail, self._args)

    def _tail(self) -> Mapping[str, Any]:
        outcome = "not sent" if self._args.dry_run else "differs" if self._differs else "done"
        return {"outcome": outcome, "message": self._differs or self._summary()}

    def _table(self, done: Played) -> dict[str, Any]:
        self._count(done)
        risk = None if done.number is None else self._risks[done.number - 1]
        return {
            "number": done.number,
            "expected": None if done.written is None else done.written.expected,
            "sw": None if done.sw is None else str(done.sw),
            "fits": None if self._args.dry_run else done.fits,
            "tries_of": None if risk is None else risk.name,
            "exchanges": [
                {"by": shown.by, "plain": shown.plain, **exchange_table(shown.step, self._profile)}
                for shown in done.shown
            ],
        }

    def _count(self, done: Played) -> None:
        self._commands += done.number is not None
        self._exchanges += sum(not shown.plain for shown in done.shown)
        self._expected += bool(done.fits)
        self._differs = difference(done, self._profile, self._total) or self._differs

    def _heading(self, done: Played) -> str:
        if done.number is None or done.written is None:
            return "the secure session is opened"
        said = [f"command {done.number} of {self._total}"]
        if done.written.expected is not None:
            came = done.sw is not None and done.fits is False
            said.append(f"{done.written.expected} expected" + (", which did not come" if came else ""))
        risk = self._risks[done.number - 1]
        if risk is not None and self._args.dry_run:
            said.append(f"{'can' if risk.sure else 'on some cards can'} spend a try of the {risk.name}")
        return ", ".join(said)

    def _summary(self) -> str:
        if self._args.dry_run:
            return f"{counted(self._commands, 'command')}, of which nothing was sent."
        text = f"{counted(self._commands, 'command')}, {counted(self._exchanges, 'exchange')}"
        if self._differs:
            return f"{text}; another status word came than the one expected."
        return f"{text}; {counted(self._expected, 'expected status word')} came." if self._expected else f"{text}."


def difference(done: Played, profile: CardProfile, total: int) -> str:
    """What is to be said where another status word came than the one expected; nothing where none did."""
    if done.fits is not False or done.sw is None or done.written is None:
        return ""
    meaning = done.sw.meaning(profile.status_words)
    rest = total - (done.number or 0)
    return (
        f"command {done.number}, {name_of(done.written)}: {done.written.expected} was expected, the card answered "
        f"{done.sw}, {meaning}" + (f"; {counted(rest, 'command')} more not sent" if rest else "")
    )


def noted(shown: Shown) -> Step:
    """The exchange, with a note where it is the inside of another one."""
    return replace(shown.step, notes=(*shown.step.notes, "in plain")) if shown.plain else shown.step
