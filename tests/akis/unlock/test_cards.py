"""Looking for the holder's cards: what is found where, what is said of the rest, and that no card suffers from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.connect import Connection
from akis.emulator import load_personality
from akis.errors import (
    CardMute,
    CardRemoved,
    InvalidArgument,
    NoCard,
    NoReader,
    NoService,
    ProfileError,
    SharingViolation,
    TraceError,
    TransportError,
)
from akis.profile.load import load
from akis.transport.pcsc import PcscTransport
from akis.transport.readers import Reader
from akis.unlock.cards import Look, check_place, look, never_changes
from akis.unlock.opened import HolderCard
from tests.akis.transport.pcsc_cards import SELECT, VERIFY, is_verified
from tests.akis.unlock.issuer import Faulty, new_card, stored

ATR = load_personality("akis-2.2").atr
MINE = HolderCard(load_personality("akis-2.2").serial, "my card", "akis-2")
SECOND = HolderCard(load_personality("akis-2.5").serial, "my other card", "akis-2")


class Desk:
    """Readers with cards in them; keeps what was connected to, how, and what was sent."""

    def __init__(self, monkeypatch, **slots) -> None:
        monkeypatch.delenv("AKIS_READER", raising=False)
        self.slots = slots
        self.ways: dict[str, Faulty] = {}
        self.connected: list[str] = []
        self.chosen_by = "atr"
        self.profile = load("akis-2")

    def readers(self) -> list[Reader]:
        return [
            Reader(number, name, None if isinstance(card, str) else ATR, card if isinstance(card, str) else "card")
            for number, (name, card) in enumerate(self.slots.items())
        ]

    def connect(self, target: str, *, exclusive: bool, leave_card: bool) -> Connection:
        assert (exclusive, leave_card) == (False, True)
        self.connected.append(target)
        card = self.slots[target]
        if isinstance(card, Exception):
            raise card
        way = self.ways[target] = Faulty(card)
        return Connection(way, target, self.profile, way, chosen_by=self.chosen_by)

    def look(self, *cards: HolderCard, target: str | None = None) -> Look:
        return look(target, cards, connect=self.connect, readers=self.readers)


@pytest.fixture
def desk(monkeypatch):
    return lambda **slots: Desk(monkeypatch, **slots)


def test_a_card_of_the_holder(desk):
    made = desk(A="empty", B=new_card())
    seen = made.look(MINE)
    assert [(found.card, found.target, found.place) for found in seen.found] == [(MINE, "B", "B")]
    assert seen.found[0].profile == load("akis-2")
    assert seen.notes == ("there is no card in A",)


def test_two_of_them(desk):
    seen = desk(A=new_card("akis-2.5"), B=new_card()).look(MINE, SECOND)
    assert [(found.place, found.card.label) for found in seen.found] == [("A", "my other card"), ("B", "my card")]


def test_a_card_of_somebody_else_is_named_by_its_place_alone(desk):
    seen = desk(A=new_card("akis-2.5")).look(MINE)
    assert seen == Look((), ("the card in A is none of yours",))


def test_looking_costs_no_card_anything(desk):
    cards = {"A": new_card("akis-2.5", "last-try"), "B": new_card("akis-2.2", "last-try")}
    made = desk(**cards)
    before = [card.save() for card in cards.values()]
    for _ in range(5):
        made.look(MINE)
    assert [card.save() for card in cards.values()] == before
    assert stored(cards["B"])[2] == 1
    assert {raw.hex().upper() for way in made.ways.values() for raw in way.sent} == {"00CA010600"}


def test_nothing_stays_open(desk):
    made = desk(A=new_card("akis-2.5"), B=new_card())
    made.look(MINE)
    for way in made.ways.values():
        with pytest.raises(TransportError, match="closed"):
            way.transmit(b"\x00\xca\x01\x06\x00")


@pytest.mark.parametrize(
    ("slot", "note"),
    [
        ("empty", "there is no card in A"),
        ("mute card", "the card in A does not answer; see that it is clean and the right way up"),
        ("unavailable", "the reader A is not available; plug it in again"),
        ("card, in use exclusively", "another program has the card in A; end that one"),
        (SharingViolation("busy"), "another program has the card in A; end that one"),
        (NoCard("it is gone"), "there is no card in A"),
        (CardRemoved("it is gone"), "there is no card in A"),
        (NoReader("it is gone"), "there is no card in A"),
        (CardMute("the card in A does not answer"), "the card in A does not answer"),
        (TransportError("PC/SC failed at A"), "PC/SC failed at A"),
    ],
    ids=str,
)
def test_what_is_in_the_way_is_a_note(desk, slot, note):
    assert desk(A=slot, B=new_card()).look(MINE).notes == (note,)
    assert len(desk(A=slot, B=new_card()).look(MINE).found) == 1


def test_a_card_in_use_by_others_is_asked_all_the_same(desk):
    made = desk(A=new_card())
    made.readers = lambda: [Reader(0, "A", ATR, "card, in use")]
    assert len(made.look(MINE).found) == 1


def test_a_card_that_does_not_tell_its_number(desk):
    for answer in (0x6A88, 0x9000):
        card = new_card()
        card.instead[0xCA] = answer
        assert desk(A=card).look(MINE).notes == (
            "the card in A does not tell its serial number; it is none of yours, or too new",
        )


def test_no_reader_at_all(desk):
    assert desk().look(MINE) == Look((), ("there is no card reader; plug one in",))


def test_a_service_that_is_missing_is_an_error(desk):
    made = desk()

    def none():
        raise NoService("the PC/SC service does not answer")

    made.readers = none
    with pytest.raises(NoService):
        made.look(MINE)


class TestOnePlace:
    def test_by_part_of_its_name_or_number(self, desk):
        made = desk(Alpha=new_card(), Beta=new_card("akis-2.5"))
        assert made.look(MINE, SECOND, target="alph").found[0].card == MINE
        assert made.look(MINE, SECOND, target="1").found[0].card == SECOND
        assert made.connected == ["Alpha", "Beta"]

    def test_by_the_environment(self, desk, monkeypatch):
        made = desk(Alpha=new_card(), Beta=new_card("akis-2.5"))
        monkeypatch.setenv("AKIS_READER", "Beta")
        assert [found.card for found in made.look(MINE, SECOND).found] == [SECOND]

    def test_an_empty_one_is_waited_for(self, desk):
        assert desk(A="empty", B=new_card()).look(MINE, target="A") == Look((), ("there is no card in A",))

    def test_one_that_is_none_is_an_error(self, desk):
        made = desk(Alpha=new_card(), Alphabet="empty")
        with pytest.raises(NoReader):
            made.look(MINE, target="gamma")
        with pytest.raises(InvalidArgument, match="several"):
            made.look(MINE, target="alp")

    def test_an_emulated_card(self):
        seen = look("emulator:akis-2.2,blocked", [MINE])
        assert [(found.target, found.card) for found in seen.found] == [("emulator:akis-2.2,blocked", MINE)]
        assert look("emulator:akis-2.5", [MINE]).notes == ("the card in emulator:akis-2.5 is none of yours",)

    def test_an_emulated_card_that_there_is_not(self):
        with pytest.raises(InvalidArgument):
            look("emulator:akis-2.2,broken", [MINE])


class TestProfile:
    def test_the_authority_names_it_for_a_card_that_nobody_recognised(self, desk):
        made = desk(A=new_card())
        made.chosen_by = "default"
        assert made.look(replace(MINE, profile="akis-1")).found[0].profile == load("akis-1")

    def test_what_the_card_was_recognised_by_counts_more(self, desk):
        assert desk(A=new_card()).look(replace(MINE, profile="akis-1")).found[0].profile == load("akis-2")

    def test_one_that_is_not_there_is_not_looked_for_elsewhere(self, desk):
        made = desk(A=new_card())
        made.chosen_by = "default"
        found = made.look(replace(MINE, profile="../../etc/passwd")).found
        assert found[0].profile == load("akis-2")


def test_what_another_program_verified_stays_verified(inserted):
    """A reader is shared, and its card left as it was: looking takes nothing from whoever uses it."""
    with PcscTransport(inserted.reader) as other:
        other.transmit(SELECT)
        assert other.transmit(VERIFY) == b"\x90\x00"
        seen = look(inserted.reader, [MINE])
        assert [found.card for found in seen.found] == [MINE]
        assert is_verified(other)


def test_a_card_that_another_program_keeps_to_itself(inserted):
    with PcscTransport(inserted.reader, exclusive=True):
        assert look(inserted.reader, [MINE]).notes == (
            f"another program has the card in {inserted.reader}; end that one",
        )
    assert len(look(None, [MINE]).found) == 1


class TestThePlaceAhead:
    def test_readers_that_are_there_will_do_with_or_without_a_card(self, desk):
        made = desk(Left="empty", Right="mute card")
        for target in (None, "Left", "1"):
            check_place(target, connect=made.connect, readers=made.readers)
        assert made.connected == []

    def test_a_reader_may_yet_be_plugged_in_unless_it_is_named(self, desk):
        made = desk()
        check_place(None, connect=made.connect, readers=made.readers)
        with pytest.raises(NoReader):
            check_place("Left", connect=made.connect, readers=made.readers)

    def test_one_that_is_not_there(self, desk, monkeypatch):
        made = desk(Left="empty", Leftmost="empty")
        with pytest.raises(NoReader, match="there is no reader 'Right'"):
            check_place("Right", connect=made.connect, readers=made.readers)
        with pytest.raises(InvalidArgument, match="fits several readers"):
            check_place("lef", connect=made.connect, readers=made.readers)
        monkeypatch.setenv("AKIS_READER", "Right")
        with pytest.raises(NoReader):
            check_place(None, connect=made.connect, readers=made.readers)

    def test_no_service(self):
        def readers():
            raise NoService("the PC/SC service does not answer; start pcscd, then connect again")

        with pytest.raises(NoService):
            check_place(None, readers=readers)

    @pytest.mark.parametrize(
        ("target", "error"),
        [
            ("emulator:nowhere.toml", ProfileError),
            ("emulator:visa", ProfileError),
            ("emulator:,nowhere", InvalidArgument),
            ("replay:", InvalidArgument),
            ("replay:nowhere.jsonl", TraceError),
        ],
    )
    def test_files_and_names_that_lead_nowhere(self, target, error):
        with pytest.raises(error):
            check_place(target)

    def test_an_emulated_card(self):
        check_place("emulator:")

    def test_where_no_other_card_comes_to_be(self, monkeypatch):
        monkeypatch.delenv("AKIS_READER", raising=False)
        assert [never_changes(target) for target in ("emulator:", "replay:x", "Left", "0", None)] == [True, True] + [
            False
        ] * 3
        monkeypatch.setenv("AKIS_READER", "emulator:akis-2.5")
        assert never_changes(None)
        assert not never_changes("Left")
