"""Checks of the inspection as a whole: what follows from all times, and from the counters before and after."""

from __future__ import annotations

from akis.report.check import Done, Outcome, failed, not_applicable, passed
from akis.report.model import Counter
from akis.report.times import SLOW_FACTOR, SLOW_FLOOR, CommandTimes, slow
from akis.trace.say import span


def no_slow_command(times: tuple[CommandTimes, ...]) -> Done:
    """Whether one of them takes much longer than the others. No standard says how long is too long."""
    limit = f"by comparison: {SLOW_FACTOR} times the median of the others, and above {SLOW_FLOOR // 1000} ms"
    return Done("slow", "No command takes much longer than the others", limit, _by_comparison(times))


def no_counter_moved(before: tuple[Counter, ...], after: tuple[Counter, ...]) -> Done:
    """Whether the counters are as they were."""
    title = "The counters are as they were before the inspection"
    return Done("unmoved", title, "nothing that was sent may spend a try", _moved(before, after))


def _by_comparison(times: tuple[CommandTimes, ...]) -> Outcome:
    found = slow(times)
    if found:
        return failed("; ".join(f"{one.name} is slow, {span(one.median)} at the median" for one in found))
    medians = [one.median for one in times]
    if not medians:
        return not_applicable("no command could be timed")
    return passed(f"the medians are from {span(min(medians))} to {span(max(medians))}")


def _moved(before: tuple[Counter, ...], after: tuple[Counter, ...]) -> Outcome:
    moved = [one.name for one, other in zip(before, after, strict=True) if one != other]
    if moved:
        return failed(f"the counter of the {' and the '.join(moved)} has moved")
    known = [f"{one.name} {one.left}" for one in after if one.left is not None]
    if not known:
        return not_applicable("the card does not say how many tries are left")
    return passed(f"tries left: {', '.join(known)}, as before")
