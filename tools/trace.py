"""``akis trace``: recorded sessions, for people to read, compare and pass on."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from .actions import Action, add_actions
from .parser import add_examples

ACTIONS: Mapping[str, Action] = {
    "show": Action("trace_show", "name every byte of a session, as text, JSON or a page to attach to a report"),
    "decrypt": Action("trace_decrypt", "open what was said inside secure messaging, with keys"),
    "diff": Action("trace_diff", "compare two sessions by what they mean"),
    "redact": Action("trace_redact", "write a copy without secrets"),
    "convert": Action("trace_convert", "write a trace or another program's log in another format"),
    "stats": Action("trace_stats", "count commands, status words, bytes and time"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions; the arguments of each come from its own module."""
    parser.epilog = (
        "A trace comes from --trace FILE of any subcommand with a card; `akis trace ACTION --help` says more."
    )
    add_examples(parser, "akis trace show session.jsonl", "akis trace convert opensc-debug.txt session.jsonl")
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    return int(args.action(args))
