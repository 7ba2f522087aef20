"""What PC/SC answers when it fails, as errors that say what happened and what to do."""

from __future__ import annotations

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

Meanings = dict[int, tuple[type[TransportError], str]]

_START = "start pcscd, then connect again"
_NOT_ALLOWED = "the PC/SC service does not let this user in; ask for access, often given by polkit"
_TURN = "see that it is a smart card, clean and the right way up"
_UNKNOWN = "nobody can say whether the command took effect"

_MEANINGS: Meanings = {
    scard.SCARD_E_NO_SERVICE: (NoService, f"the PC/SC service does not answer; {_START}"),
    scard.SCARD_E_SERVICE_STOPPED: (NoService, f"the PC/SC service has stopped; {_START}"),
    scard.SCARD_E_NO_ACCESS: (ServiceForbidden, _NOT_ALLOWED),
    scard.SCARD_W_SECURITY_VIOLATION: (ServiceForbidden, _NOT_ALLOWED),
    scard.SCARD_E_NO_READERS_AVAILABLE: (NoReader, "there is no card reader; plug one in"),
    scard.SCARD_E_UNKNOWN_READER: (NoReader, "there is no reader {reader}; see which ones there are"),
    scard.SCARD_E_READER_UNAVAILABLE: (NoReader, "the reader {reader} is gone; plug it in, then connect again"),
    scard.SCARD_E_NO_SMARTCARD: (NoCard, "there is no card in {reader}; insert one"),
    scard.SCARD_W_UNRESPONSIVE_CARD: (CardMute, f"the card in {{reader}} does not answer; {_TURN}"),
    scard.SCARD_W_UNSUPPORTED_CARD: (CardMute, f"{{reader}} can make nothing of its card; {_TURN}"),
    scard.SCARD_E_CARD_UNSUPPORTED: (CardMute, f"{{reader}} can make nothing of its card; {_TURN}"),
    scard.SCARD_E_INVALID_ATR: (CardMute, f"the card in {{reader}} answers nonsense to its reset; {_TURN}"),
    scard.SCARD_E_PROTO_MISMATCH: (CardMute, f"the card in {{reader}} offers neither T=0 nor T=1; {_TURN}"),
    scard.SCARD_W_REMOVED_CARD: (CardRemoved, "the card was taken out of {reader}; put it back, then begin again"),
    scard.SCARD_W_UNPOWERED_CARD: (CardRemoved, "the card in {reader} has lost its power; begin again"),
    scard.SCARD_W_RESET_CARD: (
        CardReset,
        "another program reset the card in {reader}, PIN state and secure session are gone; reset it, then begin again",
    ),
    scard.SCARD_E_SHARING_VIOLATION: (
        SharingViolation,
        "another program has the card in {reader}; end that one, then try again",
    ),
    scard.SCARD_E_NOT_TRANSACTED: (TransportError, f"the card in {{reader}} gave no answer ({{code}}); {_UNKNOWN}"),
    scard.SCARD_F_COMM_ERROR: (TransportError, f"the reader {{reader}} gave no answer ({{code}}); {_UNKNOWN}"),
    scard.SCARD_E_INVALID_HANDLE: (
        TransportError,
        "the PC/SC service has forgotten this connection to {reader} ({code}); connect again",
    ),
    scard.SCARD_E_INSUFFICIENT_BUFFER: (
        TransportError,
        "a command or an answer is too long for {reader} ({code}); use shorter ones",
    ),
    scard.SCARD_E_UNSUPPORTED_FEATURE: (TransportError, "the reader {reader} cannot do this ({code})"),
}
OPENING: Meanings = {
    # It could not be powered up, as opposed to one that was and has lost it.
    scard.SCARD_W_UNPOWERED_CARD: _MEANINGS[scard.SCARD_W_UNRESPONSIVE_CARD],
}
IN_USE: Meanings = {
    # There was one, or there would be no connection.
    scard.SCARD_E_NO_SMARTCARD: _MEANINGS[scard.SCARD_W_REMOVED_CARD],
}
_CANNOT = (ReaderRefused, "the reader {reader} cannot do this ({code}); nothing reached the card")
ASKING_READER: Meanings = {
    scard.SCARD_E_UNSUPPORTED_FEATURE: _CANNOT,
    scard.SCARD_E_INVALID_PARAMETER: _CANNOT,
    scard.SCARD_E_INVALID_VALUE: _CANNOT,
    # winerror.h: ERROR_INVALID_FUNCTION, ERROR_BAD_COMMAND, ERROR_NOT_SUPPORTED; drivers of Windows answer with these.
    1: _CANNOT,
    22: _CANNOT,
    50: _CANNOT,
}
"""Of a control message only, which the driver has looked at and not carried out."""
_OTHERWISE = (TransportError, "PC/SC failed at {reader} with {code}")
EXCHANGE_FAILED = (scard.SCARD_E_NOT_TRANSACTED, scard.SCARD_F_COMM_ERROR)
_NAMES = {
    value: name
    for name, value in vars(scard).items()
    if name.startswith(("SCARD_E_", "SCARD_F_", "SCARD_P_", "SCARD_W_"))
}


def error(code: int, reader: str = "", instead: Meanings | None = None) -> TransportError:
    """The error for what PC/SC answers; ``instead`` has the meanings that differ from the usual ones."""
    kind, sentence = (instead or {}).get(code) or _MEANINGS.get(code, _OTHERWISE)
    name = f"{_NAMES.get(code, 'an unknown code')}, {code & 0xFFFFFFFF:08X}"
    return kind(sentence.format(reader=reader or "some reader", code=name))


def is_of_service(code: int) -> bool:
    """Whether it speaks of the service, and neither of reader nor card."""
    return issubclass(_MEANINGS.get(code, _OTHERWISE)[0], NoService)
