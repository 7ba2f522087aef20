"""A recorded secure session, played for a driver with other random numbers."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu
from akis.errors import (
    AkisError,
    CardError,
    ReplayDiffers,
    TraceError,
    WrongType,
)
from akis.profile.model import SmRules
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Entry, Exchanged, Header, Kept
from akis.trace.redactor import Redactor
from akis.transport.recorder import Recorder
from akis.transport.replay_rekeyed import RekeyedReplay
from tests.akis.transport.rekeyed import (
    PROFILE,
    device_keys,
    driver,
    in_session,
    play,
    recorded,
    unblock,
)


@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5"])
@pytest.mark.parametrize("keep", [False, True])
def test_unblocking_plays_itself(name: str, keep: bool) -> None:
    trace = recorded(lambda card: unblock(card, name), name, keep=keep)
    assert play(trace, lambda card: unblock(card, name), [device_keys(name)]) == 3


def test_the_session_is_another_one() -> None:
    trace = recorded(unblock)
    with RekeyedReplay(trace, [device_keys()], profile=PROFILE) as way:
        entries: list[Entry] = []
        card = driver(Recorder(way, entries.append, Redactor(PROFILE)))
        card.select_application()
        unblock(card)
    for then, now in zip(trace.entries(), entries, strict=True):
        assert isinstance(then, Exchanged)
        assert isinstance(now, Exchanged)
        assert then.answer is not None
        assert now.answer is not None
        assert then.command.raw[:4] == now.command.raw[:4]
        if then.command.raw[0] == 0x0C or then.command.raw[1] == 0x82:
            assert then.command.raw[5:] != now.command.raw[5:]
            assert then.answer.raw != now.answer.raw


def test_several_sessions_with_several_keys() -> None:
    def story(card: Card) -> None:
        for role in ("issuer", "terminal", "issuer"):
            card.open_session(device_keys(role=role), bytes(8))  # type: ignore[arg-type]
            assert card.life_cycle() == "operation"
        card.reset()
        card.select_application()
        in_session(Card.life_cycle)(card)
        card.end_session()
        card.life_cycle()

    trace = recorded(story)
    play(trace, story, [device_keys(role="terminal"), device_keys()])
    with pytest.raises(TraceError, match="6, MUTUAL AUTHENTICATE: the keys given do not open the recorded auth"):
        play(recorded(lambda card: (card.life_cycle(), story(card))), lambda card: (card.life_cycle(), story(card)),
             [device_keys(role="terminal")])  # fmt: skip


@pytest.mark.parametrize(("chain", "number"), [("each", 8), ("whole", 6)])
def test_commands_and_answers_in_pieces(chain: str, number: int) -> None:
    rules: SmRules = replace(PROFILE.secure_messaging, chain=chain)  # type: ignore[arg-type]
    profile = replace(PROFILE, secure_messaging=rules)

    def story(card: Card) -> tuple[bytes, int]:
        long = card.send(CommandApdu(0x00, 0xD6, 0x00, 0x00, bytes(700)))
        return card.serial(), long.sw

    trace = recorded(in_session(story), profile=profile)
    seen: list[object] = []
    recorded(in_session(lambda card: seen.append(story(card))), profile=profile)
    assert play(trace, in_session(story), profile=profile) == seen[0]
    other = CommandApdu(0x00, 0xD6, 0x00, 0x00, bytes(699) + b"1")
    with pytest.raises(ReplayDiffers, match=f"exchange {number}, .*: data: recorded"):
        play(trace, in_session(lambda card: card.send(other)), profile=profile)


def test_links_in_which_the_trace_hides_a_pin() -> None:
    profile = replace(PROFILE, secure_messaging=replace(PROFILE.secure_messaging, chain="whole"))
    story = in_session(lambda card: card.send(CommandApdu(0x00, 0x24, 0x01, 0x81, bytes(700))))
    with pytest.raises(TraceError, match="it was protected, and the trace hides bytes of it"):
        play(recorded(story, profile=profile), story, profile=profile)
    play(recorded(story, profile=profile, keep=True), story, profile=profile)


def test_refusals_of_the_card_come_back() -> None:
    def story(card: Card) -> None:
        with pytest.raises(CardError, match="6A80"):
            card.open_session(DeviceKeys(1, 0xAC, bytes(16), bytes(16)), bytes(8))
        wrong = DeviceKeys(1, 0x8C, bytes(16), bytes(range(16)))
        with pytest.raises(CardError, match="6300"):
            card.open_session(wrong, bytes(8))
        unblock(card)

    for keep in (False, True):
        play(recorded(story, keep=keep), story)


class TestKeys:
    def test_they_are_copied_and_the_copies_wiped(self) -> None:
        own = device_keys()
        way = RekeyedReplay(recorded(Card.life_cycle), [own], profile=PROFILE)
        own.wipe()
        card = driver(way)
        card.select_application()
        card.life_cycle()
        way.close()
        with pytest.raises(AkisError, match="wiped"):
            way._keys[0].check_usable()

    @pytest.mark.parametrize("keys", [(), ("00",), (None,)])
    def test_there_are_some(self, keys: object) -> None:
        with pytest.raises(WrongType, match="re-keyed with a list of DeviceKeys"):
            RekeyedReplay(Kept(Header()), keys)  # type: ignore[arg-type]


def test_random_numbers_are_drawn_from_where_they_are_told() -> None:
    def answers(seed: int) -> list[bytes]:
        entries: list[Entry] = []
        way = RekeyedReplay(trace, [device_keys()], Random(seed).randbytes, PROFILE)
        card = driver(Recorder(way, entries.append, Redactor(PROFILE)))
        card.select_application()
        card.open_session(device_keys(), bytes(8), Random(1).randbytes)
        card.life_cycle()
        return [entry.answer.raw for entry in entries if isinstance(entry, Exchanged) and entry.answer is not None]

    trace = recorded(in_session(Card.life_cycle))
    assert answers(1) == answers(1) != answers(2)
