"""Errors are data: they carry what a program needs, say it in words, and travel between processes."""

import copy
import pickle

import pytest

from akis import errors
from akis.codec.sm_objects import SmGrammarError
from akis.errors import (
    AkisError,
    CardError,
    CodecError,
    InvalidArgument,
    PinBlocked,
    PinFormatError,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    SecureMessagingError,
    TransportError,
    WrongType,
)


def test_every_error_is_an_akis_error():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 15
    assert all(issubclass(kind, AkisError) for kind in kinds)


def test_errors_of_the_caller_are_also_the_ones_python_uses():
    assert issubclass(InvalidArgument, ValueError)
    assert issubclass(CodecError, ValueError)
    assert issubclass(PinFormatError, ValueError)
    assert issubclass(WrongType, TypeError)


def test_families():
    for kind in (errors.NoReader, errors.NoCard, errors.CardRemoved, errors.CardReset, errors.SharingViolation):
        assert issubclass(kind, TransportError)
    assert issubclass(PinFormatError, PolicyRefused)
    assert issubclass(SmGrammarError, CodecError)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CodecError("tag field cut off", 3), "tag field cut off (at byte 3)"),
        (CodecError("tag field cut off", 0), "tag field cut off (at byte 0)"),
        (CodecError("does not fit"), "does not fit"),
        (CardError("SELECT refused", 0x6A82), "SELECT refused: 6A82, file or application not found"),
        (SecureMessagingError("wrong MAC"), "secure messaging failed: wrong MAC"),
        (SecureMessagingError("plain answer", 0x6882), "secure messaging failed: plain answer (6882)"),
        (PinRefused("PIN", 2), "wrong PIN, 2 tries left"),
        (PinRefused("PUK", 1), "wrong PUK, 1 try left"),
        (PinRefused("PIN", None), "wrong PIN, an unknown number of tries left"),
        (PinBlocked("PIN"), "the PIN is blocked"),
        (
            PinOutcomeUnknown("PIN", "card removed"),
            "the command with the PIN was sent, its outcome is unknown: card removed; it was not sent again",
        ),
    ],
)
class TestText:
    def test_says_what_happened(self, error, text):
        assert str(error) == text

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
    def test_stays_the_same_in_another_process(self, error, text, copied):
        again = copied(error)
        assert type(again) is type(error)
        assert str(again) == text
        assert vars(again) == vars(error)


def test_data():
    assert CodecError("x", 7).offset == 7
    assert CodecError("x").offset is None
    assert CardError("x", 0x63C2).sw.tries_left == 2
    assert SecureMessagingError("wrong MAC", 0x6988).reason == "wrong MAC"
    assert SecureMessagingError("wrong MAC", 0x6988).sw.meaning() == "secure messaging data objects incorrect"
    assert SecureMessagingError("wrong MAC").sw is None
    assert (PinRefused("PIN", 0).name, PinRefused("PIN", 0).tries_left) == ("PIN", 0)
