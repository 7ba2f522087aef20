"""From the words of a command line to a card."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from akis.connect import connect
from akis.doctor import holders
from akis.doctor.finding import Program
from akis.emulator.wanted import wanted
from akis.errors import InvalidArgument, ProfileError, SharingViolation, WrongType
from akis.pin import Pin
from akis.profile.load import load
from akis.trace.jsonl import Lines
from akis.transport import pcsc
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.readers import Reader
from akis.transport.recording import Recording

ATR = bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B")


def test_the_default_emulated_card() -> None:
    connection = connect("emulator:")
    assert connection.name == "emulator, akis-2.2"
    with connection.card() as card:
        card.select_application()
        assert Pin(card).tries_left() == 3


@pytest.mark.parametrize(
    ("target", "name", "left", "state"),
    [
        ("emulator:akis-2.5", "akis-2.5", 3, "active"),
        ("emulator:,blocked", "akis-2.2", 0, "active"),
        ("emulator:akis-2.5,last-try", "akis-2.5", 1, "active"),
        ("emulator:akis-2.2,new", "akis-2.2", 3, "unset"),
    ],
)
def test_name_and_state(target: str, name: str, left: int, state: str) -> None:
    card = wanted(target.removeprefix("emulator:")).card()
    pin = card.memory.references[0x81]
    assert (card.personality.name, pin.left, pin.state) == (name, left, state)


def test_the_environment_names_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKIS_READER", "emulator:akis-2.5")
    assert connect().name == "emulator, akis-2.5"
    assert connect("emulator:akis-2.2").name == "emulator, akis-2.2"


def test_what_there_is_not() -> None:
    with pytest.raises(InvalidArgument, match="no card state 'lost'; there are new, blocked, last-try, dead"):
        connect("emulator:,lost")
    with pytest.raises(ProfileError, match=r"no personality 'visa'; there are akis-1\.0, akis-2\.2, akis-2\.5"):
        connect("emulator:visa")


class TestProfile:
    """What describes the card: what the caller says, else the emulated card or recording, else the ATR."""

    def test_the_emulated_card_names_its_own(self) -> None:
        connection = connect("emulator:")
        assert (connection.profile, connection.chosen_by) == (load("akis-2"), "card")

    def test_named_by_the_caller(self, tmp_path: Path) -> None:
        connection = connect("emulator:", profile="akis-1")
        assert (connection.profile, connection.chosen_by) == (load("akis-1"), "named")
        own = tmp_path / "own.toml"
        text = (files("akis.profile") / "akis-2.toml").read_text("utf-8")
        own.write_text(text.replace("AKİS 2.x", "bench card"), encoding="utf-8")
        assert connect("emulator:", profile=str(own)).profile.name == "bench card"
        assert connect("emulator:", profile=load("akis-1")).profile is load("akis-1")

    def test_a_wrong_one_is_refused_before_the_card_is_there(self) -> None:
        with pytest.raises(ProfileError, match=r"no profile 'akis-3'; did you mean akis-2\?"):
            connect("emulator:visa", profile="akis-3")
        with pytest.raises(WrongType, match="not int"):
            connect("emulator:", profile=2)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("atr", "name", "chosen_by"),
        [
            ("3BBA11008131FE4D55454B41452056312E30AE", "akis-1", "atr"),
            ("3B9F968131FE45806755454B41451292318073B3A1806A", "akis-1", "atr"),
            ("3B9F978131FE4580655443D3228231C073F621808105D3", "akis-2", "atr"),
            ("3B951381018073FF01000B", "akis-2", "default"),
            ("3B9F978131FE458065544312210731C073F62180810595", "akis-2", "default"),
        ],
    )
    def test_in_a_reader_by_the_atr(
        self, atr: str, name: str, chosen_by: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        put_into_a_reader(monkeypatch, bytes.fromhex(atr))
        path = tmp_path / "trace.jsonl"
        connection = connect("0", recording=Recording(path))
        assert (connection.profile, connection.chosen_by) == (load(name), chosen_by)
        connection.transport.transmit(bytes.fromhex("00A4000C023F00"))
        connection.transport.close()
        assert Lines(path).header.profile == name
        assert connect("0", profile="akis-1").chosen_by == "named"

    def test_long_commands_are_cut_as_the_profile_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        put_into_a_reader(monkeypatch, bytes.fromhex("3BBA11008131FE4D55454B41452056312E30AE"))
        transport = connect("0").transport
        assert isinstance(transport, ChainingTransport)
        assert transport.max_data == 244

    def test_a_recording_says_it_again(self, tmp_path: Path) -> None:
        """Also once the replay of it was recorded in its turn."""
        first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
        with connect("emulator:", recording=Recording(first)).card() as card:
            card.select_application()
        connection = connect(f"replay:{first}", recording=Recording(second))
        assert (connection.profile, connection.chosen_by) == (load("akis-2"), "trace")
        with connection.card() as card:
            card.select_application()
        assert Lines(second).header.profile == "akis-2"
        assert connect(f"replay:{second}").chosen_by == "trace"

    def test_a_file_of_the_users_own_gives_a_recording_no_name(self, tmp_path: Path) -> None:
        """Another machine has no such file; what there is to hide was hidden by it."""
        own, path = tmp_path / "own.toml", tmp_path / "trace.jsonl"
        own.write_text((files("akis.profile") / "akis-2.toml").read_text("utf-8"), encoding="utf-8")
        with connect("emulator:", profile=str(own), recording=Recording(path)).card() as card:
            card.select_application()
        assert Lines(path).header.profile is None
        again = connect(f"replay:{path}")
        assert (again.profile, again.chosen_by) == (load("akis-2"), "atr")


class TestSharing:
    def test_what_is_wanted_reaches_the_reader(self, monkeypatch: pytest.MonkeyPatch) -> None:
        put_into_a_reader(monkeypatch, ATR)
        wanted: list[dict[str, object]] = []
        inserted = pcsc.PcscTransport

        def listen(name: str, **how: object) -> pcsc.PcscTransport:
            wanted.append(how)
            return inserted(name)

        monkeypatch.setattr(pcsc, "PcscTransport", listen)
        connect("0")
        connect("0", exclusive=True, leave_card=True)
        assert wanted == [{"exclusive": False, "leave_card": False}, {"exclusive": True, "leave_card": True}]

    @pytest.mark.parametrize(
        ("programs", "named"),
        [
            ((Program(7, "browser"),), ": browser (pid 7)"),
            ((Program(7, "browser"), Program()), ": one of browser (pid 7), a program of another user"),
            ((), ""),
            (None, ""),
        ],
    )
    def test_the_program_that_has_the_card_is_named_where_the_system_tells(
        self, monkeypatch: pytest.MonkeyPatch, programs: tuple[Program, ...] | None, named: str
    ) -> None:
        put_into_a_reader(monkeypatch, ATR)

        def held(*_: object, **__: object) -> None:
            raise SharingViolation("another program has the card in a reader; end that one, then try again")

        monkeypatch.setattr(pcsc, "PcscTransport", held)
        monkeypatch.setattr(holders, "others", lambda: programs)
        with pytest.raises(SharingViolation) as error:
            connect("0")
        assert str(error.value) == f"another program has the card in a reader{named}; end that one, then try again"


class Answering(Transport):
    """A card in a reader, which does whatever it is told."""

    protocol = "T=1"
    atr = b""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def transmit(self, command: bytes) -> bytes:
        return b"\x90\x00"

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        pass


def put_into_a_reader(monkeypatch: pytest.MonkeyPatch, atr: bytes) -> None:
    """Reader 0 has a card with this ATR."""
    monkeypatch.setattr(pcsc, "PcscTransport", type("Inserted", (Answering,), {"atr": atr}))
    monkeypatch.setattr(pcsc, "list_readers", lambda **_: [Reader(0, "a reader", atr, "card")])
