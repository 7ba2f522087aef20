"""A whole unlock, cut at every command in every way: what the run says the card holds is what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from akis.connect import Connection
from akis.emulator import EmulatedCard
from akis.errors import (
    AkisError,
    AuthorityRefused,
    AuthorityUnreachable,
    InvalidArgument,
    PinFormatError,
    SharingViolation,
    TransportError,
)
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys
from akis.sources.keys import TerminalKeys
from akis.unlock.code import UnlockCode, check_digit
from akis.unlock.finish import VerifyContradicts
from akis.unlock.holds import Holds
from akis.unlock.issue import OtherCard
from akis.unlock.kinds import Kind
from akis.unlock.messages import Command, Done, Failed, Report
from akis.unlock.new_pin import ObviousPin
from akis.unlock.opened import HolderCard, OpenedUnlock, SecondFactor
from akis.unlock.run import UnlockRun
from akis.unlock.steps import Step
from tests.akis.unlock.issuer import NEW_PIN, TRANSPORT_PIN, Faulty, IssuerChannel, issue_for, new_card, stored
from tests.bench import SN_IFD, SUITES
from tests.leaks import silent

CODE = UnlockCode.from_text("41870293557206" + check_digit("41870293557206"))
SERIAL, SELECT, RESET, SELECT_AGAIN, CHANGE, VERIFY = 1, 2, 7, 8, 11, 14
"""The numbers of some of the commands that an unlock gives the card."""


class Holder:
    """A holder with a card in a reader, and an authority that has its keys; each can be made to fail."""

    def __init__(self, name: str = "akis-2.2", state: str = "blocked", second_factor: str = "sms") -> None:
        self.card: EmulatedCard = new_card(name, state)
        self.own = HolderCard(self.card.personality.serial, "my card", "akis-2")
        self.second_factor = SecondFactor(second_factor)  # type: ignore[arg-type]
        self.fault, self.at = "", 0
        self.alter: Callable = lambda said: said
        self.busy: list[Failed] = []
        self.ways: list[Faulty] = []
        self.connected: list[tuple[str, bool, bool]] = []
        self.channels: list[IssuerChannel] = []
        self.asked: list[object] = []
        self.steps: list[Step] = []
        self.run = UnlockRun(self, connect=self.connect, step=self.steps.append)  # type: ignore[arg-type]

    # The authority, as AuthorityClient has it.

    def open_unlock(self, code: UnlockCode) -> OpenedUnlock:
        self.asked.append(code)
        return OpenedUnlock(Secret(b"token"), 900, "Ayşe Yılmaz", (self.own,), self.second_factor)

    def choose_card(self, serial: bytes) -> SecondFactor:
        self.asked.append(serial)
        return self.second_factor

    def confirm(self, answer: Secret) -> None:
        self.asked.append(answer)

    @contextmanager
    def exchange(self) -> Iterator[IssuerChannel]:
        alter = self.alter
        if self.busy:
            failed = self.busy.pop(0)
            alter = lambda said: failed  # noqa: E731
        self.channels.append(IssuerChannel(issue_for(self.card.personality, serial=self.own.serial), alter))
        yield self.channels[-1]

    # The reader.

    def connect(self, target: str, *, exclusive: bool, leave_card: bool) -> Connection:
        self.connected.append((target, exclusive, leave_card))
        fault, at = (self.fault, self.at) if exclusive else ("", 0)
        self.ways.append(Faulty(self.card, fault, at))
        return Connection(self.ways[-1], "the reader", self.card.personality.card_profile(), self.ways[-1])

    # What the holder does.

    def begin(self) -> UnlockRun:
        self.run.open(CODE)
        self.run.use(self.run.look("emulator:mine").found[0])
        self.run.choose()
        self.run.confirm(Secret("748213"))
        return self.run

    def unlock(self, new_pin: str = NEW_PIN, **options) -> None:
        with Secret(new_pin) as pin:
            self.run.exchange(pin, **options)

    @property
    def really(self) -> Holds:
        value, state, _ = stored(self.card)
        if state == "transport":
            return Holds.TRANSPORT_PIN
        return Holds.HOLDER_PIN if value == NEW_PIN else Holds.AS_BEFORE

    @property
    def reported(self) -> list[Holds]:
        return [report.holds for channel in self.channels for report in channel.reports]


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("state", ["", "new", "blocked", "last-try"])
def test_an_unlock(name, state):
    holder = Holder(name, state)
    holder.begin()
    holder.unlock()
    assert stored(holder.card) == (NEW_PIN, "active", 3)
    assert holder.run.holds is Holds.HOLDER_PIN
    assert holder.reported == [Holds.HOLDER_PIN]
    assert holder.steps == list(Step)
    assert holder.asked == [CODE, holder.own.serial, Secret("748213")]


def test_without_an_sms_none_is_reported():
    holder = Holder(second_factor="password")
    holder.begin()
    assert holder.steps == [Step.CODE_ACCEPTED, Step.CARD_FOUND, Step.CONFIRMED]


def test_the_card_is_looked_at_shared_and_unlocked_alone():
    holder = Holder()
    holder.begin()
    holder.unlock()
    assert holder.connected == [("emulator:mine", False, True), ("emulator:mine", True, False)]
    with pytest.raises(TransportError, match="closed"):
        holder.ways[-1].transmit(b"\x00\x84\x00\x00\x08")


def test_one_transaction_from_the_first_command_to_the_last():
    holder = Holder()
    holder.begin()
    depth, seen = [0], []

    @contextmanager
    def transaction():
        if not depth[0]:
            seen.append(len(holder.ways[-1].sent))
        depth[0] += 1
        yield
        depth[0] -= 1
        if not depth[0]:
            seen.append(len(holder.ways[-1].sent))

    connect = holder.connect

    def watched(*args, **options):
        made = connect(*args, **options)
        made.way.transaction = transaction
        return made

    holder.run._connect = watched
    holder.unlock()
    assert seen == [0, VERIFY]


class TestOrder:
    def test_nothing_is_looked_for_before_a_code(self):
        with pytest.raises(InvalidArgument, match="once a code was redeemed"):
            Holder().run.look(None)

    @pytest.mark.parametrize("what", ["choose", "check_pin", "exchange"])
    def test_nothing_is_done_before_a_card(self, what):
        holder = Holder()
        holder.run.open(CODE)
        call = getattr(holder.run, what)
        with pytest.raises(InvalidArgument, match="no card was chosen yet"):
            call() if what == "choose" else call(Secret(NEW_PIN))
        assert holder.asked == [CODE]

    @pytest.mark.parametrize(("pin", "kind"), [("123", PinFormatError), ("1111", ObviousPin), ("4953", ObviousPin)])
    def test_a_pin_that_will_not_do_reaches_nobody(self, pin, kind):
        holder = Holder()
        holder.begin()
        with pytest.raises(kind):
            holder.run.check_pin(Secret(pin))
        with pytest.raises(kind):
            holder.unlock(pin)
        assert holder.channels == []
        assert len(holder.connected) == 1

    def test_another_card_in_the_reader_is_not_touched(self):
        holder = Holder()
        holder.begin()
        holder.card = new_card("akis-2.5")
        with pytest.raises(OtherCard, match="another one than before; put that one back"):
            holder.unlock()
        assert holder.channels == []
        assert len(holder.ways[-1].sent) == 1
        assert holder.run.holds is Holds.AS_BEFORE

    def test_a_card_that_another_program_has(self):
        holder = Holder()
        holder.begin()

        def taken(*_, **__):
            raise SharingViolation("another program has the card")

        holder.run._connect = taken
        with pytest.raises(SharingViolation):
            holder.unlock()
        assert holder.channels == []
        assert holder.run.holds is Holds.AS_BEFORE


def test_the_commands_and_their_numbers():
    holder = Holder()
    holder.begin()
    holder.unlock()
    sent = [raw[1] for raw in holder.ways[-1].sent]
    found = [sent[at - 1] for at in (SERIAL, SELECT, RESET, SELECT_AGAIN, CHANGE, VERIFY)]
    assert found == [0xCA, 0xA4, 0x2C, 0xA4, 0x24, 0x20]
    assert len(sent) == VERIFY


def held_after_a_cut(at: int) -> Holds:
    if at in (RESET, CHANGE):
        return Holds.UNKNOWN
    if at < RESET:
        return Holds.AS_BEFORE
    return Holds.TRANSPORT_PIN if at < CHANGE else Holds.HOLDER_PIN


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("fault", ["lost", "removed", "interrupted", "mangled"])
@pytest.mark.parametrize("at", range(1, VERIFY + 1))
def test_cut_at_every_command(name, fault, at):
    """The run says what the card holds, or that nobody knows, and that only where nobody can; again, it is finished."""
    holder = Holder(name)
    holder.begin()
    holder.fault, holder.at = fault, at
    expected = held_after_a_cut(at)
    pin = Secret(NEW_PIN)
    with pytest.raises((AkisError, KeyboardInterrupt)) as error:
        holder.run.exchange(pin)
    silent(error.value, [NEW_PIN, TRANSPORT_PIN])
    assert holder.run.holds is expected
    assert expected is Holds.UNKNOWN or holder.really is expected
    assert holder.reported == ([expected] if at > RESET else [])
    assert Step.DONE not in holder.steps

    holder.fault = ""
    holder.unlock()
    assert stored(holder.card) == (NEW_PIN, "active", 3)
    assert holder.run.holds is Holds.HOLDER_PIN


class TestAgain:
    """A second exchange in the same run."""

    @pytest.mark.parametrize(
        ("at", "left"), [(RESET, Holds.UNKNOWN), (CHANGE, Holds.UNKNOWN), (SELECT_AGAIN, Holds.TRANSPORT_PIN)]
    )
    def test_one_that_changes_nothing_undoes_nothing(self, at, left):
        holder = Holder()
        holder.begin()
        holder.fault, holder.at = "lost", at
        with pytest.raises(AkisError):
            holder.unlock()
        holder.fault, holder.at = "lost", SELECT
        with pytest.raises(TransportError):
            holder.unlock()
        assert holder.run.holds is left
        holder.busy = [Failed(0, Kind.UNLOCK_OVER, "over", Holds.AS_BEFORE)]
        with pytest.raises(AuthorityRefused):
            holder.unlock()
        assert holder.run.holds is left

    def test_a_refusal_that_is_known_to_be_one_after_a_lost_reset(self):
        """As before is then as it was before this exchange: unknown."""
        holder = Holder()
        holder.begin()
        holder.fault, holder.at = "lost", RESET
        with pytest.raises(AkisError):
            holder.unlock()
        holder.fault = ""
        holder.card.instead[0x2C] = 0x6982
        with pytest.raises(AuthorityRefused):
            holder.unlock()
        assert holder.run.holds is Holds.UNKNOWN


class TestBusy:
    BUSY = Failed(0, Kind.CARD_BUSY, "another unlock has this card", Holds.AS_BEFORE, 7)

    def test_it_is_tried_again_as_long_as_the_caller_waits(self):
        holder = Holder()
        holder.begin()
        holder.busy = [self.BUSY, self.BUSY]
        waited = []

        def wait(seconds: int) -> bool:
            with pytest.raises(TransportError, match="closed"):
                holder.ways[-1].transmit(b"\x00\x84\x00\x00\x08")  # the card is free meanwhile
            waited.append(seconds)
            return True

        holder.unlock(wait=wait)
        assert waited == [7, 7]
        assert holder.run.holds is Holds.HOLDER_PIN

    def test_it_is_an_error_without(self):
        holder = Holder()
        holder.begin()
        for options in ({}, {"wait": lambda seconds: False}):
            holder.busy = [self.BUSY]
            with pytest.raises(AuthorityRefused) as error:
                holder.unlock(**options)
            assert (error.value.kind, error.value.retry_after) == ("card_busy", 7)

    def test_nobody_waits_for_what_does_not_say_how_long(self):
        holder = Holder()
        holder.begin()
        holder.busy = [Failed(0, Kind.CARD_BUSY, "taken", Holds.AS_BEFORE)]
        with pytest.raises(AuthorityRefused):
            holder.unlock(wait=lambda seconds: pytest.fail("it waited"))

    def test_other_refusals_are_not_waited_for(self):
        holder = Holder()
        holder.begin()
        holder.busy = [Failed(0, Kind.TOO_MANY, "too many", Holds.AS_BEFORE, 7)]
        with pytest.raises(AuthorityRefused, match="too many"):
            holder.unlock(wait=lambda seconds: pytest.fail("it waited"))


class TestAuthority:
    def test_that_is_lost_after_the_reset(self):
        holder = Holder()
        holder.begin()

        def lost(said):
            if isinstance(said, Done):
                raise AuthorityUnreachable("the line is dead")
            return said

        holder.alter = lost
        with pytest.raises(AuthorityUnreachable):
            holder.unlock()
        assert holder.run.holds is Holds.UNKNOWN
        assert holder.really is Holds.TRANSPORT_PIN

    def test_that_cannot_be_told_how_it_ended(self):
        """The holder's PIN is in force all the same."""
        holder = Holder()
        holder.begin()
        real = IssuerChannel.send

        def send(channel, message):
            if isinstance(message, Report):
                raise AuthorityUnreachable("the line is dead")
            real(channel, message)

        holder.exchange = _with_send(holder, send)
        holder.unlock()
        assert holder.run.holds is Holds.HOLDER_PIN
        assert holder.steps[-1] is Step.DONE

    def test_that_gives_another_pin_than_the_card_has(self):
        """The card compares it, once; what it holds is still the issuer's."""
        holder = Holder()
        holder.begin()
        holder.alter = lambda said: Done(said.n, Secret("11112222")) if isinstance(said, Done) else said
        with pytest.raises(AkisError, match="wrong PIN, 2 tries left"):
            holder.unlock()
        assert holder.run.holds is Holds.TRANSPORT_PIN
        assert holder.reported == [Holds.TRANSPORT_PIN]
        assert stored(holder.card) == (TRANSPORT_PIN, "transport", 2)

    def test_that_wants_something_else_of_the_card(self):
        holder = Holder()
        holder.begin()
        puk = Command(3, bytes.fromhex("0020008208") + b"87654321")
        holder.alter = lambda said: puk if said.n == 3 else said
        with pytest.raises(AkisError, match="not given to the card"):
            holder.unlock()
        assert holder.card.memory.references[0x82].left == 3
        assert holder.run.holds is Holds.AS_BEFORE


class TestCard:
    def test_that_contradicts_itself(self):
        holder = Holder()
        holder.begin()
        holder.card.instead[0x20] = 0x63C2
        with pytest.raises(VerifyContradicts):
            holder.unlock()
        assert holder.run.holds is Holds.HOLDER_PIN
        assert holder.reported == [Holds.HOLDER_PIN]

    def test_that_takes_pins_in_a_session_only(self):
        holder = Holder()
        holder.card = EmulatedCard(replace(holder.card.personality, pin_over_sm_only=True), holder.card.memory)
        holder.begin()
        with pytest.raises(AkisError, match="give --terminal-keys"):
            holder.unlock()
        assert holder.run.holds is Holds.TRANSPORT_PIN
        terminal = holder.card.personality.key("terminal")
        device: DeviceKeys = terminal.device_keys(terminal.algorithms[-1])
        again = UnlockRun(holder, keys=TerminalKeys(device, SN_IFD), connect=holder.connect)
        holder.run = again
        holder.begin()
        holder.unlock()
        assert stored(holder.card) == (NEW_PIN, "active", 3)


def _with_send(holder: Holder, send):
    @contextmanager
    def exchange():
        with Holder.exchange(holder) as channel:
            channel.send = lambda message: send(channel, message)
            yield channel

    return exchange
