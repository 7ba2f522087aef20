"""Checks of what a card says to commands that it cannot have: class, instruction, parameters, names of nothing."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.atr import Atr
from akis.codec.fci import FileControl
from akis.commands import files, objects
from akis.conversation.base import Conversation
from akis.errors import CodecError
from akis.report.check import Check, Outcome, Subject, failed, in_words, not_applicable, passed, unknown
from akis.report.gate import INVALID_INSTRUCTION, RESERVED_CLASS, SECOND_CHANNEL

NO_SUCH_FILE = 0x3FFE
"""An identifier that nothing is known to have."""
_RESERVED_P1 = 0x7F
_RESERVED_OBJECT = 0x0001
# ISO/IEC 7816-4:2005 §5.1.3: a checking error of this kind may be said with or without the detail.
_WRONG_PARAMETERS = (0x6A81, 0x6A86, 0x6B00)
_NOTHING_THERE = (0x6A81, 0x6A86, 0x6A88, 0x6B00)
_NO_CHANNEL = (0x6881, 0x6800, 0x6E00)
_SELECTED_ALL_THE_SAME = (0x6283, 0x6285)


def refused(answer: ResponseApdu, words: tuple[int, ...], subject: Subject) -> Outcome:
    """Whether an answer is one of these refusals, and has no data."""
    said = in_words(answer, subject.profile)
    wanted = " or ".join(f"{word:04X}" for word in words)
    if answer.sw in words and not answer.data:
        return passed(f"it answers {said}")
    return failed(f"it answers {said}, in the place of {wanted}")


def _atr(subject: Subject) -> Conversation[Outcome]:
    yield from ()
    try:
        atr = Atr.from_bytes(subject.atr)
    except CodecError as error:
        return failed(str(error))
    checked = "no check byte is due" if atr.tck is None else "its check byte fits"
    return passed(f"it has {len(subject.atr)} bytes, and {checked}")


def _fci(subject: Subject) -> Conversation[Outcome]:
    answer = yield files.select_fid(files.MF)
    said = in_words(answer, subject.profile)
    if not answer.sw.ok and answer.sw not in _SELECTED_ALL_THE_SAME:
        return unknown(f"the MF cannot be selected: it answers {said}")
    if not answer.data:
        return not_applicable(f"it says nothing of the MF: it answers {said}")
    try:
        FileControl.from_bytes(answer.data)
    except CodecError as error:
        return failed(f"what it says of the MF cannot be read: {error}")
    return passed(f"it answers {said}, one template that can be read")


def _class(subject: Subject) -> Conversation[Outcome]:
    answer = yield files.select_fid(files.MF, "none").replace(cla=RESERVED_CLASS)
    return refused(answer, (0x6E00,), subject)


def _channel(subject: Subject) -> Conversation[Outcome]:
    if subject.declared is not None and subject.declared.logical_channels > 1:
        return not_applicable("its ATR declares logical channels")
    answer = yield files.select_fid(files.MF, "none").replace(cla=SECOND_CHANNEL)
    return refused(answer, _NO_CHANNEL, subject)


def _instruction(subject: Subject) -> Conversation[Outcome]:
    if subject.ended is not None:
        return not_applicable(subject.ended)
    if subject.protocol == "T=0":
        return not_applicable("over T=0 such a byte means something else to reader and card, so it was not sent")
    answer = yield CommandApdu(0x00, INVALID_INSTRUCTION, 0x00, 0x00)
    return refused(answer, (0x6D00,), subject)


def _parameters(subject: Subject) -> Conversation[Outcome]:
    answer = yield files.select_fid(files.MF, "none").replace(p1=_RESERVED_P1)
    return refused(answer, _WRONG_PARAMETERS, subject)


def _unknown_file(subject: Subject) -> Conversation[Outcome]:
    yield files.select_fid(files.MF, "none")
    answer = yield files.select_fid(NO_SUCH_FILE, "none")
    if answer.sw.ok:
        return unknown(f"there is a file {NO_SUCH_FILE:04X} on this card")
    return refused(answer, (0x6A82,), subject)


def _unknown_object(subject: Subject) -> Conversation[Outcome]:
    answer = yield objects.get_data(_RESERVED_OBJECT)
    return refused(answer, _NOTHING_THERE, subject)


COMMAND_CHECKS = (
    Check("atr", "The answer to reset is well-formed", "ISO/IEC 7816-3:2006 §8.2", _atr),
    Check("fci", "SELECT answers one template of file control information", "ISO/IEC 7816-4:2005 §5.3.3", _fci),
    Check(
        "class",
        "A command of a reserved class is refused with 6E00",
        "ISO/IEC 7816-4:2005 §5.1.1 and §5.1.3, table 6",
        _class,
    ),
    Check(
        "channel",
        "A command on a logical channel that the card does not have is refused",
        "ISO/IEC 7816-4:2005 §5.1.1.2 and §5.1.3, table 6",
        _channel,
    ),
    Check(
        "instruction",
        "An instruction that cannot exist is refused with 6D00",
        "ISO/IEC 7816-4:2005 §5.1.2 and §5.1.3, table 6",
        _instruction,
    ),
    Check(
        "parameters",
        "SELECT with a reserved P1 is refused for its parameters",
        "ISO/IEC 7816-4:2005 §7.1.1 and §5.1.3, table 6",
        _parameters,
    ),
    Check(
        "unknown-file",
        "SELECT of a file that is not there is refused with 6A82",
        "ISO/IEC 7816-4:2005 §7.1.1 and §5.1.3, table 6",
        _unknown_file,
    ),
    Check(
        "unknown-object",
        "GET DATA of an object that nobody has is refused, without data",
        "ISO/IEC 7816-4:2005 §7.4.2 and §5.1.3, table 6",
        _unknown_object,
    ),
)
