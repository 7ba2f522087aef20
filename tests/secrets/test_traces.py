"""No PIN or PUK in a trace: not in its lines, its errors, its values, nor in what the tools record."""

from __future__ import annotations

import io
import pickle
from contextlib import suppress
from dataclasses import replace

import pytest

from akis.card import Card
from akis.emulator import EmulatorTransport, load_personality
from akis.errors import AkisError, CardRemoved, TraceError
from akis.pin import Pin, Puk
from akis.trace.entries import Exchanged, Header, Wire
from akis.trace.importers import apdu4j
from akis.trace.importers.base import Heard, Imported
from akis.trace.jsonl import Lines, Writer, entry_line
from akis.trace.redact import Mask
from akis.trace.redactor import Redactor
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder
from akis.transport.wrapper import TransportWrapper
from tests.bench import SUITES, bench
from tests.leaks import leaks, silent
from tests.secrets.story import NEW_PIN, NEW_PUK, PIN, PINS, PUK, WRONG_PIN, WRONG_PUK, made
from tools.__main__ import main


class Echo(TransportWrapper):
    """Sends PIN commands back in its answers, and loses every fourth of those answers."""

    def __init__(self, inner: EmulatorTransport) -> None:
        super().__init__(inner)
        self.count = 0

    def transmit(self, command: bytes) -> bytes:
        answer = self.inner.transmit(command)
        if command[1] not in (0x20, 0x24, 0x2C) or command[0] & 0x0C:
            return answer
        self.count += 1
        if self.count % 4 == 0:
            raise CardRemoved("the card was removed")
        return command + answer if self.count % 4 == 1 else answer


def every_operation(card: Card) -> None:
    """With right and wrong values, one after the other; what becomes of them is not the point."""
    pin, puk = Pin(card), Puk(card)
    for value, code in ((WRONG_PIN, WRONG_PUK), (PIN, PUK), (f"x{PIN[1:]}", f"x{PUK[1:]}")):
        for call in (
            lambda value=value: pin.verify(value, allow_last_try=True),
            lambda value=value: pin.change(value, NEW_PIN, allow_last_try=True),
            lambda value=value: pin.change(NEW_PIN, value, allow_last_try=True),
            lambda value=value: pin.change_to(value),
            lambda value=value: pin.unblock(value),
            lambda code=code: puk.unblock(code, NEW_PIN, permit_puk=True, allow_last_try=True),
            lambda code=code: puk.change(code, NEW_PUK, permit_puk=True, allow_last_try=True),
        ):
            with suppress(AkisError):
                call()


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("role", [None, "issuer", "terminal"])
@pytest.mark.parametrize("name", SUITES)
def test_recorded_sessions(name, role, echo):
    emulated = made(name).emulated
    profile = emulated.personality.card_profile()
    stream = io.StringIO()
    entries = []
    writer = Writer(stream, Header(atr=emulated.atr))

    def write(entry):
        entries.append(entry)
        writer.write(entry)

    way = EmulatorTransport(emulated)
    recorder = Recorder(Echo(way) if echo else way, write, Redactor(profile))
    card = Card(ChainingTransport(GetResponseTransport(recorder)), profile)
    card.select_application()
    if role is not None:
        key = emulated.personality.key(role)
        card.open_session(key.device_keys(key.algorithms[-1]), bytes(8))
    every_operation(card)
    assert recorder.failure is None
    said = stream.getvalue()
    assert said.count("\n") > 8
    silent(said + repr(entries) + str(entries), PINS)
    silent(pickle.dumps(entries, protocol=0).decode("latin-1"), PINS)


def test_values_before_redaction_do_not_show():
    verify = bytes.fromhex("0020008108") + PIN.encode()
    heard = Heard(verify, PIN.encode() + b"\x90\x00")
    kept = Redactor(keep_secrets=True).exchange(verify, PIN.encode() + b"\x90\x00")
    assert leaks(entry_line(kept), [PIN])
    for value in (heard, kept, kept.command, Wire(verify), Exchanged(Wire(verify), None)):
        silent(f"{value!r} {value} {[value]}", [PIN])


@pytest.mark.parametrize(
    "line",
    [
        '{{"command":"{0}","response":"9000","{1}":1}}',
        '{{"command":"{0}{1}","response":"9000"}}',
        '{{"command":"{0}","response":"9000","start":"{1}"}}',
        '{{"command":"{0}","response":"9000","masks":[{{"in":"{1}"}}]}}',
        '{{"command":"{0}","response":"9000","masks":[{{"in":"command","at":0,"length":1,"slot":"PIN {1}"}}]}}',
        '{{"command":"{0}","response":null,"error":{{"kind":"a","message":"\\u0000{1}"}}}}',
        '{{"event":"{1}"}}',
        '{{"event":"reset","atr":"{0}{1}x"}}',
        '{{"command":"{0}","response":"9000"',
    ],
)
def test_errors_of_the_reader(line, tmp_path):
    path = tmp_path / "x.jsonl"
    text = line.format(PIN.encode().hex(), f"{PIN}/")
    path.write_text(f'{{"akis-trace":1}}\n{text}\n')
    with pytest.raises(TraceError) as caught:
        list(Lines(path).entries())
    silent(caught.value, [PIN])


def test_errors_of_the_writer():
    too_long = Exchanged(Wire((PIN * 200_000).encode()), None)
    with pytest.raises(TraceError) as caught:
        Writer(io.StringIO(), Header()).write(too_long)
    silent(str(caught.value), [PIN])
    hidden = Wire(bytes(8), (Mask(0, 8, "pin"),))
    with pytest.raises(AkisError) as refused:
        hidden.filled(lambda mask: PIN.encode() + b"!")
    silent(refused.value, [PIN])


def test_what_a_recorder_keeps_of_a_failure():
    def write(entry):
        raise RuntimeError("full")

    on_the_bench = bench(pin=PIN, puk=PUK)
    recorder = Recorder(on_the_bench.wire, write, Redactor())
    recorder.transmit(bytes.fromhex("0020008108") + PIN.encode())
    silent(recorder.failure, [PIN])
    silent(repr(recorder), [PIN])


def test_imported_logs(tmp_path):
    path = tmp_path / "dump"
    command = (bytes.fromhex("0020008108") + PIN.encode()).hex().upper()
    change = (bytes.fromhex("002400810F") + (PIN + NEW_PIN).encode()).hex().upper()
    path.write_text(f"# ATR: 3B00\n{command}\n9000\n{change}\n{PIN.encode().hex()}9000\n")
    found = Imported(path, apdu4j)
    entries = list(found.entries())
    assert len(entries) == 2
    silent("\n".join(entry_line(entry) for entry in entries) + repr(entries) + repr(found), [PIN, NEW_PIN])


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize(
    ("state", "arguments"),
    [
        ("", ["verify", "--pin", "env:RIGHT"]),
        ("", ["verify", "--pin", "env:WRONG"]),
        ("", ["change", "--pin", "env:RIGHT", "--new-pin", "env:NEW"]),
        ("", ["change", "--pin", "env:WRONG", "--new-pin", "env:NEW"]),
        ("blocked", ["unblock", "--new-pin", "env:NEW", "--sm-keys", "emulator:{}/issuer"]),
        ("blocked", ["unblock", "--new-pin", "env:NEW", "--use-puk", "--puk", "env:PUK", "--accept-puk-risk"]),
        ("blocked", ["unblock", "--new-pin", "env:NEW", "--use-puk", "--puk", "env:BAD", "--accept-puk-risk"]),
    ],
)
def test_what_the_tools_record(name, state, arguments, tmp_path, monkeypatch, capsys):
    personality = replace(load_personality(name), pin=PIN, puk=PUK)
    monkeypatch.setattr("akis.emulator.wanted.load_personality", lambda _: personality)
    for variable, value in {"RIGHT": PIN, "WRONG": WRONG_PIN, "NEW": NEW_PIN, "PUK": PUK, "BAD": WRONG_PUK}.items():
        monkeypatch.setenv(variable, value)
    path = tmp_path / "x.jsonl"
    reader = f"emulator:{name},{state}" if state else f"emulator:{name}"
    main(["pin", *(word.format(name) for word in arguments), "--reader", reader, "--trace", str(path)])
    said = capsys.readouterr()
    assert len(list(Lines(path).entries())) > 2
    silent(path.read_text() + said.out + said.err, PINS)
    kept = tmp_path / "kept.jsonl"
    words = [word.format(name) for word in arguments]
    main(["pin", *words, "--reader", reader, "--trace", str(kept), "--unsafe-keep-secrets"])
    capsys.readouterr()
    assert bool(leaks(kept.read_text(), PINS)) is ("--sm-keys" not in arguments)


def test_the_demo_records_none(tmp_path, monkeypatch, capsys):
    personality = replace(load_personality("akis-2.2"), pin=PIN, puk=PUK)
    monkeypatch.setattr("akis.emulator.card.load_personality", lambda _: personality)
    path = tmp_path / "x.jsonl"
    assert main(["demo", "--trace", str(path)]) == 0
    silent(path.read_text() + capsys.readouterr().out, [PIN, PIN[::-1], PUK])
