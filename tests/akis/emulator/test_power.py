"""What is written to the card's memory, in which order, and what a power cut at each write leaves behind.

The counter is written down before the comparison and written back on success: power cut in between costs a try, never
gains one.
"""

from __future__ import annotations

import pytest

from akis.emulator import EmulatedCard
from akis.pin import Pin, Puk
from tests.akis.emulator.cards import (
    ISSUER,
    NEW,
    NEW_PUK,
    PIN,
    PUK,
    SELECT,
    SN_IFD,
    TERMINAL,
    WRONG,
    WRONG_PUK,
    State,
    card_in,
    driver,
    observe,
    open_session,
    plain_way,
    prepare,
    protected_way,
    raw,
    state,
)


class PowerCut(Exception):
    pass


def written(memory) -> State:
    """The memory's state, as it stands."""
    pin, puk = memory.references[0x81], memory.references[0x82]
    return State(
        pin.state,
        pin.left,
        pin.value.hex(),
        puk_left=puk.left,
        puk_value=puk.value.hex(),
        life_cycle=f"{memory.life_cycle:02X}",
    )


# key of the session or None, given, command, what each write leaves
WRITES = [
    (None, "active 2", f"00200081 06 {PIN}", ["active 1", "active 3"]),
    (None, "active 3", f"00200081 06 {PIN}", ["active 2", "active 3"]),
    (None, "transport 2", f"00200081 06 {PIN}", ["transport 1", "transport 3"]),
    (None, "active 2", f"00200081 06 {WRONG}", ["active 1"]),
    (None, "active 1", f"00200081 06 {WRONG}", ["active 0"]),
    (None, "active 0", f"00200081 06 {PIN}", []),
    (None, "unset 3", f"00200081 06 {PIN}", []),
    (None, "active 2", "00200081 03 313233", []),
    (None, "active 2", "00200081", []),
    (None, "active 2", "0020FF81", []),
    (None, "active 2", f"00240081 0B {PIN}{NEW}", ["active 1", "active 3", f"active 3 = {NEW}"]),
    (None, "transport 1", f"00240081 0B {PIN}{NEW}", ["transport 0", "transport 3", f"active 3 = {NEW}"]),
    (None, "active 2", f"00240081 0B {WRONG}{NEW}", ["active 1"]),
    (None, "active 2", f"00240081 09 {PIN}383736", []),
    (None, "active 0 puk 2", f"002C0081 0D {PUK}{NEW}", ["active 0 puk 1", "active 0", f"active 3 = {NEW}"]),
    (None, "unset 3", f"002C0081 0D {PUK}{NEW}", ["unset 3 puk 2", "unset 3", f"active 3 = {NEW}"]),
    (None, "active 0", f"002C0081 0D {WRONG_PUK}{NEW}", ["active 0 puk 2"]),
    (None, "active 0 puk 1", f"002C0081 0D {WRONG_PUK}{NEW}", ["active 0 puk 0", "active 0 dead"]),
    (None, "active 0 puk 1", f"002C0081 0B {PUK}383736", []),
    (None, "active 0 puk 2", f"002C0181 08 {PUK}", ["active 0 puk 1", "active 0", "active 3"]),
    (None, "active 0 puk 1", f"002C0181 08 {WRONG_PUK}", ["active 0 puk 0", "active 0 dead"]),
    (None, "active 3 puk 2", f"00200082 08 {PUK}", ["active 3 puk 1", "active 3"]),
    (None, "active 3 puk 2", f"00200082 08 {WRONG_PUK}", ["active 3 puk 1"]),
    (None, "active 3 puk 1", f"00200082 08 {WRONG_PUK}", ["active 3 puk 0", "active 3 dead"]),
    (None, "puk 2", f"00240082 10 {PUK}{NEW_PUK}", ["puk 1", "puk 3", f"puk 3 = {NEW_PUK}"]),
    (None, "puk 1", f"00240082 10 {WRONG_PUK}{NEW_PUK}", ["puk 0", "dead"]),
    (None, "active 1", f"002C0281 05 {NEW}", []),
    (None, "active 1", "002C0381", []),
    (ISSUER, "active 0", f"002C0281 05 {NEW}", [f"transport 3 = {NEW}"]),
    (ISSUER, "active 0", "002C0381", ["active 3"]),
    (ISSUER, "active 1", f"00240181 05 {NEW}", [f"active 1 = {NEW}"]),
    (TERMINAL, "active 2", f"00200081 06 {PIN}", ["active 1", "active 3"]),
    (TERMINAL, "active 2", f"00200081 06 {WRONG}", ["active 1"]),
    (TERMINAL, "active 2", f"00240081 0B {PIN}{NEW}", ["active 1", "active 3", f"active 3 = {NEW}"]),
    (TERMINAL, "active 1", f"002C0281 05 {NEW}", []),
    (TERMINAL, "active 0 puk 2", f"002C0081 0D {PUK}{NEW}", ["active 0 puk 1", "active 0", f"active 3 = {NEW}"]),
]


def way(card, key):
    return plain_way(card) if key is None else protected_way(card, open_session(card, key))


@pytest.mark.parametrize(("key", "given", "command", "writes"), WRITES)
def test_writes(key, given, command, writes):
    card = card_in(given)
    send = way(card, key)
    prepare(card, given, send)
    seen: list[State] = []
    card.memory.on_commit = lambda memory: seen.append(written(memory))
    send(command)
    assert seen == [state(text) for text in writes]


def cuts():
    for key, given, command, writes in WRITES:
        for place in range(len(writes)):
            yield pytest.param(key, given, command, writes, place, id=f"{key}: {given}: {command}: {place}")


@pytest.mark.parametrize(("key", "given", "command", "writes", "place"), list(cuts()))
@pytest.mark.parametrize("before", [False, True], ids=["after the write", "before it"])
def test_power_cut_at_each_write(key, given, command, writes, place, before):
    card = card_in(given)
    send = way(card, key)
    prepare(card, given, send)
    saved = [card.save()]

    def cut(memory):
        saved.append(memory.save())
        if len(saved) == place + 2:
            raise PowerCut

    card.memory.on_commit = cut
    with pytest.raises(PowerCut):
        send(command)
    # the same card, and one restored from what stood in its memory before or after the interrupted write
    left = state(given) if before and not place else state(writes[place - before])
    again = EmulatedCard.restore(card.personality, saved[place + 1 - before])
    if not before:
        card.memory.on_commit = None
        card.reset()
        assert raw(card, SELECT).endswith("9000")
        assert observe(card, plain_way(card)) == left
    assert raw(again, SELECT).endswith("9000")
    assert observe(again, plain_way(again)) == left
    # a try at most, and never one gained unless the comparison was right
    was = state(given)
    right = state(writes[-1]).left == 3 or state(writes[-1]).puk_left == 3
    for now, then in ((left.left, was.left), (left.puk_left, was.puk_left)):
        assert now >= then - 1
        assert now <= then or right


@pytest.mark.parametrize(
    ("given", "command"),
    [
        ("active 3", "00200081 06 {}"),
        ("active 3", "00240081 0B {}" + NEW),
        ("transport 3", "00200081 06 {}"),
    ],
)
def test_the_first_write_does_not_tell_right_from_wrong(given, command):
    """Whoever cuts the power when the memory is written learns nothing, and runs out of tries."""
    card = card_in(given)

    def cut(memory):
        raise PowerCut

    for left in (2, 1, 0):
        card.memory.on_commit = cut
        with pytest.raises(PowerCut):
            raw(card, command.format(PIN if left else WRONG))
        card.reset()
        card.memory.on_commit = None
        assert raw(card, SELECT).endswith("9000")
        assert card.memory.references[0x81].left == left
    assert raw(card, command.format(PIN)) == "6983"


def test_a_cut_at_the_last_puk_try_blocks_the_puk_and_does_not_kill():
    card = card_in("active 0 puk 1")

    def cut(memory):
        raise PowerCut

    card.memory.on_commit = cut
    with pytest.raises(PowerCut):
        raw(card, f"00200082 08 {PUK}")
    card.memory.on_commit = None
    card.reset()
    raw(card, SELECT)
    assert observe(card, plain_way(card)) == state("active 0 puk 0")
    assert raw(card, f"00200082 08 {PUK}") == "6983"
    assert protected_way(card, open_session(card))("002C0381") == "9000"


@pytest.mark.parametrize("key", [None, "terminal"])
def test_through_the_driver(key):
    emulated = card_in("active 0 puk 2")
    seen: list[State] = []
    emulated.memory.on_commit = lambda memory: seen.append(written(memory))
    card = driver(emulated)
    if key:
        card.open_session(emulated.personality.key(key).device_keys(0x8C), SN_IFD)
    Puk(card).unblock("87654321", "87654", permit_puk=True)
    Pin(card).verify("87654")
    Pin(card).change("87654", "123456")
    expected = [
        *("active 0 puk 1", "active 0", f"active 3 = {NEW}"),
        *(f"active 2 = {NEW}", f"active 3 = {NEW}"),
        *(f"active 2 = {NEW}", f"active 3 = {NEW}", "active 3"),
    ]
    assert seen == [state(text) for text in expected]
