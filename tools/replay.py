"""``akis replay``: recorded sessions against a card, an emulated one or a real one, and what differs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exit_codes import Exit, exit_code
from .parser import add_examples
from .tell import tell

if TYPE_CHECKING:
    from akis.regress.outcome import Outcome
    from akis.regress.run import Plan

_HELP = """\
Sends the recorded commands of each FILE (a trace, a log that `akis trace` understands, or a directory of traces) to a
card and compares the answers. A session stops at its first difference."""
_LONG = 20_000
_MARKS = {"passed": "passed", "differs": "DIFFERS", "slower": "SLOWER", "error": "ERROR"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _HELP
    add_examples(parser, "akis replay vectors/traces --reader emulator: --junit report.xml")
    parser.add_argument("files", metavar="FILE", nargs="+", help="a trace, a foreign log, or a directory of traces")
    parser.add_argument(
        "--reader",
        metavar="R",
        default="emulator:",
        help="emulator: (the default) is the card that the trace names; "
        "emulator:NAME[,STATE][,extended][,INS=SW] another one; or a reader, by part of its name or its number",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--strict", dest="mode", action="store_const", const="strict", help="all visible bytes must be the same"
    )
    how.add_argument(
        "--masked", dest="mode", action="store_const", const="masked",
        help="all but named slots (challenge, serial, signature …); the default where the trace has slots",
    )  # fmt: skip
    how.add_argument(
        "--rekey", dest="mode", action="store_const", const="rekey",
        help="plain commands in a fresh secure session; the default with --sm-keys",
    )  # fmt: skip
    parser.add_argument(
        "--sm-keys", metavar="FILE", action="append", default=[],
        help="device keys of the recorded secure session, as for `akis pin`; may be given several times. Those of an "
        "emulated card are known",
    )  # fmt: skip
    parser.add_argument(
        "--secret", metavar="SLOT=SOURCE", action="append", default=[], type=_slot,
        help="what goes into a hidden slot: pin=env:NAME, pin=fd:NUMBER or pin=file:PATH; an emulated card has its own",
    )  # fmt: skip
    parser.add_argument(
        "--slower", metavar="FACTOR", type=_factor, help="fail sessions that take longer than recorded by this"
    )
    parser.add_argument("--junit", metavar="FILE", help="write a JUnit report")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--update",
        action="store_true",
        help="show what differs, then take the new answers into the traces; that done, the exit code is 0",
    )
    parser.add_argument(
        "-j", dest="jobs", metavar="N", type=int, default=1, help="sessions at a time, on emulated cards"
    )
    parser.add_argument(
        "--allow-pin-commands", action="store_true", help="let a session compare or change the PIN of a real card"
    )
    parser.add_argument(
        "--accept-puk-risk", action="store_true", help="let it compare the PUK, which may destroy the card"
    )
    parser.add_argument("--allow-last-try", action="store_true", help="go on where it could spend the last try")


def run(args: argparse.Namespace) -> int:
    """Play, print, and say with the exit code whether all is as it was."""
    from akis.regress.many import replay_files
    from akis.regress.update import accept, discard

    paths = list(_paths(args.files))
    outcomes: list[Outcome] = []
    try:
        with ExitStack() as held:
            plan = _plan(args, held)
            write_report = held.enter_context(_report(args.junit, paths))
            with _progress(paths, args) as tick:
                outcomes.extend(replay_files(paths, plan, args.jobs, tick))
            write_report(outcomes)
        _tell_of_unused(plan, outcomes)
        print(json.dumps(_as_json(outcomes), ensure_ascii=False, indent=2) if args.json else as_text(outcomes))
        for outcome in outcomes:
            accept(outcome)
    finally:
        for outcome in outcomes:
            discard(outcome)
    return _code(outcomes)


def as_text(outcomes: list[Outcome]) -> str:
    """A line a session, what differs beneath it, and a line for all of them."""
    width = max(len(outcome.name) for outcome in outcomes)
    lines = [f"{'session':<{width}}  {'verdict':<7}  {'mode':<6} exchanges      now  recorded"]
    for outcome in outcomes:
        recorded = "unknown" if outcome.recorded is None else _time(outcome.recorded)
        times = f"{_time(outcome.now):>8} {recorded:>9}"
        mode = outcome.mode or ""
        lines.append(f"{outcome.name:<{width}}  {_MARKS[outcome.verdict]:<7}  {mode:<6} {outcome.exchanges:9} {times}")
        said = [str(deviation) for deviation in outcome.deviations] or [outcome.message]
        lines += [f"    {text}" for text in said if text]
        if outcome.cut:
            lines.append("    the last line of the trace was cut off, and was not played")
        if outcome.fresh is not None:
            lines.append("    the new answers are taken into the trace")
    counts = {verdict: sum(outcome.verdict == verdict for outcome in outcomes) for verdict in _MARKS}
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return "\n".join([*lines, "", f"{len(outcomes)} session{'s' if len(outcomes) != 1 else ''}: {total}"])


def _tell_of_unused(plan: Plan, outcomes: list[Outcome]) -> None:
    """A name that was typed wrong would go unnoticed on an emulated card, which has values of its own."""
    there = {part for outcome in outcomes for slot in outcome.slots for part in (slot, *slot.split("+"))}
    for slot in sorted(set(plan.secrets) - there):
        tell(f"akis: no session has a slot {slot}; there are {', '.join(sorted(there)) or 'none'}")


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _as_json(outcomes: list[Outcome]) -> dict[str, Any]:
    return {"schema": 1, "sessions": [_session(outcome) for outcome in outcomes]}


def _session(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "verdict": outcome.verdict,
        "mode": outcome.mode,
        "exchanges": outcome.exchanges,
        "seconds": round(outcome.now, 6),
        "seconds_recorded": None if outcome.recorded is None else round(outcome.recorded, 6),
        "message": outcome.message,
        "differences": [
            {
                "exchange": deviation.exchange,
                "command": deviation.command,
                "field": deviation.difference.field,
                "recorded": deviation.difference.recorded,
                "now": deviation.difference.now,
            }
            for deviation in outcome.deviations
        ],
        "cut": outcome.cut,
        "updated": outcome.fresh is not None,
    }


def _code(outcomes: list[Outcome]) -> int:
    """10 where a session differs and was not updated; else what the first error says."""
    if any(outcome.verdict in ("differs", "slower") and outcome.fresh is None for outcome in outcomes):
        return Exit.DIFFERS
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    return exit_code(errors[0]) if errors else Exit.DONE


def _paths(names: list[str]) -> Iterator[Path]:
    from akis.errors import InvalidArgument

    for name in names:
        path = Path(name)
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.rglob("*.jsonl"))
        if not found:
            raise InvalidArgument(f"there is no trace (*.jsonl) in {name}")
        yield from found


def _plan(args: argparse.Namespace, held: ExitStack) -> Plan:
    from akis.regress.run import Permissions, Plan

    from .pin_input import read_secret
    from .sm_keys import read_keys

    return Plan(
        reader=args.reader,
        mode=args.mode,
        secrets={slot: held.enter_context(read_secret(source, f"slot {slot}")) for slot, source in args.secret},
        keys=[held.enter_context(read_keys(source)).device for source in args.sm_keys],
        slower=args.slower,
        update=args.update,
        permissions=Permissions(args.allow_pin_commands, args.accept_puk_risk, args.allow_last_try),
    )


@contextmanager
def _progress(paths: list[Path], args: argparse.Namespace) -> Iterator[Callable[[], object]]:
    """A bar on the terminal where it takes long."""
    exchanges = 0
    if sys.stderr.isatty() and args.jobs == 1:
        exchanges = sum(map(_lines, paths))
    if exchanges < _LONG:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=exchanges)
        yield lambda: progress.advance(task)


def _lines(path: Path) -> int:
    """How many there are, as far as it matters; what cannot be read is said where it is played."""
    with suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as stream:
                return sum(1 for _ in islice(stream, _LONG))
    return 0


@contextmanager
def _report(name: str | None, paths: list[Path]) -> Iterator[Callable[[list[Outcome]], object]]:
    """What writes the JUnit report. The file is opened first, so that what is wrong with it reaches no card.

    A report that is there stays until there is a new one.
    """
    from akis.errors import InvalidArgument
    from akis.regress.junit import report

    if name is None:
        yield lambda outcomes: None
        return
    if any(os.path.realpath(name) == os.path.realpath(path) for path in paths):
        raise InvalidArgument(f"the report {name} would be written over a session that is played")
    with ExitStack() as held:
        with _unwritable(name):
            stream = held.enter_context(Path(name).open("a", encoding="utf-8"))

        def write(outcomes: list[Outcome]) -> None:
            with _unwritable(name):
                if stream.seekable():
                    stream.truncate(0)
                stream.write(report(outcomes))
                stream.flush()

        yield write


@contextmanager
def _unwritable(name: str) -> Iterator[None]:
    from akis.errors import InvalidArgument

    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise InvalidArgument(f"the report {name} cannot be written: {reason}") from None


def _slot(text: str) -> tuple[str, str]:
    slot, _, source = text.partition("=")
    if not slot or not source:
        raise argparse.ArgumentTypeError("give a slot and where its value comes from, such as pin=env:NAME")
    return slot, source


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise argparse.ArgumentTypeError("a factor is a number above 0, such as 1.5")
    return factor
