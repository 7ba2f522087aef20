"""A recording in the place of a card, for :class:`akis.card.Card` and :class:`akis.pin.Pin`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu
from akis.connect import PlayedCard, connect
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.errors import (
    AkisError,
    CardRemoved,
    InvalidArgument,
    NoCard,
    PinBlocked,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    ProfileError,
    ReplayDiffers,
    SecureMessagingError,
    TraceError,
)
from akis.pin import Pin
from akis.profile.load import load
from akis.trace.entries import Entry, Event, Exchanged, Header, Kept
from akis.trace.jsonl import Lines
from akis.trace.redactor import SLOTS, Redactor
from akis.transport.recorder import Recorder
from akis.transport.recording import Recording
from akis.transport.replay import ReplayTransport

PIN, NEW_PIN, WRONG_PIN = "123456", "2468", "000000"
PROFILE = load("akis-2")
Story = Callable[[Card], object]


def recorded(path: Path, story: Story, target: str = "emulator:", keep_secrets: bool = False) -> Path:
    """A trace of what ``story`` did with an emulated card."""
    connection = connect(target, recording=Recording(path, keep_secrets))
    with connection.card() as card:
        card.select_application()
        story(card)
    return path


def played(path: Path, story: Story) -> object:
    """What the same story, or another one, comes to with the recording."""
    with connect(f"replay:{path}").card() as card:
        card.select_application()
        return story(card)


def verify(pin: str) -> Story:
    return lambda card: Pin(card).verify(pin, allow_last_try=True)


def fails_with(kind: type[AkisError], story: Story) -> Story:
    def run(card: Card) -> None:
        with pytest.raises(kind):
            story(card)

    return run


def tries(card: Card) -> int | None:
    return Pin(card).tries_left()


STORIES: dict[str, tuple[str, Story]] = {
    "counter": ("emulator:", tries),
    "everything for free": ("emulator:", lambda card: (card.serial(), card.life_cycle(), tries(card))),
    "verify": ("emulator:", verify(PIN)),
    "change": ("emulator:akis-2.5", lambda card: Pin(card).change(PIN, NEW_PIN)),
    "wrong": ("emulator:", fails_with(PinRefused, verify(WRONG_PIN))),
    "blocked": ("emulator:,blocked", fails_with(PinBlocked, verify(PIN))),
    "reset in between": ("emulator:", lambda card: (verify(PIN)(card), card.reset(), card.select_application())),
    "chain": ("emulator:", lambda card: card.send(CommandApdu(0x00, 0xD6, 0x00, 0x00, bytes(600)))),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_session_plays_itself(name: str, tmp_path: Path) -> None:
    target, story = STORIES[name]
    seen: list[object] = []
    path = recorded(tmp_path / "trace", lambda card: seen.append(story(card)), target)
    assert [played(path, story)] == seen


def test_a_recording_of_a_replay_is_the_recording(tmp_path: Path) -> None:
    story = STORIES["change"][1]
    path = recorded(tmp_path / "trace", story)
    connection = connect(f"replay:{path}", recording=Recording(tmp_path / "again"))
    with connection.card() as card:
        card.select_application()
        story(card)
    first, second = Lines(path), Lines(tmp_path / "again")
    wires = [[(entry.command, entry.answer) for entry in trace.entries() if isinstance(entry, Exchanged)]
             for trace in (first, second)]  # fmt: skip
    assert wires[0] == wires[1] != []
    assert (first.header.atr, first.header.profile) == (second.header.atr, second.header.profile)
    assert (second.header.reader, second.header.personality, second.header.seed) == (f"replay:{path}", None, None)
    assert played(tmp_path / "again", story) == played(path, story)


class TestAnotherStory:
    def test_a_difference_at_a_pin_command_is_a_difference_at_the_end(self, tmp_path: Path) -> None:
        path = recorded(tmp_path / "trace", verify(PIN))
        card = connect(f"replay:{path}").card()
        assert isinstance(card, PlayedCard)
        with pytest.raises(ReplayDiffers, match="exchange 3, VERIFY: length"), card:  # noqa: PT012
            card.select_application()
            with pytest.raises(PinOutcomeUnknown, match="exchange 3, VERIFY: length"):
                verify("1234")(card)

    def test_one_that_the_story_makes_nothing_of(self, tmp_path: Path) -> None:
        path = recorded(tmp_path / "trace", tries)
        with pytest.raises(ReplayDiffers, match="exchange 2, GET DATA: INS"):
            played(path, fails_with(ReplayDiffers, Card.serial))

    def test_a_story_that_ends_early(self, tmp_path: Path) -> None:
        path = recorded(tmp_path / "trace", verify(PIN))
        with pytest.raises(ReplayDiffers, match="1 recorded exchange was not asked for; the next is exchange 3, VER"):
            played(path, tries)

    def test_what_ended_it_early_is_what_counts(self, tmp_path: Path) -> None:
        path = recorded(tmp_path / "trace", verify(PIN), "emulator:,last-try")
        with pytest.raises(PolicyRefused, match="one try left"):
            played(path, lambda card: Pin(card).verify(PIN))
        with pytest.raises(KeyboardInterrupt), connect(f"replay:{path}").card():
            raise KeyboardInterrupt

    def test_a_card_that_is_closed_by_hand(self, tmp_path: Path) -> None:
        path = recorded(tmp_path / "trace", tries)
        card = connect(f"replay:{path}").card()
        with pytest.raises(ReplayDiffers, match="2 recorded exchanges were not asked for; the next is exchange 1, SEL"):
            card.close()
        card.close()


def test_a_pin_that_a_trace_was_allowed_to_keep_has_to_be_the_same(tmp_path: Path) -> None:
    path = recorded(tmp_path / "trace", verify(PIN), keep_secrets=True)
    played(path, verify(PIN))
    with pytest.raises(ReplayDiffers, match="exchange 3, VERIFY: hidden bytes of the command") as caught:
        played(path, verify(WRONG_PIN))
    assert PIN not in str(caught.value)
    assert WRONG_PIN not in str(caught.value)


class Pulled(EmulatorTransport):
    """A card that is pulled at VERIFY, and put back for the next reset."""

    def transmit(self, command: bytes) -> bytes:
        if command[1] == 0x20:
            self.remove()
            raise CardRemoved("the card was taken away")
        return super().transmit(command)

    def reset(self) -> bytes:
        self.insert()
        return super().reset()


def test_a_card_that_was_pulled_in_the_middle_of_verify() -> None:
    def story(card: Card) -> None:
        card.select_application()
        with pytest.raises(PinOutcomeUnknown, match="the card was taken away") as caught:
            Pin(card).verify(PIN)
        assert isinstance(caught.value.__cause__, CardRemoved)
        with pytest.raises(NoCard):
            card.select_application()
        card.reset()
        card.select_application()
        assert tries(card) == 3

    entries: list[Entry] = []
    story(Card(Recorder(Pulled(EmulatedCard.named()), entries.append, Redactor(PROFILE)), PROFILE))
    assert {entry.kind for entry in entries if isinstance(entry, Event)} == {"removed", "inserted", "reset"}
    with ReplayTransport(Kept(Header(slots=SLOTS), tuple(entries)), profile=PROFILE) as way:
        story(Card(way, PROFILE))


def test_a_secure_session_needs_its_keys_to_be_played() -> None:
    entries: list[Entry] = []
    key = load_personality("akis-2.2").key("issuer")
    device_keys = key.device_keys(key.algorithms[-1])

    def open_session(card: Card, random: int) -> None:
        card.select_application()
        card.open_session(device_keys, bytes(8), lambda size: bytes([random]) * size)
        card.life_cycle()

    recorder = Recorder(EmulatorTransport(EmulatedCard.named()), entries.append, Redactor(PROFILE))
    open_session(Card(recorder, PROFILE), random=7)
    trace = Kept(Header(slots=SLOTS), tuple(entries))
    # The same numbers once more, and the whole session is the recorded one.
    with Card(ReplayTransport(trace, profile=PROFILE), PROFILE) as card:
        open_session(card, random=7)
        assert card.session is not None
    for mode in ("strict", "masked"):
        card = Card(ReplayTransport(trace, mode, PROFILE), PROFILE)
        with pytest.raises(ReplayDiffers, match=r"5, MUTUAL AUTHENTICATE: .*random numbers.*device keys \(--sm-keys\)"):
            open_session(card, random=8)
        with pytest.raises(SecureMessagingError):
            card.life_cycle()


class TestWhatCannotBeOpened:
    def test_no_file_is_named(self) -> None:
        with pytest.raises(InvalidArgument, match="replay: names no trace; write replay:FILE"):
            connect("replay:")

    def test_there_is_no_such_file_or_it_is_no_trace(self, tmp_path: Path) -> None:
        for name, text in (("missing", None), ("empty", ""), ("other", "hello\n"), ("new", '{"akis-trace":2}\n')):
            if text is not None:
                (tmp_path / name).write_text(text)
            with pytest.raises(TraceError):
                connect(f"replay:{tmp_path / name}")
        with pytest.raises(TraceError):
            connect(f"replay:{tmp_path}")

    def test_its_card_is_one_that_nobody_knows(self, tmp_path: Path) -> None:
        (tmp_path / "trace").write_text('{"akis-trace":1,"profile":"../visa"}\n')
        with pytest.raises(ProfileError, match="there is no profile"):
            connect(f"replay:{tmp_path / 'trace'}")

    def test_the_environment_may_name_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = recorded(tmp_path / "trace", tries)
        monkeypatch.setenv("AKIS_READER", f"replay:{path}")
        assert connect().name == f"replay:{path}"
