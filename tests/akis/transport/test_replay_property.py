"""Whatever was sent: a strict replay answers the same, and one other byte in one command is a difference there."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from random import Random

import pytest

from akis.codec.apdu import CommandApdu
from akis.commands import files, objects, pin, security
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.emulator.seed import seeded
from akis.errors import CodecError, ReplayDiffers
from akis.profile.load import load
from akis.trace.entries import Header
from akis.trace.jsonl import Lines, Writer
from akis.trace.redact import data_start
from akis.trace.redactor import Redactor
from akis.transport.recorder import Recorder
from akis.transport.replay import ReplayTransport

PROFILE = load("akis-2")
COMMANDS = [
    files.select_name(b"PKCS-15"),
    objects.get_data(0x0104),
    objects.get_data(0x0106),
    objects.get_pin_object(1),
    objects.get_pin_object(2),
    security.get_challenge(8),
    security.mse_set_authentication(0x8C, 1),
    pin.verify(0x81, b"123456"),
    pin.verify(0x81, b"1234"),
    pin.verify_empty(0x81),
    pin.change(0x81, b"123456" + b"2468"),
    CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=16),
    CommandApdu(0x10, 0xD6, 0x00, 0x00, bytes(range(30))),
]


def recorded(path: Path, seed: int) -> list[tuple[bytes, bytes]]:
    """What was sent to an emulated card, resets as empty commands, and what it answered; the trace is in ``path``."""
    random = Random(seed)
    stream = StringIO()
    card = EmulatedCard.named("akis-2.2", random=seeded(str(seed)))
    writer = Writer(stream, Header(atr=card.atr, profile="akis-2", secrets=True))
    with Recorder(EmulatorTransport(card), writer.write, Redactor(PROFILE, keep_secrets=True)) as way:
        sent = [
            random.choice([b"", *(command.to_bytes() for command in COMMANDS)]) for _ in range(random.randint(2, 40))
        ]
        sent += [random.choice(COMMANDS).to_bytes()]
        said = [(raw, way.transmit(raw) if raw else way.reset()) for raw in sent]
    path.write_text(stream.getvalue())
    return said


def play(path: Path, sent: list[bytes]) -> list[bytes]:
    with ReplayTransport(Lines(path), "strict", PROFILE) as way:
        return [way.transmit(raw) if raw else way.reset() for raw in sent]


def fields_at(raw: bytes, place: int, changed: bytes) -> set[str]:
    """What the byte at ``place`` of a command may be called."""
    if place < 4:
        return {("CLA", "INS", "P1", "P2")[place]}
    try:
        CommandApdu.from_bytes(changed)
    except CodecError:
        return {"command"}
    command = CommandApdu.from_bytes(raw)
    if place < data_start(command):
        return {"Lc"} if command.data else {"Le"}
    if place >= data_start(command) + len(command.data):
        return {"Le"}
    return {"data"}


@pytest.mark.parametrize("seed", range(25))
def test_the_answers_are_exactly_the_recorded_ones(seed: int, tmp_path: Path) -> None:
    said = recorded(tmp_path / "trace", seed)
    assert play(tmp_path / "trace", [raw for raw, _ in said]) == [answer for _, answer in said]


@pytest.mark.parametrize("seed", range(25))
def test_one_other_byte_is_a_difference_in_its_field(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    said = recorded(tmp_path / "trace", seed)
    for _ in range(40):
        sent = [raw for raw, _ in said]
        at = random.choice([number for number, raw in enumerate(sent) if raw])
        place, flip = random.randrange(len(sent[at])), random.randint(1, 255)
        changed = bytearray(sent[at])
        changed[place] ^= flip
        fields = fields_at(sent[at], place, bytes(changed))
        number = sum(1 for raw in sent[: at + 1] if raw)
        sent[at] = bytes(changed)
        with pytest.raises(ReplayDiffers) as caught:
            play(tmp_path / "trace", sent)
        where, _, rest = str(caught.value).partition(": ")
        assert where.startswith(f"exchange {number}, ")
        field = rest.partition(":")[0]
        in_data = field.startswith(("DO'", "data", "token", "MAC", "hidden bytes", "serial", "PIN", "bytes"))
        assert field in fields or ("data" in fields and in_data), (fields, str(caught.value))


@pytest.mark.parametrize("seed", range(25))
def test_a_command_left_out_or_doubled_is_a_difference(seed: int, tmp_path: Path) -> None:
    said = recorded(tmp_path / "trace", seed)
    sent = [raw for raw, _ in said]
    places = [number for number in range(1, len(sent)) if sent[number - 1] != sent[number]]
    for at in places:
        # Resets before the first exchange and after the last one are free.
        if any(sent[:at]) and any(sent[at + 1 :]):
            with pytest.raises(ReplayDiffers):
                play(tmp_path / "trace", sent[:at] + sent[at + 1 :])
        if sent[at]:
            with pytest.raises(ReplayDiffers):
                play(tmp_path / "trace", [*sent[: at + 1], sent[at], *sent[at + 1 :]])
