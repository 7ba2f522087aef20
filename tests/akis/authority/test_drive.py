"""The issuer's conversation over a channel, with an emulated card at its end: honest, lying, or tampered with."""

from __future__ import annotations

import asyncio

import pytest

from akis.authority.drive import ChannelClosed, Outcome, drive
from akis.authority.spent import CRYPTOGRAPHY, Spent
from akis.emulator import EmulatedCard, load_personality
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality, State
from akis.errors import CodecError
from akis.sm.mutual_auth import DeviceKeys
from akis.unlock.holds import Holds
from akis.unlock.issue import Issue, Stage
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Gone, Report
from tests.akis.authority.emulated_client import COMMANDS, TRANSPORT, Change, Client, driven, issue_for
from tests.leaks import silent

KINDS = {"akis-2.2": 0x0C, "akis-2.5": 0xAC}
STEPS = range(1, COMMANDS + 1)


@pytest.fixture(params=list(KINDS))
def personality(request: pytest.FixtureRequest) -> Personality:
    return load_personality(request.param)


def card_of(personality: Personality, state: State = "blocked") -> EmulatedCard:
    return EmulatedCard(personality, Memory.new(personality, state))


def issue_of(personality: Personality) -> Issue:
    return issue_for(personality, KINDS[personality.name])


def pin_of(card: EmulatedCard) -> tuple[str, bytes, int]:
    pin = card.memory.references[0x81]
    return pin.state, bytes(pin.value), pin.left


def stopped(personality: Personality, at: int, change: Change) -> tuple[Outcome, Client]:
    """An exchange with a blocked card whose answer to command ``at`` comes back changed. It never ends well."""
    issue, client = issue_of(personality), Client(card_of(personality), at, change)
    before = pin_of(client.card)
    outcome = driven(issue, client)
    assert outcome.kind is not None
    assert issue.stage is not Stage.DONE
    # A challenge that was altered shows in the card's answer to the next command.
    assert outcome.commands == len(client.commands) in (at, at + 1 if at == 4 else at)
    assert outcome.holds is (Holds.UNKNOWN if at == COMMANDS else Holds.AS_BEFORE)
    assert outcome.sw is None
    if outcome.holds is Holds.AS_BEFORE:
        assert pin_of(client.card) == before
    return outcome, client


# ---- an honest card


@pytest.mark.parametrize("state", ["new", "blocked", ""])
def test_an_honest_card_holds_the_transport_pin_in_the_end(personality: Personality, state: State) -> None:
    client = Client(card_of(personality, state))
    outcome = driven(issue_of(personality), client)
    assert (outcome.kind, outcome.holds, outcome.sw) == (None, Holds.TRANSPORT_PIN, 0x9000)
    assert [command.n for command in client.commands] == list(STEPS)
    assert outcome.commands == COMMANDS
    assert pin_of(client.card) == ("transport", TRANSPORT.encode(), 3)


def test_the_client_sees_the_reset_only_in_a_form_it_cannot_read(personality: Personality) -> None:
    client = Client(card_of(personality))
    driven(issue_of(personality), client)
    *plain, reset = (command.apdu for command in client.commands)
    assert [apdu[:4].hex() for apdu in plain] == ["00a40400", "00ca0106", "0022c1a4", "00840000", "00820000"]
    assert reset[:4].hex() == "0c2c0281"
    key = personality.key("issuer")
    silent(" ".join(command.apdu.hex() for command in client.commands), [TRANSPORT, key.enc, key.mac])


def test_the_time_of_the_cryptography_is_counted(personality: Personality) -> None:
    spent = Spent()
    client = Client(card_of(personality))

    async def ours() -> bool:
        return True

    asyncio.run(drive(issue_of(personality), client, answer_wait=5, spent=spent, still_ours=ours))
    assert 0 < spent.seconds()[CRYPTOGRAPHY] < 5


# ---- a card that is another one, or refuses


def test_a_card_with_another_serial_number_is_not_authenticated(personality: Personality) -> None:
    issue = issue_for(personality, KINDS[personality.name], serial=bytes(12))
    client = Client(card_of(personality))
    outcome = driven(issue, client)
    assert (outcome.kind, outcome.holds, outcome.commands) == (Kind.OTHER_CARD, Holds.AS_BEFORE, 2)


def test_a_card_that_lies_about_its_serial_number_fails_by_its_keys() -> None:
    real = load_personality("akis-2.2")
    keys = DeviceKeys(1, 0x0C, bytes(range(16)), bytes(range(16, 32)))  # those of the card it says it is
    client = Client(card_of(real), 2, lambda answer, _: bytes(12).join((answer[:55], answer[67:])))
    outcome = driven(issue_for(real, 0x0C, keys, serial=bytes(12)), client)
    assert (outcome.kind, outcome.holds) == (Kind.CARD_NOT_AUTHENTIC, Holds.AS_BEFORE)
    assert outcome.message == "the card did not prove that it is the one this unlock is for; nothing was changed on it"


def test_a_card_with_other_keys_is_not_authentic(personality: Personality) -> None:
    other = DeviceKeys(1, KINDS[personality.name], bytes(range(16)), bytes(range(16, 32)))
    client = Client(card_of(personality))
    outcome = driven(issue_for(personality, KINDS[personality.name], other), client)
    assert (outcome.kind, outcome.holds, outcome.sw) == (Kind.CARD_NOT_AUTHENTIC, Holds.AS_BEFORE, None)
    assert outcome.commands == COMMANDS - 1


@pytest.mark.parametrize("at", [1, 2])
def test_a_refusal_before_the_secure_session_is_one_that_nobody_vouches_for(personality: Personality, at: int) -> None:
    outcome, _ = stopped(personality, at, lambda *_: b"\x6a\x82")
    assert outcome.kind is Kind.CARD_REFUSED
    assert "nothing was changed" in outcome.message


@pytest.mark.parametrize(
    ("answered", "holds"),
    [
        (0x6985, Holds.AS_BEFORE),
        (0x63C2, Holds.AS_BEFORE),
        (0x6983, Holds.AS_BEFORE),
        (0x6581, Holds.UNKNOWN),
        (0x6F00, Holds.UNKNOWN),
    ],
)
def test_a_refusal_of_the_reset_is_authentic(personality: Personality, answered: int, holds: Holds) -> None:
    client = Client(card_of(personality))
    client.card.instead[0x2C] = answered
    outcome = driven(issue_of(personality), client)
    assert (outcome.kind, outcome.holds, outcome.sw) == (Kind.CARD_REFUSED, holds, answered)
    assert f"({answered:04X})" in outcome.message


# ---- answers that are not the card's


def flipped(answer: bytes, at: int) -> bytes:
    return bytes(byte ^ (0x01 if place == at else 0) for place, byte in enumerate(answer))


CHANGES: dict[str, Change] = {
    "forged, plain 9000": lambda *_: b"\x90\x00",
    "forged, plain 6982": lambda *_: b"\x69\x82",
    "its first byte altered": lambda answer, _: flipped(answer, 0),
    "its last data byte altered": lambda answer, _: flipped(answer, len(answer) - 3),
    "its status word altered": lambda answer, _: answer[:-2] + b"\x62\x00",
    "cut": lambda answer, _: answer[: len(answer) // 2] + b"\x90\x00",
    "empty": lambda *_: b"",
    "as long as a message can hold": lambda *_: bytes(1022) + b"\x90\x00",
    "replayed": lambda _, before: before[-1] if before else b"\x6f\x00",
    "swapped with an older one": lambda _, before: before[0] if before else b"\x6f\x00",
}

HARMLESS = {
    # Data that nobody reads, of SELECT and MSE SET.
    (1, "forged, plain 9000"),
    (1, "its first byte altered"),
    (1, "its last data byte altered"),
    (1, "cut"),
    (1, "as long as a message can hold"),
    (3, "forged, plain 9000"),
    (3, "its last data byte altered"),  # there is none
    (3, "cut"),
    (3, "as long as a message can hold"),
    (3, "replayed"),
    (3, "swapped with an older one"),
    # Data of the serial number's neighbours.
    (2, "its first byte altered"),
    (2, "its last data byte altered"),
}


@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize("what", CHANGES)
def test_an_answer_that_is_not_the_cards_unlocks_nothing(personality: Personality, at: int, what: str) -> None:
    change = CHANGES[what]
    if (at, what) in HARMLESS:
        client = Client(card_of(personality), at, change)
        assert driven(issue_of(personality), client).holds is Holds.TRANSPORT_PIN
        assert pin_of(client.card)[0] == "transport"
        return
    outcome, _ = stopped(personality, at, change)
    if at == COMMANDS and what != "empty":
        assert outcome.kind is Kind.CARD_NOT_AUTHENTIC
        assert "nobody knows what the card holds" in outcome.message


def test_a_whole_exchange_that_was_recorded_opens_nothing_again(personality: Personality) -> None:
    """The answers of an exchange that ended well, in order, to a second one."""
    recorded = Client(card_of(personality))
    driven(issue_of(personality), recorded)

    class Replay(Client):
        async def receive(self) -> Answer | Gone | Report:
            return Answer(self.commands[-1].n, recorded.answers[len(self.commands) - 1])

    issue = issue_for(personality, KINDS[personality.name])
    fresh = iter(range(200, 250))
    issue._random = lambda count: bytes([next(fresh)]) * count
    outcome = driven(issue, Replay(card_of(personality)))
    assert (outcome.kind, outcome.holds) == (Kind.CARD_NOT_AUTHENTIC, Holds.AS_BEFORE)


# ---- messages that are not due, and none at all


@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize(
    "message",
    [
        lambda n, answer: Answer(n - 1, answer),
        lambda n, answer: Answer(n + 1, answer),
        lambda n, _: Gone(n + 1),
        lambda n, _: Report(n, Holds.HOLDER_PIN),
    ],
    ids=["the number before", "the number after", "gone with another number", "a report"],
)
def test_a_message_that_is_not_due_ends_the_exchange(personality: Personality, at: int, message: object) -> None:
    outcome, _ = stopped(personality, at, lambda answer, _: message(at, answer))  # type: ignore[operator]
    assert outcome.kind is Kind.OUT_OF_ORDER


def raising(error: Exception) -> Change:
    def change(*_: object) -> bytes:
        raise error

    return change


@pytest.mark.parametrize("at", STEPS)
def test_what_is_no_message_ends_the_exchange(personality: Personality, at: int) -> None:
    outcome, _ = stopped(personality, at, raising(CodecError("a message is longer than 4096 characters")))
    assert outcome.kind is Kind.OUT_OF_ORDER


@pytest.mark.parametrize("at", STEPS)
def test_a_card_that_is_gone_ends_the_exchange(personality: Personality, at: int) -> None:
    outcome, _ = stopped(personality, at, lambda *_: Gone(at))
    assert outcome.kind is Kind.CARD_GONE


@pytest.mark.parametrize("at", STEPS)
def test_a_client_that_is_gone_ends_the_exchange(personality: Personality, at: int) -> None:
    outcome, _ = stopped(personality, at, raising(ChannelClosed("closed")))
    assert outcome.kind is Kind.CARD_GONE
    assert "connection" in outcome.message


@pytest.mark.parametrize("at", [1, COMMANDS])
def test_silence_ends_the_exchange(at: int) -> None:
    personality = load_personality("akis-2.2")

    class Silent(Client):
        async def receive(self) -> Answer | Gone | Report:
            if self.commands[-1].n == at:
                await asyncio.Event().wait()
            return await super().receive()

    outcome = driven(issue_of(personality), Silent(card_of(personality)), answer_wait=0.01)
    assert outcome.kind is Kind.TIMED_OUT
    assert outcome.holds is (Holds.UNKNOWN if at == COMMANDS else Holds.AS_BEFORE)


def test_a_client_that_does_not_take_a_command_ends_the_exchange() -> None:
    personality = load_personality("akis-2.2")

    class Full(Client):
        async def send(self, message: object) -> None:
            await asyncio.Event().wait()

    outcome = driven(issue_of(personality), Full(card_of(personality)), answer_wait=0.01)
    assert (outcome.kind, outcome.holds, outcome.commands) == (Kind.TIMED_OUT, Holds.AS_BEFORE, 1)


# ---- another exchange that has taken the card over


@pytest.mark.parametrize("asked", range(1, COMMANDS + 1))
def test_a_card_that_was_taken_over_is_left_alone(personality: Personality, asked: int) -> None:
    """The last time it would be asked is the answer to the RESET, which counts in any case."""
    times = 0

    async def still_ours() -> bool:
        nonlocal times
        times += 1
        return times < asked

    client = Client(card_of(personality))
    outcome = driven(issue_of(personality), client, still_ours=still_ours)
    if asked == COMMANDS:
        assert outcome.holds is Holds.TRANSPORT_PIN
    else:
        assert (outcome.kind, outcome.holds, outcome.commands) == (Kind.CARD_BUSY, Holds.AS_BEFORE, asked)
        assert pin_of(client.card)[0] != "transport"


# ---- and whoever drives it goes away


def test_the_conversation_is_closed_when_its_driver_is_cancelled() -> None:
    personality = load_personality("akis-2.2")
    issue = issue_of(personality)
    closed = []
    made = issue.conversation

    def watched() -> object:
        try:
            return (yield from made())
        finally:
            closed.append(issue.stage)

    issue.conversation = watched  # type: ignore[assignment,method-assign]

    class Silent(Client):
        async def receive(self) -> Answer | Gone | Report:
            if self.commands[-1].n == COMMANDS:
                reached.set()
                await asyncio.Event().wait()
            return await super().receive()

    async def ours() -> bool:
        return True

    async def cancelled() -> None:
        client = Silent(card_of(personality))
        task = asyncio.create_task(drive(issue, client, answer_wait=5, spent=Spent(), still_ours=ours))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed == [Stage.RESETTING]

    reached = asyncio.Event()
    asyncio.run(cancelled())


def test_no_outcome_says_a_secret(personality: Personality) -> None:
    key = personality.key("issuer")
    for at in STEPS:
        for change in CHANGES.values():
            client = Client(card_of(personality), at, change)
            silent(repr(driven(issue_of(personality), client)), [TRANSPORT, key.enc, key.mac])
