"""``akis report``: a whole diagnosis of one card without spending a try, compared with an earlier one if so wanted."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .parser import add_examples
from .tell import tell

if TYPE_CHECKING:
    from akis.connect import Connection
    from akis.report.check_session import SessionKeys
    from akis.sources.keys import TerminalKeys

FORMATS = (".html", ".json", ".txt")
_COLUMNS = 80


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from .card_options import add_card, add_session

    parser.description = (
        "Inspect one card: identity, life cycle, tries left, files with their access rules, certificates, the response "
        "time of each command, and checks against the standard, each with its clause. Only what reads is sent; no try "
        "is spent, nothing is written. What was verified on the card is forgotten. The exit code is 10 where a check "
        "fails or the card differs from the baseline."
    )
    add_examples(parser, "akis report --reader emulator:akis-2.5 --out today.html --out today.json")
    add_card(parser)
    add_session(parser)
    parser.add_argument(
        "--sm-errors",
        action="store_true",
        help="with --sm-keys: send damaged protected commands too; whether a real card counts them against its keys, "
        "nobody knows",
    )
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="time each command N times; default: 20")
    parser.add_argument("--baseline", metavar="FILE", help="an earlier report as JSON; what differs is said")
    parser.add_argument(
        "--redact", action="store_true", help="leave out serial numbers, holders and labels: whose card it is"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        action="append",
        default=[],
        help=f"write the report there as well, as its end says: {', '.join(FORMATS)}; may be given several times; "
        "nothing is overwritten",
    )


def run(args: argparse.Namespace) -> int:
    """Inspect, compare, print and write."""
    from akis.report.baseline import read_baseline, with_baseline

    from .exit_codes import Exit
    from .report_text import as_text
    from .width import columns

    outs = _checked(args.out)
    baseline = None if args.baseline is None else read_baseline(Path(args.baseline))
    report = _inspected(args)
    if baseline is not None:
        report = with_baseline(report, baseline)
    if args.json:
        print(_json(report))
    else:
        print("\n".join(as_text(report, columns())))
    for out in outs:
        _write_new(out, _formatted(report, out))
        tell(f"The report is in {out}.")
    differs = report["verdicts"]["fail"] or (report["baseline"] or {}).get("differences")
    return Exit.DIFFERS if differs else Exit.DONE


def _inspected(args: argparse.Namespace) -> dict[str, Any]:
    """The report of the card that the arguments name. What is wrong with the keys reaches no card."""
    from datetime import UTC, datetime

    from akis.errors import InvalidArgument
    from akis.report.as_json import as_json
    from akis.report.inspect import Inspection

    from .card_options import open_way
    from .progress import step_bar
    from .sm_keys import read_keys

    if args.sm_errors and args.sm_keys is None:
        raise InvalidArgument("--sm-errors is about secure messaging, and needs --sm-keys FILE; nothing was sent")
    with ExitStack() as open_things:
        terminal = None if args.sm_keys is None else open_things.enter_context(read_keys(args.sm_keys))
        connection = open_way(args, () if terminal is None else (terminal.device,))
        open_things.enter_context(connection.card())  # closes the way, and tells a recording that was left early
        inspection = Inspection(
            connection.recorder or connection.way,
            connection.profile,
            guessed=connection.chosen_by == "default",
            keys=None if terminal is None else _session_keys(terminal, args.sm_errors),
            rounds=args.rounds,
            protocol=_protocol(connection),
        )
        with step_bar("Inspecting the card") as progress:
            found = inspection.run(connection.name, datetime.now(UTC), progress)
    return as_json(found, redact=args.redact)


def _session_keys(terminal: TerminalKeys, errors: bool) -> SessionKeys:
    from akis.report.check_session import SessionKeys

    return SessionKeys(terminal.device, terminal.ifd_sn, errors)


def _protocol(connection: Connection) -> str | None:
    """The protocol, of a way that knows it."""
    found = getattr(connection.way, "protocol", None)
    return found if isinstance(found, str) else None


def _checked(names: Sequence[str]) -> list[Path]:
    """Where the report goes, found fit for it before the card is asked."""
    from akis.errors import InvalidArgument
    from akis.trace.save import check_free

    outs = [Path(name) for name in names]
    for out in outs:
        if out.suffix.lower() not in FORMATS:
            raise InvalidArgument(f"the end of {out.name} names no format; there are {', '.join(FORMATS)}")
        if outs.count(out) > 1:
            raise InvalidArgument(f"--out names {out} twice; nothing was sent")
        check_free(out)
    return outs


def _formatted(report: dict[str, Any], out: Path) -> str:
    from akis.report.page import page

    from .report_text import as_text

    if out.suffix.lower() == ".html":
        return page(report)
    return (_json(report) if out.suffix.lower() == ".json" else "\n".join(as_text(report, _COLUMNS))) + "\n"


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=2)


def _write_new(out: Path, text: str) -> None:
    """The whole of it or nothing, never over another file, and for its owner alone: it names a person."""
    from akis.errors import InvalidArgument

    made = False
    try:
        with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as stream:
            made = True
            stream.write(text)
    except OSError as error:
        if made:
            with suppress(OSError):
                out.unlink()
        raise InvalidArgument(f"{out} cannot be written: {error.strerror or type(error).__name__}") from None
