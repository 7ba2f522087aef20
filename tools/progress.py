"""A bar for transfers that take a while, on standard error where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LONG = 2048
"""Bytes. Shorter ones are over before anybody has read the bar."""


@contextmanager
def transfer_bar(title: str) -> Iterator[Callable[[int, int | None], None] | None]:
    """Gives what is to be called with how much is done and how much there is; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    tasks: list[TaskID] = []

    def progress(done: int, total: int | None) -> None:
        if not tasks and max(done, total or 0) > _LONG:
            bar.start()
            tasks.append(bar.add_task(title, total=total))
        if tasks:
            bar.update(tasks[0], completed=done, total=total)

    try:
        yield progress
    finally:
        if tasks:
            bar.stop()
