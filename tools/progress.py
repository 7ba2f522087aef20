"""A bar for what takes a while, on standard error where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LONG = 2048
"""Bytes. Shorter ones are over before anybody has read the bar."""
_SOON = 1.0
"""Seconds."""


@contextmanager
def transfer_bar(title: str, least: int = _LONG) -> Iterator[Callable[[int, int | None], None] | None]:
    """Gives what is to be called with how much is done and how much there is; None where nobody would see it.

    Nothing shows before there is more than ``least``.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    tasks: list[TaskID] = []

    def progress(done: int, total: int | None) -> None:
        if not tasks and max(done, total or 0) > least:
            bar.start()
            tasks.append(bar.add_task(title, total=total))
        if tasks:
            bar.update(tasks[0], completed=done, total=total)

    try:
        yield progress
    finally:
        if tasks:
            bar.stop()


@contextmanager
def step_bar(
    title: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int | None], None] | None]:
    """As :func:`transfer_bar`, for steps that nobody knows the time of: nothing shows within the first second."""
    begin = clock()
    with transfer_bar(title, least=0) as progress:
        if progress is None:
            yield None
            return

        def later(done: int, total: int | None) -> None:
            if clock() - begin >= _SOON:
                progress(done, total)

        yield later
