"""Sessions of a card: opened, ended, dead; and nothing meant for one ever leaves in the clear."""

from dataclasses import replace

import pytest

from akis.card import Card
from akis.errors import CardError, CardRemoved, SecureMessagingError, TransportError
from tests.akis.card.answers import LIFE_CYCLE, Answers
from tests.bench import bench


class TestSessions:
    def test_opening_another_ends_the_first(self, suite):
        on = bench(suite).open()
        first = on.card.session
        second = on.open("terminal").card.session
        assert on.card.session is second is not first
        assert (first.alive, second.alive) == (False, True)
        assert on.card.send(LIFE_CYCLE).sw.ok

    def test_ended_it_is_gone_and_commands_go_in_the_clear(self):
        on = bench().open()
        session = on.card.session
        on.card.end_session()
        on.card.end_session()
        assert (on.card.session, session.alive) == (None, False)
        on.card.send(LIFE_CYCLE)
        assert on.wire.sent[-1] == LIFE_CYCLE.to_bytes()

    def test_reset_ends_it(self):
        on = bench().open()
        session = on.card.session
        on.card.reset()
        assert (on.card.session, session.alive) == (None, False)

    def test_close_ends_it_and_lets_go_of_the_card(self, profile):
        on, wire = bench().open(), Answers()
        session = on.card.session
        with pytest.raises(KeyError), on.card:
            raise KeyError
        assert (on.card.session, session.alive) == (None, False)
        with Card(wire, profile) as card:
            assert isinstance(card, Card)
            assert not wire.closed
        assert wire.closed

    @pytest.mark.parametrize("wrong", ["enc", "mac"])
    def test_with_wrong_keys_there_is_none(self, wrong):
        on = bench()
        key = on.emulated.personality.key("issuer")
        keys = replace(key, **{wrong: bytes(16)}).device_keys(0x8C)
        with pytest.raises(CardError) as caught:
            on.card.open_session(keys, bytes(8))
        assert (caught.value.sw, on.card.session) == (0x6300, None)

    @pytest.mark.parametrize("how", ["the card was reset behind our back", "it was closed", "a wrong answer"])
    def test_a_dead_one_stays_and_nothing_leaves_any_more(self, suite, how):
        on = bench(suite).open()
        session = on.card.session
        if how == "it was closed":
            session.close()
        else:
            if how == "a wrong answer":
                session._counter += 1
            on.emulated.reset()
            with pytest.raises(SecureMessagingError):
                on.card.send(LIFE_CYCLE)
        sent = len(on.wire.sent)
        for attempt in (Card.serial, Card.life_cycle, Card.select_application, lambda card: card.send(LIFE_CYCLE)):
            with pytest.raises(SecureMessagingError, match="over"):
                attempt(on.card)
        assert on.card.session is session
        assert len(on.wire.sent) == sent
        # Until somebody says what is wanted instead.
        on.card.end_session()
        assert on.card.send(LIFE_CYCLE).sw.ok

    def test_or_another_session_is_opened(self, suite):
        on = bench(suite).open()
        on.card.session.close()
        on.open()
        assert on.card.send(LIFE_CYCLE).sw.ok
        assert on.wire.sent[-1][0] == 0x0C


SERIAL, MSE, GET_CHALLENGE, MUTUAL_AUTHENTICATE = 0xCA, 0x22, 0x84, 0x82


class TestTransactions:
    """Nobody else comes between the challenge and its answer; and all may come afterwards."""

    steps = (SERIAL, MSE, GET_CHALLENGE, MUTUAL_AUTHENTICATE)

    @staticmethod
    def instructions(on):
        return [[raw[1] for raw in commands] for commands in on.wire.transactions]

    def test_authentication_is_in_one(self, suite):
        on = bench(suite)
        on.wire.log.clear()
        on.open()
        assert self.instructions(on) == [[*self.steps]]

    def test_with_wrong_keys_too(self, suite):
        on = bench(suite)
        key = on.emulated.personality.key("issuer")
        on.wire.log.clear()
        with pytest.raises(CardError):
            on.card.open_session(replace(key, mac=bytes(16)).device_keys(key.algorithms[-1]), bytes(8))
        assert self.instructions(on) == [[*self.steps]]

    @pytest.mark.parametrize(
        ("lost", "raised"),
        [
            (CardRemoved("gone"), CardRemoved),
            (OSError("odd"), TransportError),
            (KeyboardInterrupt(), KeyboardInterrupt),
        ],
        ids=["ours", "somebody else's", "an interrupt"],
    )
    @pytest.mark.parametrize("step", range(4))
    def test_one_that_is_lost_ends_it(self, suite, step, lost, raised):
        on = bench(suite)
        forward = on.wire.reader.transmit

        def lose(command):
            if command[1] == self.steps[step]:
                raise lost
            return forward(command)

        on.wire.reader.transmit = lose
        on.wire.log.clear()
        with pytest.raises(raised):
            on.open()
        assert self.instructions(on) == [[*self.steps[: step + 1]]]

    def test_a_conversation_that_ends_with_an_error_of_its_own_ends_it(self):
        def wrong():
            yield LIFE_CYCLE
            yield LIFE_CYCLE
            raise KeyError

        on = bench()
        on.wire.log.clear()
        with pytest.raises(KeyError):
            on.card.run(wrong())
        assert on.wire.transactions == [[LIFE_CYCLE.to_bytes()] * 2]
