"""What goes wrong on the way to the card."""

import traceback

import pytest

from akis.card import Card
from akis.errors import AkisError, CardRemoved, CodecError, SecureMessagingError, TransportError
from tests.akis.card.answers import LIFE_CYCLE, Answers
from tests.bench import bench


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


def test_an_error_raised_inside_another_keeps_the_callers_own_context(profile):
    callers = KeyError("the caller's")

    def send_while_handling_it():
        try:
            raise callers
        except KeyError:
            Card(Answers(CardRemoved("gone")), profile).send(LIFE_CYCLE)

    with pytest.raises(CardRemoved) as caught:
        send_while_handling_it()
    assert caught.value.__context__ is callers
