"""The exchange carried between an authority and a card: what comes of it, and what the card holds afterwards."""

from __future__ import annotations

import pytest

from akis.errors import (
    AuthorityRefused,
    AuthorityUnreachable,
    CodecError,
    NoCard,
    PolicyRefused,
    TransportError,
)
from akis.secret import Secret
from akis.unlock.carry import Carrying
from akis.unlock.holds import Holds
from akis.unlock.messages import Answer, Command, Done, Failed, Gone, Report
from akis.unlock.steps import Step
from tests.akis.unlock.issuer import (
    RESET,
    TRANSPORT_PIN,
    Faulty,
    IssuerChannel,
    issue_for,
    new_card,
    stored,
)
from tests.akis.unlock.test_permitted import FOREIGN
from tests.bench import SUITES
from tests.leaks import silent

BEFORE = ("123456", "active", 0)


class Exchange:
    """A blocked card, an authority that has its keys, and a client in between."""

    def __init__(self, name: str = "akis-2.2", alter=lambda said: said, fault: str = "", at: int = 0) -> None:
        self.card = new_card(name)
        self.way = Faulty(self.card, fault, at)
        self.channel = IssuerChannel(issue_for(self.card.personality), alter)
        self.steps: list[Step] = []
        self.carrying = Carrying(self.channel, self.way, self.card.personality.card_profile(), self.steps.append)

    def fails(self, kind: type[BaseException], match: str | None = None) -> BaseException:
        with pytest.raises(kind, match=match) as error:
            self.carrying.run()
        assert type(error.value) is kind
        silent(error.value, [TRANSPORT_PIN])
        return error.value


def at(number: int, instead):
    """Changes the authority's message with this number: a message in its place, or what is called with it."""
    return lambda said: said if said.n != number else instead(said) if callable(instead) else instead


@pytest.mark.parametrize("name", SUITES)
def test_an_unlock(name):
    made = Exchange(name)
    assert made.carrying.holds is Holds.AS_BEFORE
    assert made.carrying.run() == Secret(TRANSPORT_PIN)
    assert made.carrying.holds is Holds.TRANSPORT_PIN
    assert stored(made.card) == (TRANSPORT_PIN, "transport", 3)
    assert made.steps == [Step.MEETING, Step.AUTHENTICATING, Step.RESETTING]
    assert made.way.sent[-1][:4] == bytes.fromhex("0C2C0281")
    assert [message.n for message in made.channel.heard] == [1, 2, 3, 4, 5, 6]
    made.carrying.report(Holds.HOLDER_PIN)
    assert made.channel.reports == [Report(7, Holds.HOLDER_PIN)]


class TestHostileAuthority:
    @pytest.mark.parametrize("number", range(1, RESET + 2))
    @pytest.mark.parametrize("foreign", ["VERIFY", "RESET by PUK", "RESET in the clear", "protected RESET by PUK"])
    def test_what_may_not_pass_does_not_reach_the_card(self, number, foreign):
        made = Exchange(alter=at(number, Command(number, bytes.fromhex(FOREIGN[foreign]))))
        made.fails(PolicyRefused, "not given to the card")
        assert len(made.way.sent) == number - 1
        assert made.channel.heard[-1] == Gone(number)
        assert made.carrying.holds is (Holds.AS_BEFORE if number <= RESET else Holds.UNKNOWN)

    def test_a_second_reset(self):
        made = Exchange(alter=at(RESET + 1, lambda _: Command(RESET + 1, made.way.sent[-1])))
        made.fails(PolicyRefused, "after the last one")
        assert made.carrying.holds is Holds.UNKNOWN
        assert stored(made.card) == (TRANSPORT_PIN, "transport", 3)

    @pytest.mark.parametrize("number", [0, 2, 3, 1000])
    def test_a_command_with_another_number(self, number):
        made = Exchange(alter=lambda said: Command(number, said.apdu))
        made.fails(AuthorityUnreachable, "another number than its place")
        assert made.way.sent == []
        assert made.channel.heard == [Gone(number)]

    @pytest.mark.parametrize("number", range(1, RESET + 1))
    def test_done_before_it_is(self, number):
        made = Exchange(alter=at(number, Done(number, Secret(TRANSPORT_PIN))))
        made.fails(AuthorityUnreachable, "says that the PIN was reset, which it was not")
        assert made.carrying.holds is Holds.AS_BEFORE
        assert stored(made.card) == BEFORE

    def test_done_with_another_number(self):
        made = Exchange(alter=at(RESET + 1, Done(RESET, Secret(TRANSPORT_PIN))))
        made.fails(AuthorityUnreachable, "another number")
        assert made.carrying.holds is Holds.UNKNOWN

    def test_done_although_the_card_refused_the_reset(self):
        done = Done(RESET + 1, Secret(TRANSPORT_PIN))
        made = Exchange(alter=lambda said: done if isinstance(said, Failed) else said)
        made.card.instead[0x2C] = 0x6982
        made.fails(AuthorityUnreachable, "which it was not")
        assert made.carrying.holds is Holds.UNKNOWN

    @pytest.mark.parametrize("claim", Holds)
    @pytest.mark.parametrize("number", range(1, RESET + 1))
    def test_before_the_reset_nothing_it_says_changes_what_the_card_holds(self, number, claim):
        made = Exchange(alter=at(number, Failed(number, "timed_out", "too slow", claim)))
        made.fails(AuthorityRefused, "^too slow$")
        assert made.carrying.holds is Holds.AS_BEFORE

    @pytest.mark.parametrize(
        ("claim", "holds"),
        [
            (Holds.AS_BEFORE, Holds.AS_BEFORE),
            (Holds.TRANSPORT_PIN, Holds.TRANSPORT_PIN),
            (Holds.UNKNOWN, Holds.UNKNOWN),
            (Holds.HOLDER_PIN, Holds.UNKNOWN),
        ],
    )
    def test_after_the_reset_it_knows_more_than_the_client(self, claim, holds):
        made = Exchange(alter=at(RESET + 1, Failed(RESET, "card_refused", "no", claim)))
        made.fails(AuthorityRefused)
        assert made.carrying.holds is holds

    def test_a_failure_with_another_number_is_not_believed(self):
        made = Exchange(alter=at(RESET + 1, Failed(0, "card_refused", "no", Holds.AS_BEFORE)))
        made.fails(AuthorityUnreachable, "another number")
        assert made.carrying.holds is Holds.UNKNOWN

    def test_what_it_says_cannot_steer_a_terminal(self):
        made = Exchange(alter=at(1, Failed(0, "card_busy", "wait\x1b[2J\n\ud800", Holds.AS_BEFORE, 20)))
        refused = made.fails(AuthorityRefused)
        assert isinstance(refused, AuthorityRefused)
        assert str(refused) == "wait\ufffd[2J\ufffd\ufffd"
        assert (refused.kind, refused.retry_after) == ("card_busy", 20)


@pytest.mark.parametrize("name", SUITES)
class TestRefusals:
    def test_the_card_refuses_the_reset_and_says_so_authentically(self, name):
        made = Exchange(name)
        made.card.instead[0x2C] = 0x6982
        made.fails(AuthorityRefused, "6982")
        assert made.carrying.holds is Holds.AS_BEFORE
        assert stored(made.card) == BEFORE

    def test_the_card_refuses_the_key(self, name):
        made = Exchange(name)
        made.card.instead[0x82] = 0x6300
        made.fails(AuthorityRefused, "did not take the issuer's key")
        assert made.carrying.holds is Holds.AS_BEFORE
        assert len(made.way.sent) == 5


@pytest.mark.parametrize("number", range(1, RESET + 1))
class TestLost:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("lost", TransportError),
            ("removed", NoCard),
            ("mangled", CodecError),
            ("interrupted", KeyboardInterrupt),
        ],
    )
    def test_on_the_way_to_the_card(self, number, fault, kind):
        made = Exchange(fault=fault, at=number)
        made.fails(kind)
        assert made.channel.heard[-1] == Gone(number)
        assert made.carrying.holds is (Holds.AS_BEFORE if number < RESET else Holds.UNKNOWN)

    def test_the_authority_before_its_command(self, number):
        made = Exchange(alter=at(number, lambda _: gone()))
        made.fails(AuthorityUnreachable, "the line is dead")
        assert made.carrying.holds is Holds.AS_BEFORE

    def test_the_authority_before_it_got_the_answer(self, number):
        made = Exchange()
        hear = made.channel.send

        def send(message):
            hear(message)
            if message.n == number:
                gone()

        made.channel.send = send
        made.fails(AuthorityUnreachable, "the line is dead")
        assert isinstance(made.channel.heard[-1], Answer)
        assert made.carrying.holds is (Holds.AS_BEFORE if number < RESET else Holds.UNKNOWN)

    def test_both_at_once(self, number):
        """That the authority cannot be told is not what is reported."""
        made = Exchange(fault="lost", at=number)
        made.channel.send = lambda message: gone() if isinstance(message, Gone) else hear(message)
        hear = IssuerChannel.send.__get__(made.channel)
        made.fails(TransportError, "ConnectionError")


def test_the_authority_is_lost_instead_of_done():
    made = Exchange(alter=at(RESET + 1, lambda _: gone()))
    made.fails(AuthorityUnreachable)
    assert made.carrying.holds is Holds.UNKNOWN
    assert stored(made.card) == (TRANSPORT_PIN, "transport", 3)


def gone():
    raise AuthorityUnreachable("the line is dead")
