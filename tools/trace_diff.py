"""``akis trace diff``: two sessions side by side, by what they mean."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .exit_codes import Exit
from .parser import add_examples
from .trace_file import FILE, add_reading, open_file
from .width import columns

if TYPE_CHECKING:
    from akis.trace.compare import Difference
    from akis.trace.diff import Compared, Side
    from akis.trace.entries import Trace
    from akis.trace.tally import Tally


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis trace diff yesterday.jsonl today.jsonl")
    parser.epilog = "The exit code is 10 where they differ."
    parser.add_argument("first", metavar="A", help=FILE)
    parser.add_argument("second", metavar="B", help="another one")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="compare what differs from session to session too: challenges, serial numbers, cryptograms, checksums",
    )
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Compare, and print what differs."""
    from akis.trace.diff import compared, header_differences
    from akis.trace.tally import Tally

    first, second = open_file(args.first, args), open_file(args.second, args)
    of_header = header_differences(first.header, second.header)
    tally = Tally()

    def differing() -> Iterator[Compared]:
        for pair in compared(first, second, args.strict):
            tally.add(pair)
            if not pair.same:
                yield pair

    if args.json:
        from .json_stream import print_object

        head = {"header": [_difference(difference) for difference in of_header]}
        print_object(head, "entries", map(_pair, differing()), lambda: _summary(tally, bool(of_header)), args)
    else:
        _print(of_header, differing(), tally, args.strict)
        for name, trace in (("first", first), ("second", second)):
            _tell_cut(name, trace)
    return Exit.DIFFERS if tally.differs or of_header else Exit.DONE


def _print(of_header: tuple[Difference, ...], pairs: Iterator[Compared], tally: Tally, strict: bool) -> None:
    if of_header:
        print("~ the session itself")
        _print_differences(of_header)
    for pair in pairs:
        print(_filled(_heading(pair), rest=15))
        _print_differences(pair.differences)
    print(_filled(f"Differing {tally.differing + bool(of_header)}, the same {tally.same}, {_only(tally)}."))
    if tally.protected and not strict:
        print(_filled(f"Pairs inside secure messaging {tally.protected}: what is enciphered was not compared."))
    clocks = tally.clocks
    if clocks[0].known or clocks[1].known:
        from akis.trace.say import moment

        print(_filled("Time was not compared; session and card busy:"))
        for name, clock in zip(("first", "second"), clocks, strict=True):
            print(f"  {name:<7}{moment(clock.session):>15} {moment(clock.card):>15}")


def _only(tally: Tally) -> str:
    return f"only in the first {tally.only_first}, only in the second {tally.only_second}"


def _heading(pair: Compared) -> str:
    """A sign, the numbers in both sessions, and what it is."""
    sides = pair.first, pair.second
    numbers = "".join(f"{'' if side is None else side.number:>6}" for side in sides)
    sign = "+" if pair.first is None else "-" if pair.second is None else "~"
    where = {"+": ", only in the second", "-": ", only in the first", "~": ""}[sign]
    known = pair.first or pair.second
    return f"{sign}{numbers}  {'' if known is None else known.title}{where}"


def _print_differences(differences: tuple[Difference, ...]) -> None:
    for difference in differences:
        print(f"      {difference.field}")
        print(_filled(f"first   {difference.recorded}", 8, 16))
        print(_filled(f"second  {difference.now}", 8, 16))


def _filled(text: str, indent: int = 0, rest: int = 0) -> str:
    first, after = " " * indent, " " * rest
    return textwrap.fill(text, columns(), initial_indent=first, subsequent_indent=after, break_on_hyphens=False)


def _tell_cut(name: str, trace: Trace) -> None:
    if getattr(trace, "cut", False):
        print(_filled(f"The last line of the {name} is cut off; what it held was not compared."))


def _summary(tally: Tally, header_differs: bool) -> dict[str, Any]:
    times = [{"session": clock.session, "card": clock.card} if clock.known else None for clock in tally.clocks]
    return {
        "differs": tally.differs or header_differs,
        "same": tally.same,
        "differing": tally.differing,
        "only_first": tally.only_first,
        "only_second": tally.only_second,
        "protected": tally.protected,
        "microseconds": {"first": times[0], "second": times[1]},
    }


def _pair(pair: Compared) -> dict[str, Any]:
    return {
        "first": _side(pair.first),
        "second": _side(pair.second),
        "differences": [_difference(difference) for difference in pair.differences],
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    return None if side is None else {"number": side.number, "title": side.title}


def _difference(difference: Difference) -> dict[str, str]:
    return {"field": difference.field, "first": difference.recorded, "second": difference.now}
