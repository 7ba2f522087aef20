"""A card in the hand: commands in the clear and in a session, chains, what is seen, and every way it can go wrong."""

import sys
import traceback
from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FileControl
from akis.commands import objects
from akis.conversation.base import ask
from akis.errors import (
    AkisError,
    CardError,
    CardRemoved,
    CodecError,
    InvalidArgument,
    SecureMessagingError,
    TransportError,
    WrongType,
)
from akis.profile.model import SmRules
from akis.sm.chain import plain_room
from akis.transport.base import Transport
from tests.bench import SUITES, bench

LIFE_CYCLE = objects.get_data(0x0104)
PUT_DATA, PUT_DATA_ODD = 0xDA, 0xDB


class Answers(Transport):
    """Answers the same to everything, or raises it; keeps what was sent."""

    atr = b"\x3b\x00"

    def __init__(self, answer=b"\x90\x00"):
        self.answer, self.sent, self.closed = answer, [], False

    def transmit(self, command):
        self.sent.append(command)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def reset(self):
        return self.atr

    def close(self):
        self.closed = True


@pytest.fixture
def profile():
    return bench().card.profile


@pytest.fixture(params=SUITES)
def suite(request):
    return request.param


class TestSending:
    def test_in_the_clear_bytes_go_out_as_they_are(self):
        on = bench()
        answer = on.card.send(LIFE_CYCLE)
        assert on.wire.sent[-1] == bytes.fromhex("00CA010400")
        assert (answer.data[6], answer.sw) == (0xA5, 0x9000)

    def test_in_a_session_they_go_out_protected_and_mean_the_same(self, suite):
        on = bench(suite).open()
        answer = on.card.send(LIFE_CYCLE)
        assert on.wire.sent[-1][:4] == bytes.fromhex("0CCA0104")
        assert (answer.data[6], answer.sw) == (0xA5, 0x9000)

    def test_a_refusal_by_the_card_is_an_answer_and_the_session_goes_on(self, suite):
        on = bench(suite).open()
        assert on.card.send(CommandApdu(0x00, 0xEE, 0, 0)).sw == 0x6D00
        assert on.card.session.alive
        assert on.card.send(LIFE_CYCLE).sw.ok

    @pytest.mark.parametrize("command", [b"\x00\xca\x01\x04\x00", None, "00CA010400", LIFE_CYCLE.header])
    def test_takes_commands_only(self, command):
        on = bench()
        sent = len(on.wire.sent)
        with pytest.raises(WrongType):
            on.card.send(command)
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("role", [None, "issuer"])
    def test_a_short_card_is_not_asked_for_more_than_256_bytes(self, role):
        on = bench()
        if role:
            on.open(role)
        sent = len(on.wire.sent)
        with pytest.raises(InvalidArgument, match="257"):
            on.card.send(CommandApdu(0x00, 0xB0, 0, 0, ne=257))
        assert len(on.wire.sent) == sent
        assert on.card.send(LIFE_CYCLE).sw.ok  # and a session is as good as before

    def test_a_card_with_extended_length_is(self, profile):
        wire = Answers()
        Card(wire, replace(profile, extended_length=True)).send(CommandApdu(0x00, 0xB0, 0, 0, ne=257))
        assert wire.sent == [bytes.fromhex("00B0000000 0101")]

    @pytest.mark.parametrize("cla", [0x0C, 0x04, 0x40])
    def test_what_cannot_be_protected_is_refused_and_the_session_goes_on(self, cla):
        on = bench().open()
        sent = len(on.wire.sent)
        with pytest.raises(InvalidArgument):
            on.card.send(CommandApdu(cla, 0xCA, 0x01, 0x04, ne=256))
        assert len(on.wire.sent) == sent
        assert on.card.send(LIFE_CYCLE).sw.ok


class TestWrongTypes:
    @pytest.mark.parametrize("transport", [None, "emulator:", bench])
    def test_a_transport_is_a_transport(self, profile, transport):
        with pytest.raises(WrongType, match="Transport"):
            Card(transport, profile)

    @pytest.mark.parametrize("profile", [None, "akis-2", {}])
    def test_a_profile_is_a_profile(self, profile):
        with pytest.raises(WrongType, match="CardProfile"):
            Card(Answers(), profile)

    @pytest.mark.parametrize("conversation", [None, LIFE_CYCLE, [LIFE_CYCLE], ask])
    def test_a_conversation_is_a_generator(self, profile, conversation):
        with pytest.raises(WrongType, match="conversation"):
            Card(Answers(), profile).run(conversation)

    def test_a_transport_that_answers_something_else_than_bytes(self, profile):
        with pytest.raises(AkisError):
            Card(Answers("9000"), profile).send(LIFE_CYCLE)


class TestRunning:
    def test_gives_the_result_of_the_conversation(self):
        def both():
            first = yield LIFE_CYCLE
            second = yield LIFE_CYCLE
            return first == second

        assert bench().card.run(both()) is True

    def test_a_conversation_may_end_without_a_command(self):
        def nothing():
            return "done"
            yield

        assert bench().card.run(nothing()) == "done"

    def test_its_errors_come_out_and_it_is_over(self):
        conversation = ask(CommandApdu(0x00, 0xEE, 0, 0), "the unknown")
        with pytest.raises(CardError, match="the unknown failed: 6D00"):
            bench().card.run(conversation)
        assert conversation.gi_frame is None

    def test_it_is_over_too_when_a_command_is_lost(self, profile):
        conversation = ask(LIFE_CYCLE, "reading")
        with pytest.raises(CardRemoved):
            Card(Answers(CardRemoved("gone")), profile).run(conversation)
        assert conversation.gi_frame is None


class TestWhatTheCardIs:
    def test_application(self):
        control = bench().card.select_application()
        assert (control.fid, control.name, control.is_df) == (0x3D00, b"PKCS-15", True)

    def test_serial_and_life_cycle(self):
        card = bench().card
        assert card.serial() == bytes.fromhex("414B49530202000000000001")
        assert card.life_cycle() == "operation"
        assert bench(state="dead").card.life_cycle() == "death"

    def test_a_life_cycle_nobody_knows_is_shown_as_it_is(self, profile):
        assert Card(Answers(bytes(6) + b"\x5a\x90\x00"), profile).life_cycle() == "unknown (5A)"

    @pytest.mark.parametrize(("read", "needed"), [(Card.serial, 67), (Card.life_cycle, 7)])
    def test_answers_too_short(self, profile, read, needed):
        for length in (0, 1, needed - 1):
            with pytest.raises(CodecError) as caught:
                read(Card(Answers(bytes(length) + b"\x90\x00"), profile))
            assert caught.value.offset == length
        read(Card(Answers(bytes(needed) + b"\x90\x00"), profile))

    @pytest.mark.parametrize("answer", [b"", b"\x90", b"\x90\x00", b"\x6f\x05\x90\x00", b"\x84\x00\x90\x00"])
    def test_select_answered_with_something_else(self, profile, answer):
        with pytest.raises(CodecError):
            Card(Answers(answer), profile).select_application()

    @pytest.mark.parametrize("read", [Card.serial, Card.life_cycle, Card.select_application])
    def test_refused(self, profile, read):
        with pytest.raises(CardError) as caught:
            read(Card(Answers(b"\x6a\x88"), profile))
        assert caught.value.sw == 0x6A88

    def test_repr_says_which_card_and_whether_a_session(self, suite):
        on = bench(suite)
        assert repr(on.card) == "Card(AKİS 2.x, no session)"
        assert "alive" in repr(on.open().card)

    def test_atr_is_that_of_the_transport(self):
        on = bench()
        assert on.card.atr == on.emulated.personality.atr == on.card.reset()

    def test_the_fci_of_a_dead_card_says_so(self):
        assert isinstance(control := bench(state="dead").card.select_application(), FileControl)
        assert control.life_cycle == 0x0C


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


class TestTrouble:
    """What goes wrong on the way to the card."""

    @pytest.mark.parametrize("role", [None, "issuer"])
    @pytest.mark.parametrize(
        "error", [TransportError("no way"), CardRemoved("gone"), CodecError("odd", 3), SecureMessagingError("odd")]
    )
    def test_our_own_errors_come_out_as_they_are(self, profile, error, role):
        on = bench()
        session = on.open(role).card.session if role else None
        on.card.transport = Answers(error)
        with pytest.raises(type(error)) as caught:
            on.card.send(LIFE_CYCLE)
        assert caught.value is error
        assert on.card.session is session
        assert session is None or not session.alive

    @pytest.mark.parametrize("kind", [RuntimeError, OSError, ValueError, StopIteration, AssertionError, ExceptionGroup])
    def test_of_somebody_elses_only_the_kind_comes_out(self, kind):
        text = f"could not send {LIFE_CYCLE.to_bytes().hex()}"
        foreign = kind(text, [ValueError(text)]) if kind is ExceptionGroup else kind(text)
        on = bench()
        on.card.transport = Answers(foreign)
        with pytest.raises(TransportError, match=kind.__name__) as caught:
            on.card.send(LIFE_CYCLE)
        assert type(caught.value) is TransportError
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert "could not send" not in "".join(traceback.format_exception(caught.value))

    def test_nor_what_our_own_errors_were_raised_from(self, profile):
        """A transport may well say ``raise CardRemoved(...) from error``; the text of ``error`` is somebody else's."""

        class Chains(Answers):
            def transmit(self, command):
                try:
                    raise OSError(f"could not send {command.hex()}")
                except OSError as error:
                    raise CardRemoved("gone") from error

        with pytest.raises(CardRemoved) as caught:
            Card(Chains(), profile).send(LIFE_CYCLE)
        assert LIFE_CYCLE.to_bytes().hex() not in "".join(traceback.format_exception(caught.value))
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_an_interrupt_goes_through_and_the_session_is_over(self, interrupt):
        on = bench().open()
        on.card.transport = Answers(interrupt())
        with pytest.raises(interrupt):
            on.card.send(LIFE_CYCLE)
        assert not on.card.session.alive

    def test_a_lost_command_can_be_given_another_name(self, profile):
        class Unsure(AkisError):
            pass

        gone = CardRemoved("gone")
        with pytest.raises(Unsure, match="gone") as caught:
            Card(Answers(gone), profile).send(LIFE_CYCLE, lost=lambda error: Unsure(str(error)))
        assert caught.value.__cause__ is gone

    def test_but_not_one_that_never_left(self):
        on = bench().open()
        on.card.session.close()
        with pytest.raises(SecureMessagingError):
            on.card.send(LIFE_CYCLE, lost=lambda error: AssertionError("it was not sent"))

    @pytest.mark.parametrize("answer", [b"", b"\x90"])
    def test_an_answer_without_status_word(self, profile, answer):
        with pytest.raises(CodecError):
            Card(Answers(answer), profile).send(LIFE_CYCLE)


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


def listens(on, *instructions):
    """Have the card take these instructions and keep what arrived, whole; their answer is the data's length."""
    heard = []

    def handler(command):
        heard.append(command)
        return ResponseApdu(len(command.data).to_bytes(2, "big") if command.ne else b"")

    on.emulated._handlers.update(dict.fromkeys(instructions, handler))
    return heard


@pytest.mark.parametrize("chain", ["each", "whole"])
class TestLongCommands:
    """In a session, on a card with short length fields."""

    def on(self, name, chain):
        return bench(name, rules=SmRules(chain=chain)).open()

    @pytest.mark.parametrize("ins", [PUT_DATA, PUT_DATA_ODD])
    @pytest.mark.parametrize("ne", [None, 256])
    def test_arrive_whole(self, suite, chain, ins, ne):
        on = self.on(suite, chain)
        heard = listens(on, ins)
        room = plain_room(on.card.session.suite, 255, ne is not None)
        for length in (1, room, room + 1, 255, 256, 2 * room, 2 * room + 1, 1000):
            data = bytes(place % 251 for place in range(length))
            sent = len(on.wire.sent)
            answer = on.card.send(CommandApdu(0x00, ins, 0x01, 0x02, data, ne))
            assert (heard[-1].header, heard[-1].data) == (bytes((0x00, ins, 0x01, 0x02)), data)
            assert answer == ResponseApdu(length.to_bytes(2, "big") if ne else b"")
            wire = on.wire.sent[sent:]
            assert [raw[0] for raw in wire] == [0x1C] * (len(wire) - 1) + [0x0C]
            assert (len(wire) > 1) is (length > room)
            assert all(raw[4] and len(raw) <= 4 + 1 + 255 + 1 for raw in wire)  # short length fields only
        assert on.card.session.alive

    def test_what_follows_is_in_step(self, suite, chain):
        on = self.on(suite, chain)
        listens(on, PUT_DATA)
        for _ in range(3):
            on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
            assert on.card.life_cycle() == "operation"

    def test_the_watcher_sees_each_protected_command_once(self, suite, chain):
        on = self.on(suite, chain)
        listens(on, PUT_DATA)
        before = len(on.exchanges)
        on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
        seen = on.exchanges[before:]
        assert len(seen) == {"each": 3, "whole": 1}[chain]
        assert b"".join(exchange.plain_command.data for exchange in seen) == bytes(600)

    def test_a_link_that_is_refused_is_the_last(self, suite, chain, monkeypatch):
        on = self.on(suite, chain)
        heard = listens(on, PUT_DATA)
        monkeypatch.setattr(on.emulated, "_joined", lambda command: ResponseApdu(sw=0x6884))
        sent = len(on.wire.sent)
        long = CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600))
        if chain == "each":
            assert on.card.send(long).sw == 0x6884
            assert on.card.session.alive
        else:  # the refusal comes in the clear, and nobody vouches for it
            with pytest.raises(SecureMessagingError, match="6884"):
                on.card.send(long)
            assert not on.card.session.alive
        assert (len(on.wire.sent), heard) == (sent + 1, [])

    def test_a_link_that_is_lost_is_the_last(self, suite, chain):
        on = self.on(suite, chain)
        pass_on, passed = on.wire.transmit, []

        def lose_the_second(raw):
            passed.append(raw)
            if len(passed) == 2:
                raise CardRemoved("gone")
            return pass_on(raw)

        on.wire.transmit = lose_the_second
        with pytest.raises(CardRemoved):
            on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
        assert len(passed) == 2
        assert not on.card.session.alive

    def test_data_never_gets_lost_on_a_card_with_too_little_room(self, suite, chain):
        """Not one block fits beside the checksum: refused or sent whole, but not sent without its data."""
        on = self.on(suite, chain)
        heard = listens(on, PUT_DATA)
        for max_data in (1, 10, 21, 24, 29, 40):
            on.card.profile = replace(on.card.profile, max_data=max_data)
            try:
                on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(9)))
            except InvalidArgument:
                continue
            assert heard.pop().data == bytes(9)
        assert on.card.session.alive


def test_a_link_with_data_in_its_answer_ends_the_chain():
    """As a whole: an answer that comes too early is taken for the answer, and found not to be one."""
    on = bench(rules=SmRules(chain="whole")).open()
    on.card.transport = Answers(b"\x01\x90\x00")
    with pytest.raises(SecureMessagingError):
        on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
    assert len(on.card.transport.sent) == 1


def test_an_error_raised_inside_another_keeps_the_callers_own_context(profile):
    try:
        raise KeyError("the caller's")
    except KeyError:
        with pytest.raises(CardRemoved):
            Card(Answers(CardRemoved("gone")), profile).send(LIFE_CYCLE)
        assert isinstance(sys.exception(), KeyError)
