"""What a session may do to a card that is not emulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import akis.regress.target
from akis.card import Card
from akis.connect import Connection
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import InvalidArgument, PolicyRefused
from akis.pin import Puk
from akis.regress.run import Permissions, Plan, replay
from akis.secret import Secret
from akis.trace.entries import Entry, Exchanged, Failure, Header, Kept, Wire
from akis.trace.redact import Mask
from tests.akis.regress.recorded import PUK, named, raw, recorded, unblock_on, verify_wrong_then_right

SECRETS = {"pin": Secret("123456"), "wrong-pin": Secret("000000"), "new-pin": Secret("2468")}


class Real(EmulatorTransport):
    """A card that the code under test cannot tell from a real one; it keeps what was sent."""

    def __init__(self, card: EmulatedCard) -> None:
        super().__init__(card)
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return super().transmit(command)


Insert = Callable[[str], Real]


@pytest.fixture
def insert(monkeypatch: pytest.MonkeyPatch) -> Insert:
    """Puts a card in a state into the reader that ``connect`` finds."""

    def inserted(state: str) -> Real:
        real = Real(EmulatedCard.named("akis-2.2", state))  # type: ignore[arg-type]
        profile = real.card.personality.card_profile()
        monkeypatch.setattr(akis.regress.target, "connect", lambda _: Connection(real, "reader", profile, real))
        return real

    return inserted


def on_reader(trace: Kept, **permissions: bool) -> Any:
    return replay(trace, Plan(reader="0", secrets=SECRETS, permissions=Permissions(**permissions)))


def test_harmless_sessions_are_played(insert: Insert) -> None:
    insert("")
    outcome = replay(recorded(raw("00A4040C07504B43532D3135", "00CB3FFF064D04BF81018000")), Plan(reader="0"))
    assert outcome.verdict == "passed"


@pytest.mark.parametrize("trace", [recorded(verify_wrong_then_right), recorded(unblock_on("akis-2.2"))])
def test_pin_commands_need_permission(insert: Insert, trace: Kept) -> None:
    real = insert("")
    with pytest.raises(PolicyRefused, match="--allow-pin-commands"):
        on_reader(trace)
    assert real.sent == []


def test_puk_commands_need_their_own(insert: Insert) -> None:
    def story(card: Card) -> None:
        card.select_application()
        Puk(card).verify(PUK, permit_puk=True)

    real = insert("")
    with pytest.raises(PolicyRefused, match="--accept-puk-risk"):
        on_reader(recorded(story), pin_commands=True)
    assert real.sent == []


def test_with_permission_they_are_played(insert: Insert) -> None:
    real = insert("")
    assert on_reader(recorded(verify_wrong_then_right), pin_commands=True).verdict == "passed"
    assert real.card.memory.references[0x81].left == 3


@pytest.mark.parametrize("state", ["last-try", "blocked"])
def test_the_last_try_is_guarded(insert: Insert, state: str) -> None:
    real = insert(state)
    with pytest.raises(PolicyRefused, match="--allow-last-try"):
        on_reader(recorded(verify_wrong_then_right), pin_commands=True)
    assert not any(command[1] in (0x20, 0x24, 0x2C) for command in real.sent)


def test_nothing_follows_a_difference(insert: Insert) -> None:
    real = insert("")
    real.card.instead[0x20] = 0x6A80
    outcome = on_reader(recorded(verify_wrong_then_right), pin_commands=True, last_try=True)
    assert outcome.verdict == "differs"
    assert [command[1] for command in real.sent].count(0x20) == 1


def test_a_slot_that_nobody_fills_is_an_error_before_anything_is_sent(insert: Insert) -> None:
    real = insert("")
    with pytest.raises(InvalidArgument, match="--secret wrong-pin=env:NAME"):
        replay(recorded(verify_wrong_then_right), Plan(reader="0", permissions=Permissions(pin_commands=True)))
    assert real.sent == []


def test_only_an_emulated_card_loses_its_answers_again(insert: Insert) -> None:
    real = insert("")
    lost = Exchanged(Wire(bytes.fromhex("00A4040C07504B43532D3135")), None, failure=Failure("CardRemoved"))
    with pytest.raises(InvalidArgument, match="only an emulated card"):
        on_reader(Kept(recorded(raw()).header, (lost,)))
    assert real.sent == []


def test_another_card_than_the_recorded_one_gets_nothing(insert: Insert) -> None:
    real = insert("")
    outcome = on_reader(named(recorded(raw("0084000008")), atr=b"\x3b\x00"))
    assert (outcome.verdict, real.sent) == ("differs", [])


VERIFY_WRONG, VERIFY_RIGHT = "0020008106303030303030", "0020008106313233343536"
SELECT = "00A4040C07504B43532D3135"


def said(*exchanges: tuple[str, str], masks: tuple[Mask, ...] = ()) -> Kept:
    """A trace that somebody wrote, with ``masks`` in every answer."""
    made = [Exchanged(Wire(bytes.fromhex(sent)), Wire(bytes.fromhex(got), masks)) for sent, got in exchanges]
    return Kept(Header(profile="akis-2"), tuple(made))


@pytest.mark.parametrize("command", ["0026008106313233343536", "0028008106313233343536", "00200081063132333435363738"])
def test_whatever_may_compare_a_pin_needs_permission(insert: Insert, command: str) -> None:
    real = insert("")
    with pytest.raises(PolicyRefused, match="--allow-pin-commands"):
        on_reader(said((SELECT, "9000"), (command, "9000")))
    assert real.sent == []


@pytest.mark.parametrize("command", ["002C02810431323334", "002C0381", "0024018106313233343536"])
def test_so_does_what_changes_it(insert: Insert, command: str) -> None:
    real = insert("")
    with pytest.raises(PolicyRefused, match="--allow-pin-commands"):
        on_reader(said((SELECT, "9000"), (command, "9000")))
    assert real.sent == []


def test_no_mask_hides_that_the_card_refused(insert: Insert) -> None:
    real = insert("")
    lies = said((SELECT, "9000"), *[(VERIFY_WRONG, "9000")] * 3, masks=(Mask(0, 2, "token", hidden=False),))
    outcome = on_reader(lies, pin_commands=True)
    assert outcome.verdict == "differs"
    assert [command[1] for command in real.sent].count(0x20) == 1


def test_another_card_is_not_even_asked_for_its_counter(insert: Insert) -> None:
    real = insert("")
    outcome = on_reader(named(said((VERIFY_RIGHT, "9000")), atr=b"\x3b\x00"), pin_commands=True)
    assert (outcome.verdict, real.sent) == ("differs", [])


class Changing:
    """A trace that says something else each time it is read."""

    header = Header(profile="akis-2")

    def __init__(self, *versions: Kept) -> None:
        self.versions = list(versions)

    def entries(self) -> Iterator[Entry]:
        return self.versions.pop(0).entries()


def test_what_is_sent_is_what_was_looked_at(insert: Insert) -> None:
    real = insert("")
    trace: Any = Changing(said((SELECT, "9000")), said((SELECT, "9000"), (VERIFY_WRONG, "63C2")))
    assert on_reader(trace).verdict == "passed"
    assert not any(command[1] == 0x20 for command in real.sent)
