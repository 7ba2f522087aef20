"""Many sessions, one after the other or, where each has a card of its own, at the same time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from akis.errors import InvalidArgument
from akis.regress.outcome import Outcome
from akis.regress.run import Plan, replay_file
from akis.regress.target import is_emulated

_plan: Plan
_playing = False
_given_up = False


def replay_files(
    paths: Sequence[Path], plan: Plan, jobs: int = 1, tick: Callable[[], object] = lambda: None
) -> Iterator[Outcome]:
    """The outcome of each path, in order. ``tick`` is called after each exchange, with one job only.

    Raises :class:`InvalidArgument` for several jobs on one reader.
    """
    if jobs < 1:
        raise InvalidArgument("there is at least one job")
    if jobs > 1 and not is_emulated(plan.reader or ""):
        raise InvalidArgument("one card plays one session at a time; -j is for emulated cards")
    if jobs == 1 or len(paths) < 2:
        return (replay_file(path, plan, tick) for path in paths)
    return _at_once(paths, plan, min(jobs, len(paths)))


def _at_once(paths: Sequence[Path], plan: Plan, jobs: int) -> Iterator[Outcome]:
    with _executor(plan, jobs) as executor:
        waiting: list[Future[Outcome]] = [executor.submit(_replay, path) for path in paths]
        try:
            for future in waiting:
                yield future.result()
        except BaseException:
            for child in multiprocessing.active_children():
                os.kill(child.pid or 0, signal.SIGINT)  # whoever plays a session gives up and cleans up
            raise
        finally:
            for future in waiting:
                future.cancel()


def _executor(plan: Plan, jobs: int) -> Executor:
    """Processes where they inherit the plan, which holds secrets and is not pickled; threads elsewhere."""
    if "fork" in multiprocessing.get_all_start_methods():
        return ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _inherit, (plan,))
    return ThreadPoolExecutor(jobs, initializer=_inherit, initargs=(plan,))


def _inherit(plan: Plan) -> None:
    global _plan
    _plan = plan
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, _give_up)


def _give_up(*_: object) -> None:
    """End the session that is played, and play no other: some may be handed out already."""
    global _given_up
    _given_up = True
    if _playing:
        raise KeyboardInterrupt


def _replay(path: Path) -> Outcome:
    global _playing
    _playing = True
    try:
        if _given_up:
            raise KeyboardInterrupt
        return replay_file(path, _plan)
    finally:
        _playing = False
