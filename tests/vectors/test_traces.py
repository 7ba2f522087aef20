"""The trace corpus, ``vectors/traces``: well formed, complete, played again without a difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from akis.codec.apdu import CommandApdu
from akis.emulator import load_personality
from akis.errors import CodecError
from akis.regress.run import Plan, replay_file
from akis.trace.entries import Event, Exchanged
from akis.trace.jsonl import Lines
from tests.leaks import leaks
from tools.corpus.driver import SECRETS

TRACES = sorted((Path(__file__).parents[2] / "vectors" / "traces").glob("*.jsonl"))
VALIDATOR = Draft202012Validator(json.loads((files("akis.trace") / "trace-1.schema.json").read_text("utf-8")))
NOT_IN_ANOTHER_SESSION = {
    "commands-unknown": "protected, and the keys of its session are not known",
    "secure-checksum-wrong-3des": "command: checksum differs",
    "secure-checksum-wrong-aes": "command: checksum differs",
    "secure-command-replayed": "command: checksum differs; the checksum fits with the counter",
    "secure-ended-by-plain-command": "protected, after the session was ended by a plain command",
    "secure-objects-wrong": "command: malformed command",
    "secure-without-session": "protected, and the keys of its session are not known",
}
"""Sessions with protected commands that are wrong, or in no session, on purpose: they have no plain form to play."""

every_trace = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in TRACES])


def exchanges(path: Path) -> Iterator[Exchanged]:
    return (entry for entry in Lines(path).entries() if isinstance(entry, Exchanged))


def sw_of(seen: Exchanged) -> str:
    return "" if seen.answer is None else seen.answer.raw[-2:].hex().upper()


def instruction_of(seen: Exchanged) -> str:
    """INS and P1, and P2 as well where CARD.md has it."""
    try:
        command = CommandApdu.from_bytes(seen.command.raw)
    except CodecError:
        return ""
    return f"{command.ins:02X} {command.p1:02X}"


def statuses(path: Path, *, protected: bool) -> set[str]:
    return {sw_of(seen) for seen in exchanges(path) if bool(seen.command.raw[0] & 0x0C) is protected}


def trace(name: str) -> Path:
    [path] = [path for path in TRACES if path.stem == name]
    return path


@every_trace
def test_every_line_is_as_the_schema_says(path: Path) -> None:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        assert VALIDATOR.is_valid(json.loads(line)), f"line {number}"


@every_trace
def test_the_header_says_what_happens_and_to_which_card(path: Path) -> None:
    trace = Lines(path)
    header = trace.header
    assert header.title.endswith(".")
    assert header.personality is not None
    assert (header.profile, header.seed, header.secrets) == ("akis-2", path.stem, False)
    assert header.reader == ("Virtual PCD 00 00" if path.stem.startswith("pcsc-") else "emulator")
    assert sum(1 for _ in exchanges(path)) >= 3
    assert not trace.cut


def test_no_two_sessions_have_the_same_title() -> None:
    titles = [Lines(path).header.title for path in TRACES]
    assert len(titles) == len(set(titles)) >= 25


@pytest.mark.parametrize("mode", ["strict", "masked"])
@every_trace
def test_it_replays(path: Path, mode: str) -> None:
    outcome = replay_file(path, Plan(mode=mode))
    assert (outcome.verdict, outcome.message) == ("passed", "")
    assert outcome.exchanges == sum(1 for _ in exchanges(path))


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem) for path in TRACES if path.stem not in NOT_IN_ANOTHER_SESSION],
)
def test_it_replays_in_another_secure_session(path: Path) -> None:
    outcome = replay_file(path, Plan(mode="rekey"))
    assert (outcome.verdict, outcome.message) == ("passed", "")


@pytest.mark.parametrize("name", NOT_IN_ANOTHER_SESSION)
def test_what_has_no_plain_form_is_not_played_in_another_session(name: str) -> None:
    outcome = replay_file(trace(name), Plan(mode="rekey"))
    assert outcome.verdict == "error"
    assert f"since it does not open: {NOT_IN_ANOTHER_SESSION[name]}" in outcome.message


def test_a_card_that_answers_otherwise_is_noticed() -> None:
    outcome = replay_file(trace("pin-changed"), Plan(reader="emulator:,24=6985", mode="strict"))
    assert outcome.verdict == "differs"
    assert "CHANGE REFERENCE DATA: SW: recorded 9000" in outcome.message


def test_every_command_of_the_card_occurs() -> None:
    seen = {instruction_of(seen) for path in TRACES for seen in exchanges(path)}
    pin_commands = {"20 00", "20 FF", "24 00", "24 01", "2C 00", "2C 01", "2C 02", "2C 03"}
    authentication = {"22 C1", "84 00", "82 00"}
    data = {"CA 01", "CB 3F", "A4 00", "A4 01", "A4 02", "A4 03", "A4 04", "A4 08", "A4 09", "B0 00", "B0 92"}
    assert pin_commands | authentication | data <= seen


def test_every_command_of_the_holder_and_the_issuer_occurs_in_the_clear_and_protected() -> None:
    for protected in (False, True):
        seen = {
            instruction_of(seen)
            for path in TRACES
            for seen in exchanges(path)
            if bool(seen.command.raw[0] & 0x0C) is protected
        }
        assert {"20 00", "20 FF", "24 00", "24 01", "2C 00", "2C 02", "2C 03", "CA 01", "CB 3F", "A4 04"} <= seen


def test_every_status_word_of_the_card_occurs() -> None:
    seen = {sw_of(seen) for path in TRACES for seen in exchanges(path)}
    warnings = {"6282", "6300", "63C0", "63C1", "63C2", "63C3"}
    refusals = {"6982", "6983", "6984", "6985", "6986", "6A80", "6A82", "6A86", "6A88", "6B00"}
    of_the_format = {"6700", "6881", "6882", "6883", "6987", "6988", "6C08", "6C0D", "6C4D", "6D00", "6E00"}
    assert {"9000"} | warnings | refusals | of_the_format == seen - {""}


def test_refusals_occur_inside_secure_messaging_with_both_ciphers() -> None:
    by_personality: dict[str | None, set[str]] = {"akis-2.2": set(), "akis-2.5": set()}
    for path in TRACES:
        by_personality[Lines(path).header.personality] |= statuses(path, protected=True)
    inside = {"9000", "6282", "63C0", "63C2", "6982", "6983", "6984", "6985", "6A80", "6A82", "6A88", "6B00", "6D00"}
    for seen in by_personality.values():
        assert inside | {"6883", "6988"} <= seen


def test_every_algorithm_occurs_with_every_role() -> None:
    chosen = {
        seen.command.raw[5:11].hex().upper()
        for path in TRACES
        for seen in exchanges(path)
        if instruction_of(seen) == "22 C1" and sw_of(seen) == "9000" and seen.command.raw[0] == 0
    }
    assert chosen >= {f"8001{algorithm}8301{key}" for algorithm in ("0C", "8C", "AC") for key in ("01", "02")}


def test_every_state_and_personality_of_a_card_occurs() -> None:
    headers = [Lines(path).header for path in TRACES]
    assert {header.state for header in headers} == {"", "new", "blocked", "last-try", "dead"}
    assert {header.personality for header in headers} == {"akis-2.2", "akis-2.5"}
    assert {header.extended for header in headers} == {False, True}


def test_everything_that_can_happen_to_a_card_occurs() -> None:
    entries = [entry for path in TRACES for entry in Lines(path).entries()]
    assert {entry.kind for entry in entries if isinstance(entry, Event)} == {"reset", "removed", "inserted"}
    failures = {entry.failure.kind for entry in entries if isinstance(entry, Exchanged) and entry.failure}
    assert failures == {"NoCard", "CardRemoved", "CardReset", "TransportError"}


def test_no_secret_is_in_any_trace() -> None:
    secrets: set[str | bytes] = {value.decode("ascii") for value in SECRETS}
    for name in ("akis-2.2", "akis-2.5"):
        personality = load_personality(name)
        secrets |= {personality.pin, personality.puk}
        secrets |= {part for key in personality.keys for part in (key.enc, key.mac)}
    assert {path.stem: found for path in TRACES if (found := leaks(path.read_text("utf-8"), secrets))} == {}


def test_pins_are_there_and_hidden() -> None:
    slots = {mask.slot for path in TRACES for seen in exchanges(path) for mask in seen.command.masks if mask.hidden}
    assert {"pin", "new-pin", "puk", "new-puk", "transport-pin", "wrong-pin", "wrong-puk", "malformed-pin"} <= slots
