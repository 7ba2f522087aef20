"""``akis trace convert``: a trace or another program's log, written in another format."""

from __future__ import annotations

import argparse

from .parser import add_examples
from .tell import tell
from .trace_file import tell_of_size

_IN = "a trace, or a log of OpenSC, pcscd, libpcscspy, pcsc-spy, apdu4j, cardpeek, pyscard's observer, or GSMTAP"
_OUT = "the new file; its end names the format: .jsonl, .dump or .apdu4j, .pcap, .pcapng, .sh, .html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis trace convert opensc-debug.txt session.jsonl")
    parser.add_argument("trace", metavar="IN", help=_IN)
    parser.add_argument("out", metavar="OUT", help=_OUT)
    parser.add_argument("--profile", metavar="NAME", help="the card's profile, which knows what to hide")
    parser.add_argument("--from-reader", metavar="NAME", help="of a log with several readers, the one with this in it")
    parser.add_argument(
        "--unsafe-keep-secrets", action="store_true", help="leave PINs as they are: for test cards only"
    )


def run(args: argparse.Namespace) -> int:
    """Convert, and say what the new format could not hold."""
    from pathlib import Path

    from akis.trace.open import open_trace
    from akis.trace.save import check_free, save

    out = Path(args.out)
    check_free(out)
    trace = open_trace(args.trace, args.profile, args.unsafe_keep_secrets, args.from_reader)
    for sentence in save(trace, out):
        tell(f"Note: {sentence}.")
    if trace.header.secrets:
        tell(f"Note: PINs are in {out} as they are: for test cards only, not to be passed on.")
    if getattr(trace, "cut", False):
        tell(f"Note: {args.trace} ends in the middle of an exchange.")
    tell_of_size(out)
    print(f"{out} written")
    return 0
