"""A card in the hand: commands to it, conversations with it, and what it says of itself."""

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu
from akis.codec.fci import FileControl
from akis.conversation.base import ask
from akis.errors import AkisError, CardError, CardRemoved, CodecError, InvalidArgument, WrongType
from tests.akis.card.answers import LIFE_CYCLE, Answers
from tests.bench import bench


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
        with pytest.raises(InvalidArgument, match="at most 256 bytes"):
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
        control = bench(state="dead").card.select_application()
        assert control == FileControl(descriptor=0x38, fid=0x3D00, name=b"PKCS-15", life_cycle=0x0C)
