"""What a watcher sees, and what it cannot change."""

import pytest

from akis.card import Card
from akis.codec.apdu import ResponseApdu
from akis.errors import CardRemoved, SecureMessagingError
from tests.akis.card.answers import LIFE_CYCLE, Answers
from tests.bench import bench


class TestWatching:
    def test_sees_each_exchange_after_it_happened(self):
        on = bench()
        on.exchanges.clear()
        on.card.serial()
        on.card.life_cycle()
        assert [exchange.command.to_bytes().hex() for exchange in on.exchanges] == ["00ca010600", "00ca010400"]
        assert all(exchange.plain_command is exchange.command for exchange in on.exchanges)
        assert all(exchange.plain_answer is exchange.answer is not None for exchange in on.exchanges)

    def test_sees_both_forms_in_a_session(self, suite):
        on = bench(suite).open()
        answer = on.card.send(LIFE_CYCLE)
        last = on.exchanges[-1]
        assert last.protected
        assert (last.command.to_bytes(), last.answer.to_bytes()) == (on.wire.sent[-1], on.wire.answers[-1])
        assert (last.plain_command, last.plain_answer) == (LIFE_CYCLE, answer)

    def test_sees_what_was_lost(self, profile):
        seen = []
        with pytest.raises(CardRemoved):
            Card(Answers(CardRemoved("gone")), profile, watch=seen.append).send(LIFE_CYCLE)
        [lost] = seen
        assert (lost.command, lost.answer, lost.plain_answer, lost.error) == (LIFE_CYCLE, None, None, "gone")

    def test_sees_an_answer_that_was_not_authentic(self):
        on = bench().open()
        on.card.transport = Answers(b"\x90\x00")
        with pytest.raises(SecureMessagingError):
            on.card.send(LIFE_CYCLE)
        last = on.exchanges[-1]
        assert (last.answer, last.plain_answer) == (ResponseApdu(), None)
        assert "plain answer" in last.error

    def test_does_not_see_what_never_left(self):
        on = bench().open()
        on.card.session.close()
        before = len(on.exchanges)
        with pytest.raises(SecureMessagingError):
            on.card.send(LIFE_CYCLE)
        assert len(on.exchanges) == before

    def test_a_watcher_that_fails_is_not_called_again_and_changes_no_outcome(self):
        calls = []

        def fail(exchange):
            calls.append(exchange)
            raise OSError("disk full")

        on = bench().open()
        on.card._watch = fail
        on.pin.verify("123456")
        assert on.card.session.alive
        assert len(calls) == 1
        assert isinstance(on.card.watch_failure, OSError)

    def test_an_interruption_is_seen_too(self, profile):
        seen = []
        with pytest.raises(KeyboardInterrupt):
            Card(Answers(KeyboardInterrupt()), profile, watch=seen.append).send(LIFE_CYCLE)
        assert [(exchange.plain_command, exchange.answer, exchange.error) for exchange in seen] == [
            (LIFE_CYCLE, None, "interrupted")
        ]

    def test_one_that_fails_over_a_lost_command_does_not_hide_what_was_lost(self, profile):
        def fail(exchange):
            raise OSError("disk full")

        with pytest.raises(CardRemoved) as caught:
            Card(Answers(CardRemoved("gone")), profile, watch=fail).send(LIFE_CYCLE)
        assert caught.value.__context__ is None
