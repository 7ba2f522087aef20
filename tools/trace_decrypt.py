"""``akis trace decrypt``: what was said inside secure messaging, opened with keys, and what does not fit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from akis.codec.apdu import CommandApdu
    from akis.profile.model import CardProfile, SmRules
    from akis.sm.mutual_auth import DeviceKeys
    from akis.sm.observer import SessionKeys
    from akis.trace.decrypt import Opened
    from akis.trace.entries import Exchanged, Trace
    from akis.trace.fit_rules import Fit

_SM_KEYS = "device keys of this TOML file (alg, key, enc, mac, ifd_sn, in hex), or the published test keys of an \
emulated card: emulator:NAME/ROLE; for sessions whose authentication was recorded; may be given more than once"
_SESSION_KEYS = 'keys of one session, from this TOML file: suite = "3DES" or "AES"; enc, mac and ssc (the counter \
before the first protected command) in hex; a table [rules] if need be'
_PROFILE = "akis-2"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "example: akis trace decrypt session.jsonl --sm-keys emulator:akis-2.2/issuer"
    parser.add_argument("file", metavar="FILE", help="a trace, or the log of another program")
    parser.add_argument("--sm-keys", metavar="FILE", action="append", default=[], help=_SM_KEYS)
    parser.add_argument("--session-keys", metavar="FILE", help=_SESSION_KEYS)
    parser.add_argument(
        "--fit-rules", action="store_true", help="find out which secure-messaging rules were followed, and use these"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Open the recording and print, exchange by exchange."""
    from akis.errors import InvalidArgument
    from akis.trace.decrypt import opened
    from akis.trace.fit_rules import fit
    from akis.trace.open import open_trace

    from .exit_codes import Exit
    from .session_keys import read_session_keys
    from .sm_keys import read_keys

    if not args.sm_keys and args.session_keys is None:
        raise InvalidArgument("there is nothing to open it with: give --sm-keys or --session-keys")
    with ExitStack() as held:
        keys: Sequence[DeviceKeys] = [held.enter_context(read_keys(source)).device for source in args.sm_keys]
        session: SessionKeys | None = None
        rules: SmRules | None = None
        if args.session_keys is not None:
            session, rules = read_session_keys(args.session_keys)
            held.callback(session.wipe)
        trace = open_trace(args.file)
        found: Fit | None = None
        if args.fit_rules:
            found = fit(trace.entries(), keys, session)
            rules = found.rules
        shown = _shown(opened(trace.entries(), keys, session, rules), _profile(trace))
        findings = (_print_json if args.json else _print_text)(shown, found, lambda: bool(getattr(trace, "cut", False)))
    return Exit.SECURE_MESSAGING_FAILED if findings else Exit.DONE


def _profile(trace: Trace) -> CardProfile:
    from akis.errors import ProfileError
    from akis.profile.load import load

    try:
        return load(trace.header.profile or _PROFILE)
    except ProfileError:
        return load(_PROFILE)


def _shown(steps: Iterable[Opened], profile: CardProfile) -> Iterator[dict[str, Any]]:
    """Each step as it may be shown: bytes as spaced hex, secrets hidden."""
    from akis.trace.annotate import command_name
    from akis.trace.entries import Event, Exchanged
    from akis.trace.redact import answer_text, command_text

    for step in steps:
        plain, answer = step.plain_command, step.plain_answer
        command = plain or step.command
        sw = answer.sw if answer is not None else None if step.protected or step.answer is None else step.answer.sw
        yield {
            "numbers": list(step.numbers),
            "event": next((entry.kind for entry in step.entries if isinstance(entry, Event)), None),
            "name": None if command is None else command_name(command),
            "protected": step.protected,
            "wire": [_wire(entry, profile) for entry in step.entries if isinstance(entry, Exchanged)],
            "plain": {
                "command": None if plain is None else command_text(plain.to_bytes(), profile),
                "answer": None if plain is None or answer is None else answer_text(answer, plain),
            },
            "meaning": None if sw is None else sw.meaning(profile.status_words),
            "ssc": {"command": _hex(step.command_ssc), "answer": _hex(step.answer_ssc)},
            "session": step.step or None,
            "finding": step.finding,
        }


def _wire(entry: Exchanged, profile: CardProfile) -> dict[str, str | None]:
    from akis.trace.redact import command_masks, hex_text

    sent, got = entry.command, entry.answer
    masks = [mask for mask in sent.masks if mask.hidden]
    return {
        "command": hex_text(sent.raw, (*masks, *command_masks(sent.raw, profile))),
        "answer": None if got is None else _wire_answer(entry, _parsed(sent.raw)),
        "error": None if entry.failure is None else entry.failure.kind,
    }


def _wire_answer(entry: Exchanged, command: CommandApdu | None) -> str:
    """The answer's bytes, without those that the trace or the meaning of the command hides."""
    from akis.codec.apdu import ResponseApdu
    from akis.errors import CodecError
    from akis.trace.redact import UNKNOWN, Mask, answer_masks, hex_text

    if entry.answer is None:
        return ""
    raw = entry.answer.raw
    masks = [mask for mask in entry.answer.masks if mask.hidden]
    try:
        answer = ResponseApdu.from_bytes(raw)
    except CodecError:
        return hex_text(raw, (Mask(0, len(raw), UNKNOWN),))
    if command is None:
        return hex_text(raw, (Mask(0, len(answer.data), UNKNOWN),))
    return hex_text(raw, (*masks, *answer_masks(answer, command)))


def _parsed(raw: bytes) -> CommandApdu | None:
    from akis.codec.apdu import CommandApdu
    from akis.errors import CodecError

    try:
        return CommandApdu.from_bytes(raw)
    except CodecError:
        return None


def _hex(ssc: bytes | None) -> str | None:
    return None if ssc is None else ssc.hex().upper()


def _print_json(shown: Iterable[dict[str, Any]], found: Fit | None, cut: Callable[[], bool]) -> int:
    """One document, a step a line as they come. It is complete even where the trace breaks off."""
    rules = None if found is None else {**asdict(found), "unexplained": list(found.unexplained)}
    print(f'{{"schema": 1, "rules": {json.dumps(rules)}, "steps": [', end="")
    findings, separator = 0, "\n"
    try:
        for step in shown:
            findings += step["finding"] is not None
            print(f"{separator}{json.dumps(step, ensure_ascii=False)}", end="")
            separator = ",\n"
    finally:
        print(f'\n], "findings": {findings}, "cut": {json.dumps(cut())}}}')
    return findings


def _print_text(shown: Iterable[dict[str, Any]], found: Fit | None, cut: Callable[[], bool]) -> int:
    if found is not None:
        for line in _rules_text(found):
            print(line)
        print()
    exchanges = inside = findings = 0
    for step in shown:
        exchanges += len(step["numbers"])
        inside += step["plain"]["command"] is not None
        findings += step["finding"] is not None
        for line in _step_text(step):
            print(line)
    if cut():
        print("\nThe recording was cut off in the middle of its last line, which is left out.")
    counted = "1 finding" if findings == 1 else f"{findings} findings"
    print(f"\n{exchanges} exchanges; {inside} commands opened; {counted}")
    return findings


def _step_text(step: dict[str, Any]) -> Iterator[str]:
    """The lines of a step: plain beside wire, in the order they were said."""
    numbers, ssc, plain = step["numbers"], step["ssc"], step["plain"]
    if step["event"] is not None:
        heading = step["event"]
    else:
        heading = (step["name"] or "no command") + ("  inside secure messaging" if step["protected"] else "")
    span = "" if not numbers else str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
    yield f"\n{span:>5}  {heading}"
    yield from _row("→ SSC", ssc["command"])
    yield from _row("→ plain", plain["command"])
    for wire in step["wire"]:
        yield from _row("→ wire", wire["command"])
        yield from _row("← wire", wire["answer"] or f"nothing: {wire['error'] or 'no answer was recorded'}")
    yield from _row("← SSC", ssc["answer"])
    yield from _row("← plain", plain["answer"])
    yield from _row("", step["meaning"])
    yield from _row("*", step["session"])
    yield from _row("!", step["finding"])


def _row(name: str, text: str | None) -> Iterator[str]:
    if text:
        yield f"       {name:<8} {text}"


def _rules_text(found: Fit) -> Iterator[str]:
    yield f"Rules of secure messaging, from {found.commands} commands:"
    for name, value in asdict(found.rules).items():
        sure = "" if name in found.determined else "  (left open by this recording)"
        yield f"  {name} = {json.dumps(value)}{sure}"
    if found.unexplained:
        yield f"No set of rules explains exchange {found.unexplained[0]} together with those before it."
