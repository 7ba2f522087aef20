"""A card saved, restored and forked; the states it comes in; and death, which nothing undoes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akis.emulator import EmulatedCard
from akis.emulator.memory import Memory
from akis.errors import CardError, InvalidArgument, PinBlocked, PolicyRefused, ProfileError
from akis.pin import Pin
from tests.akis.emulator.cards import (
    GET_CHALLENGE,
    LIFE_CYCLE,
    NEW,
    NEW_PUK,
    PIN,
    PUK,
    SELECT,
    WRONG_PUK,
    card_in,
    choose,
    driver,
    observe,
    open_session,
    personality,
    plain_way,
    prepare,
    protected_way,
    raw,
    state,
)

SAVED = EmulatedCard(personality()).save()


def again(card: EmulatedCard) -> EmulatedCard:
    return EmulatedCard.restore(card.personality, card.save())


def select(card: EmulatedCard) -> EmulatedCard:
    assert raw(card, SELECT).endswith("9000")
    return card


@pytest.mark.parametrize(
    ("name", "is_in", "verify"),
    [
        ("", "active 3", "9000"),
        ("new", "unset 3", "6984"),
        ("blocked", "active 0", "6983"),
        ("last-try", "active 1", "9000"),
    ],
)
@pytest.mark.parametrize("kind", ["akis-2.2", "akis-2.5"])
class TestStates:
    def test_bytes(self, kind, name, is_in, verify):
        card = select(EmulatedCard.named(kind, name))
        assert observe(card, plain_way(card)) == state(is_in)
        assert raw(card, f"00200081 06 {PIN}") == verify

    def test_through_the_driver(self, kind, name, is_in, verify):
        emulated = EmulatedCard.named(kind, name)
        card = driver(emulated)
        card.select_application()
        assert Pin(card).tries_left() == state(is_in).left
        expected = {"": None, "new": CardError, "blocked": PinBlocked, "last-try": PolicyRefused}[name]
        if expected:
            with pytest.raises(expected):
                Pin(card).verify("123456")
            assert observe(emulated, plain_way(emulated)) == state(is_in)
        else:
            Pin(card).verify("123456")


def test_there_are_no_other_states():
    with pytest.raises(InvalidArgument, match="there are new, blocked, last-try, dead"):
        EmulatedCard.named("akis-2.2", "asleep")


class TestDeath:
    @pytest.mark.parametrize("dead", ["named", "killed"])
    def test_is_for_good(self, dead):
        card = EmulatedCard.named("akis-2.2", "dead") if dead == "named" else select(EmulatedCard.named())
        if dead == "killed":
            assert [raw(card, f"00200082 08 {WRONG_PUK}") for _ in range(3)] == ["63C2", "63C1", "63C0"]
        for one in (card, again(card), card.fork(), again(card.fork())):
            for _ in range(2):
                one.reset()
                assert raw(one, SELECT).endswith("8A010C9000")
                assert raw(one, LIFE_CYCLE)[12:14] == "AA"
                assert observe(one, plain_way(one)) == state("active 3 dead")
                for command in (choose(0x0C, 0x01), GET_CHALLENGE, f"00200081 06 {PIN}", f"00200082 08 {PUK}"):
                    assert raw(one, command) == "6985"
                assert raw(one, "002C0381") == "6985"

    def test_ends_no_session_but_what_it_could_do(self):
        card = card_in("active 0")
        send = protected_way(card, open_session(card))
        for answer in ("63C2", "63C1", "63C0"):
            assert send(f"002C0081 0D {WRONG_PUK}{NEW}") == answer
        assert send("002C0381") == "6985"
        assert send(f"002C0281 05 {NEW}") == "6985"
        assert send(choose(0x0C, 0x01)) == "6985"
        assert send(SELECT).endswith("8A010C9000")
        assert observe(card, send) == state("active 0 dead")

    @pytest.mark.parametrize("what", ["PIN", "verified PUK"])
    def test_what_was_verified_is_worth_nothing(self, what):
        card = card_in("active 3")
        prepare(card, "active 3 verified" if what == "PIN" else "active 3 puk-verified", plain_way(card))
        for _ in range(3):
            raw(card, f"00200082 08 {WRONG_PUK}")
        assert raw(card, f"002C0281 05 {NEW}") == "6985"


class TestSaveAndRestore:
    @pytest.mark.parametrize(
        "text",
        ["active 3", "unset 3", f"transport 1 = {NEW}", "active 0 puk 1", f"active 2 puk 2 = {NEW_PUK}", "puk 0"],
    )
    def test_everything_but_power_survives(self, text):
        card = again(card_in(text))
        assert raw(card, "00200081") == "6A88"
        assert observe(select(card), plain_way(card)) == state(text)
        assert again(card).save() == card.save()

    @pytest.mark.parametrize("life_cycle", ["A0", "A5", "AA"])
    def test_every_life_cycle_survives(self, life_cycle):
        restored = Memory.restore(changed(life_cycle=int(life_cycle, 16)))
        assert (restored.life_cycle, restored.dead) == (int(life_cycle, 16), life_cycle == "AA")
        assert json.loads(restored.save())["life_cycle"] == restored.life_cycle
        assert raw(EmulatedCard(personality(), restored), LIFE_CYCLE)[12:14] == life_cycle

    def test_secrets_are_kept(self):
        card = card_in("active 3")
        assert raw(card, f"00240081 0B {PIN}{NEW}") == "9000"
        assert raw(card, f"00240082 10 {PUK}{NEW_PUK}") == "9000"
        restored = select(again(card))
        assert raw(restored, f"00200081 05 {NEW}") == "9000"
        assert raw(restored, f"00200082 08 {NEW_PUK}") == "9000"

    @pytest.mark.parametrize("copied", [again, EmulatedCard.fork])
    def test_what_is_volatile_is_gone(self, copied):
        card = card_in("active 0")
        session = open_session(card)
        send = protected_way(card, session)
        prepare(card, "active 0 puk-verified", send)
        copy = select(copied(card))
        assert observe(copy, plain_way(copy)) == state("active 0")
        assert raw(copy, "002C0381") == "6982"
        assert raw(copy, "0C200081") == "6985"
        assert raw(copied(card), "00CB3FFF064D04BF81018000") == "6A88"
        # the first card did not notice
        assert send("002C0381") == "9000"

    def test_a_fork_goes_its_own_way(self):
        card = card_in("active 3")
        fork = select(card.fork())
        assert raw(fork, "00200081 06 303030303030") == "63C2"
        assert raw(fork, f"00240081 0B {PIN}{NEW}") == "9000"
        assert raw(card, "00200082 08 3030303030303030") == "63C2"
        assert observe(card, plain_way(card)) == state("active 3 puk 2")
        assert observe(fork, plain_way(fork)) == state(f"active 3 = {NEW}")

    def test_randomness_is_passed_on(self):
        card = EmulatedCard.restore(personality(), SAVED, random=lambda count: b"\x07" * count)
        assert raw(card, GET_CHALLENGE) == "07" * 8 + "9000"
        assert raw(card.fork(random=lambda count: b"\x08" * count), GET_CHALLENGE) == "08" * 8 + "9000"


def changed(**fields):
    table = json.loads(SAVED)
    for path, value in fields.items():
        place = table
        *parts, last = path.split("__")
        for part in parts:
            place = place[part]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return json.dumps(table).encode()


PIN_AT = "references__81__"


class TestDamage:
    @pytest.mark.parametrize(
        "saved",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"7",
            b'"akis-card"',
            b"\xff\xfe",
            b"[" * 100_000,
            SAVED[:-1],
            SAVED + b"x",
            changed(**{"akis-card": 2}),
            changed(**{"akis-card": True}),
            changed(**{"akis-card": "1"}),
            changed(life_cycle=0xA1),
            changed(life_cycle=165.0),
            changed(life_cycle="A5"),
            changed(life_cycle=...),
            changed(references=...),
            changed(references=[]),
            changed(references__82=...),
            changed(references__81=None),
            *(
                changed(**{PIN_AT + field: value})
                for field, value in [
                    ("left", -1),
                    ("left", 4),
                    ("left", 1.5),
                    ("left", True),
                    ("left", None),
                    ("left", ...),
                    ("tries", 16),
                    ("tries", 2),
                    ("tries", "3"),
                    ("tries", float("inf")),
                    ("state", "open"),
                    ("state", []),
                    ("state", "unset"),
                    ("value", ""),
                    ("value", "zz"),
                    ("value", 123456),
                    ("value", "31" * 3),
                    ("value", "31" * 300),
                    ("value", "313233343541"),
                ]
            ),
            changed(references__82__value="31" * 7),
        ],
        ids=lambda saved: "saved",
    )
    def test_is_refused(self, saved):
        with pytest.raises(ProfileError) as caught:
            EmulatedCard.restore(personality(), saved)
        assert PIN not in str(caught.value)
        assert "123456" not in str(caught.value)

    def test_another_version_is_named(self):
        with pytest.raises(ProfileError, match="another format version, this library reads 1"):
            Memory.restore(changed(**{"akis-card": 2}))

    @given(st.binary(max_size=60))
    def test_any_bytes(self, saved):
        with pytest.raises(ProfileError):
            Memory.restore(saved)

    @settings(max_examples=300)
    @given(st.integers(0, len(SAVED) - 1), st.binary(max_size=2), st.integers(0, 2))
    def test_a_changed_place(self, place, new, cut):
        """Either refused, or a card that works."""
        try:
            card = EmulatedCard.restore(personality(), SAVED[:place] + new + SAVED[place + cut :])
        except ProfileError:
            return
        observe(select(card), plain_way(card))
        assert len(raw(card, f"00240081 0B {PIN}{NEW}")) == 4
        assert Memory.restore(card.save()).save() == card.save()
