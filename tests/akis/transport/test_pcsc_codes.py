"""What PC/SC answers, in words."""

import copy

import pytest
from smartcard import scard

from akis.errors import (
    CardMute,
    CardRemoved,
    CardReset,
    NoCard,
    NoReader,
    NoService,
    ReaderRefused,
    ServiceForbidden,
    SharingViolation,
    TransportError,
)
from akis.transport.pcsc_codes import ASKING_READER, error
from tests.pcsc_service import READERS

CODES = {
    name: code for name, code in vars(scard).items() if name[:8] in ("SCARD_E_", "SCARD_F_", "SCARD_W_", "SCARD_P_")
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SCARD_E_NO_SERVICE", NoService),
        ("SCARD_E_SERVICE_STOPPED", NoService),
        ("SCARD_E_NO_ACCESS", ServiceForbidden),
        ("SCARD_W_SECURITY_VIOLATION", ServiceForbidden),
        ("SCARD_E_NO_READERS_AVAILABLE", NoReader),
        ("SCARD_E_UNKNOWN_READER", NoReader),
        ("SCARD_E_READER_UNAVAILABLE", NoReader),
        ("SCARD_E_NO_SMARTCARD", NoCard),
        ("SCARD_W_UNRESPONSIVE_CARD", CardMute),
        ("SCARD_W_UNSUPPORTED_CARD", CardMute),
        ("SCARD_E_PROTO_MISMATCH", CardMute),
        ("SCARD_W_REMOVED_CARD", CardRemoved),
        ("SCARD_W_UNPOWERED_CARD", CardRemoved),
        ("SCARD_W_RESET_CARD", CardReset),
        ("SCARD_E_SHARING_VIOLATION", SharingViolation),
        ("SCARD_E_NOT_TRANSACTED", TransportError),
        ("SCARD_F_INTERNAL_ERROR", TransportError),
    ],
)
def test_each_failure_has_its_kind(name, kind):
    assert type(error(CODES[name], READERS[0])) is kind


@pytest.mark.parametrize("name", CODES)
def test_each_failure_is_one_sentence_and_a_plain_one_names_its_code(name):
    failure = error(CODES[name], "a {reader} (with braces)")
    text = str(failure)
    assert "\n" not in text
    assert "{code}" not in text
    if type(failure) is TransportError:
        assert "SCARD_" in text
        assert f"{CODES[name]:08X}" in text
    assert str(copy.copy(failure)) == text


@pytest.mark.parametrize(
    "code", [scard.SCARD_E_UNSUPPORTED_FEATURE, scard.SCARD_E_INVALID_PARAMETER, scard.SCARD_E_INVALID_VALUE, 1, 22, 50]
)
def test_what_a_reader_will_not_do_reached_no_card(code):
    failure = error(code, READERS[0], ASKING_READER)
    assert isinstance(failure, ReaderRefused)
    assert str(failure).endswith("; nothing reached the card")
    assert not isinstance(error(code, READERS[0]), ReaderRefused), "of a command one cannot say that"


def test_a_code_nobody_knows():
    assert str(error(0x8010FFFF, "R")) == "PC/SC failed at R with an unknown code, 8010FFFF"
