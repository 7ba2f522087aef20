"""``akis trace decrypt``: what was said inside secure messaging, opened with keys, and what does not fit."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .parser import add_examples
from .trace_file import FILE, add_reading, open_file
from .width import columns

if TYPE_CHECKING:
    from akis.codec.apdu import CommandApdu
    from akis.profile.model import CardProfile, SmRules
    from akis.sm.mutual_auth import DeviceKeys
    from akis.sm.observer import SessionKeys
    from akis.trace.decrypt import Opened
    from akis.trace.entries import Exchanged, Trace
    from akis.trace.fit_rules import Fit
    from akis.trace.follow import Step

_SM_KEYS = "device keys of this TOML file (alg, key, enc, mac, ifd_sn, in hex), or the published test keys of an \
emulated card: emulator:NAME/ROLE; for sessions whose authentication was recorded; may be given more than once"
_SESSION_KEYS = 'keys of one session, from this TOML file: suite = "3DES" or "AES"; enc, mac and ssc (the counter \
before the first protected command) in hex; a table [rules] if need be'
_PROFILE = "akis-2"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis trace decrypt session.jsonl --sm-keys emulator:akis-2.2/issuer")
    parser.add_argument("file", metavar="FILE", help=FILE)
    parser.add_argument("--sm-keys", metavar="FILE", action="append", default=[], help=_SM_KEYS)
    parser.add_argument("--session-keys", metavar="FILE", help=_SESSION_KEYS)
    parser.add_argument(
        "--fit-rules", action="store_true", help="find out which secure-messaging rules were followed, and use these"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--brief", action="store_true", help="bytes only, without the fields")
    form.add_argument("--json", action="store_true", help="print the result as JSON")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Open the recording and print, exchange by exchange."""
    from akis.errors import InvalidArgument
    from akis.trace.decrypt import opened
    from akis.trace.fit_rules import fit

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
        trace = open_file(args.file, args)
        found: Fit | None = None
        if args.fit_rules:
            found = fit(trace.entries(), keys, session)
            rules = found.rules
        shown = _shown(opened(trace.entries(), keys, session, rules), _profile(trace))

        def cut() -> bool:
            return bool(getattr(trace, "cut", False))

        findings = _print_json(shown, found, cut) if args.json else _print_text(shown, found, cut, not args.brief)
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
    from akis.trace.annotate import answer_fields, command_fields, command_name
    from akis.trace.as_json import field_tables
    from akis.trace.entries import Event, Exchanged
    from akis.trace.follow import Follower
    from akis.trace.redact import answer_text, command_text

    follower = Follower()
    for step in steps:
        for entry in step.entries:
            if isinstance(entry, Event):
                follower.event(entry)
        plain, answer = step.plain_command, step.plain_answer
        command = plain or step.command
        sw = answer.sw if answer is not None else None if step.protected or step.answer is None else step.answer.sw
        yield {
            "numbers": list(step.numbers),
            "event": next((entry.kind for entry in step.entries if isinstance(entry, Event)), None),
            "name": None if command is None else command_name(command),
            "protected": step.protected,
            "wire": [
                {**_wire(entry, profile), **_fields_of(follower.exchange(entry), profile)}
                for entry in step.entries
                if isinstance(entry, Exchanged)
            ],
            "plain": {
                "command": None if plain is None else command_text(plain.to_bytes(), profile),
                "answer": None if plain is None or answer is None else answer_text(answer, plain),
                "command_fields": [] if plain is None else field_tables(command_fields(plain, profile)),
                "answer_fields": []
                if plain is None or answer is None
                else field_tables(answer_fields(answer, plain, profile)),
            },
            "meaning": None if sw is None else sw.meaning(profile.status_words),
            "ssc": {"command": _hex(step.command_ssc), "answer": _hex(step.answer_ssc)},
            "session": step.step or None,
            "finding": step.finding,
        }


def _fields_of(step: Step, profile: CardProfile) -> dict[str, list[Mapping[str, str]]]:
    """The fields of what is plain on the wire."""
    from akis.trace.as_json import field_tables

    if step.protected:
        return {"command_fields": [], "answer_fields": []}
    return {
        "command_fields": field_tables(step.command_fields(profile)),
        "answer_fields": field_tables(step.answer_fields(profile)),
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


def _print_text(shown: Iterable[dict[str, Any]], found: Fit | None, cut: Callable[[], bool], with_fields: bool) -> int:
    from akis.trace.say import counted

    width = columns()
    if found is not None:
        for line in _rules_text(found):
            print(_filled(line, width, 4))
        print()
    exchanges = inside = findings = 0
    for step in shown:
        exchanges += len(step["numbers"])
        inside += step["plain"]["command"] is not None
        findings += step["finding"] is not None
        for line in _step_text(step, width, with_fields):
            print(line)
    if cut():
        print("\n" + _filled("The recording was cut off in the middle of its last line, which is left out.", width))
    counts = f"{counted(exchanges, 'exchange')}; {counted(inside, 'command')} opened; {counted(findings, 'finding')}"
    print("\n" + _filled(counts, width))
    return findings


def _step_text(step: dict[str, Any], width: int, with_fields: bool) -> Iterator[str]:
    """The lines of a step: plain beside wire, in the order they were said."""
    numbers, ssc, plain = step["numbers"], step["ssc"], step["plain"]
    if step["event"] is not None:
        heading = step["event"]
    else:
        heading = (step["name"] or "no command") + ("  inside secure messaging" if step["protected"] else "")
    span = "" if not numbers else str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"

    def row(name: str, text: str | None, fields: Sequence[Mapping[str, str]] = ()) -> Iterator[str]:
        if text:
            yield _filled(f"       {name:<8} {text}", width, 16)
            if with_fields:
                yield from _field_rows(fields, width)

    yield "\n" + _filled(f"{span:>5}  {heading}", width, 7)
    yield from row("→ SSC", ssc["command"])
    yield from row("→ plain", plain["command"], plain["command_fields"])
    for wire in step["wire"]:
        yield from row("→ wire", wire["command"], wire["command_fields"])
        got = wire["answer"] or f"nothing: {wire['error'] or 'no answer was recorded'}"
        yield from row("← wire", got, wire["answer_fields"])
    yield from row("← SSC", ssc["answer"])
    yield from row("← plain", plain["answer"], plain["answer_fields"])
    if not with_fields:  # that of the status word says it
        yield from row("", step["meaning"])
    yield from row("*", step["session"])
    yield from row("!", step["finding"])


def _field_rows(fields: Sequence[Mapping[str, str]], width: int) -> Iterator[str]:
    from akis.trace.fields import Field
    from akis.trace.layout import field_rows

    return field_rows((Field(field["name"], field["bytes"], field.get("meaning", "")) for field in fields), width)


def _filled(text: str, width: int, indent: int = 0) -> str:
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)


def _rules_text(found: Fit) -> Iterator[str]:
    from akis.trace.say import counted

    yield f"Rules of secure messaging, from {counted(found.commands, 'command')}:"
    for name, value in asdict(found.rules).items():
        sure = "" if name in found.determined else "  (left open by this recording)"
        yield f"  {name} = {json.dumps(value)}{sure}"
    if found.unexplained:
        yield f"No set of rules explains exchange {found.unexplained[0]} together with those before it."
