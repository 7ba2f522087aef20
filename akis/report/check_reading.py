"""Checks of lengths and offsets: Le is kept to, 6CXX tells the truth, and a file ends where it ends."""

from __future__ import annotations

from collections.abc import Callable

from akis.codec.apdu import ResponseApdu
from akis.codec.file_path import path_text
from akis.commands import files, objects, records
from akis.conversation.base import Conversation
from akis.report.check import Check, Outcome, Subject, failed, in_words, not_applicable, passed, unknown
from akis.report.check_commands import refused
from akis.report.readable import LEAST, ReadableFile, RecordFile

_SHORT = 0x100
_FEW = 4
_SKIPPED = 2
_END_OF_FILE, _MORE, _WRONG_LE = 0x6282, 0x61, 0x6C
_WRONG_LENGTH = 0x6700
_NO_FILE = f"no file of {LEAST} bytes or more was found that everybody may read"
_NO_RECORDS = "no file with records was found that everybody may read"


def _with_file(
    ask: Callable[[Subject, ReadableFile], Conversation[Outcome]],
) -> Callable[[Subject], Conversation[Outcome]]:
    """A check that reads: the file is selected first."""

    def asking(subject: Subject) -> Conversation[Outcome]:
        if subject.file is None:
            return not_applicable(_NO_FILE)
        yield files.select_path(subject.file.path, "none")
        return (yield from ask(subject, subject.file))

    return asking


def _no_le(subject: Subject) -> Conversation[Outcome]:
    answer = yield files.select_fid(files.MF).replace(ne=None)
    said = in_words(answer, subject.profile)
    if answer.data:
        return failed(f"SELECT without Le is answered {said}: data that nobody asked for")
    return passed(f"SELECT without Le is answered {said}, without data")


def _le_of_few(subject: Subject, file: ReadableFile) -> Conversation[Outcome]:
    answer = yield files.read_binary(0, _FEW)
    said = in_words(answer, subject.profile)
    if len(answer.data) > _FEW:
        return failed(f"Le is ignored: asked for {_FEW} bytes of {path_text(file.path)}, it answers {said}")
    if not answer.sw.ok:
        return unknown(f"reading {_FEW} bytes of {path_text(file.path)} is answered {said}")
    if answer.data != file.content[:_FEW]:
        return failed(f"asked for {_FEW} bytes of {path_text(file.path)}, it answers {said}, not the first of the file")
    return passed(f"asked for {_FEW} bytes of {path_text(file.path)}, it answers {said}, the first of the file")


def _le_of_zeros(subject: Subject, file: ReadableFile) -> Conversation[Outcome]:
    answer = yield files.read_binary(0, _SHORT)
    said = in_words(answer, subject.profile)
    if len(answer.data) != min(file.size, _SHORT) or not (answer.sw.ok or answer.sw == _END_OF_FILE):
        return failed(f"asked for all of {path_text(file.path)}, {file.size} bytes, it answers {said}")
    return passed(f"asked for all of {path_text(file.path)}, {file.size} bytes, it answers {said}")


def _le_too_small(subject: Subject) -> Conversation[Outcome]:
    place = subject.profile.serial.p1p2
    whole = yield objects.get_data(place)
    if not whole.sw.ok or len(whole.data) < 2:
        return not_applicable(f"GET DATA {place:04X} gives nothing to cut: {in_words(whole, subject.profile)}")
    answer = yield objects.get_data(place).replace(ne=1)
    said = (
        f"asked for 1 byte of {len(whole.data)} by GET DATA {place:04X}, it answers {in_words(answer, subject.profile)}"
    )
    if len(answer.data) > 1:
        return failed(f"Le is ignored: {said}")
    if answer.sw >> 8 == _WRONG_LE:
        return (yield from _with_the_le_it_wants(subject, answer, whole, said))
    if answer.sw.ok or answer.sw >> 8 == _MORE or answer.sw in (_WRONG_LENGTH, _END_OF_FILE):
        return passed(said)
    return failed(said)


def _with_the_le_it_wants(
    subject: Subject, answer: ResponseApdu, whole: ResponseApdu, said: str
) -> Conversation[Outcome]:
    wanted = answer.sw & 0xFF or _SHORT
    if wanted != min(len(whole.data), _SHORT):
        return failed(f"{said}, and {len(whole.data)} are there")
    again = yield objects.get_data(subject.profile.serial.p1p2).replace(ne=wanted)
    told = in_words(again, subject.profile)
    if not again.sw.ok or again.data != whole.data:
        return failed(f"{said}, and with that Le {told}")
    return passed(f"{said}, and with that Le {told}")


def _offset_inside(subject: Subject, file: ReadableFile) -> Conversation[Outcome]:
    answer = yield files.read_binary(_SKIPPED, _FEW)
    said = f"from offset {_SKIPPED} of {path_text(file.path)} it answers {in_words(answer, subject.profile)}"
    # Whether there are more of them than Le asks for is the business of another check.
    if not answer.sw.ok or answer.data[:_FEW] != file.content[_SKIPPED : _SKIPPED + _FEW]:
        return failed(f"{said}, which is not what is there")
    return passed(f"{said}, which is what is there")


def _offset_behind(subject: Subject, file: ReadableFile) -> Conversation[Outcome]:
    offset = file.size + _FEW
    if offset > files.FARTHEST_IN_P1P2:
        return not_applicable(f"{path_text(file.path)} is too long for an offset behind it")
    answer = yield files.read_binary(offset, _FEW)
    judged = refused(answer, (0x6B00,), subject)
    where = f"at offset {offset} of {path_text(file.path)}, which has {file.size} bytes,"
    return Outcome(judged.verdict, f"{where} {judged.observed}")


def _end_of_file(subject: Subject, file: ReadableFile) -> Conversation[Outcome]:
    if not file.whole:
        return not_applicable(f"{path_text(file.path)} has more than {_SHORT} bytes")
    asked = 2 * _FEW
    answer = yield files.read_binary(file.size - _FEW, asked)
    said = f"asked for {asked} bytes where {_FEW} are left, it answers {in_words(answer, subject.profile)}"
    if answer.sw >> 8 == _WRONG_LE and not answer.data:
        right = answer.sw & 0xFF == _FEW
        return passed(said) if right else failed(f"{said}, and {_FEW} are there")
    # Le is the most that may come, so fewer bytes are right with and without the warning.
    if answer.data == file.content[-_FEW:] and (answer.sw.ok or answer.sw == _END_OF_FILE):
        return passed(said)
    return failed(said)


def _behind_the_last_record(subject: Subject) -> Conversation[Outcome]:
    found: RecordFile | None = subject.records
    if found is None:
        return not_applicable(_NO_RECORDS)
    yield files.select_path(found.path, "none")
    answer = yield records.read_record(found.records + 1)
    judged = refused(answer, (0x6A83,), subject)
    return Outcome(judged.verdict, f"record {found.records + 1} of {found.records}: {judged.observed}")


READING_CHECKS = (
    Check("no-le", "Without Le no data comes back", "ISO/IEC 7816-4:2005 §5.1", _no_le),
    Check(
        "le",
        "READ BINARY gives as many bytes as Le asks for",
        "ISO/IEC 7816-4:2005 §5.1 and §7.2.3",
        _with_file(_le_of_few),
    ),
    Check(
        "le-zeros",
        "An Le of zeros gives all there is, up to 256 bytes",
        "ISO/IEC 7816-4:2005 §5.1 and §7.2.3",
        _with_file(_le_of_zeros),
    ),
    Check(
        "wrong-le",
        "An Le that is too small is refused, or kept to, and 6CXX says how many bytes there are",
        "ISO/IEC 7816-4:2005 §5.1.3",
        _le_too_small,
    ),
    Check(
        "offset",
        "READ BINARY begins where the offset says",
        "ISO/IEC 7816-4:2005 §7.2.2 and §7.2.3",
        _with_file(_offset_inside),
    ),
    Check(
        "offset-behind",
        "READ BINARY behind the end of a file is refused with 6B00",
        "ISO/IEC 7816-4:2005 §7.2.3 and §5.1.3, table 6",
        _with_file(_offset_behind),
    ),
    Check(
        "end-of-file",
        "READ BINARY across the end of a file gives what is left",
        "ISO/IEC 7816-4:2005 §7.2.3",
        _with_file(_end_of_file),
    ),
    Check(
        "record-behind",
        "READ RECORD behind the last record is refused with 6A83",
        "ISO/IEC 7816-4:2005 §7.3.3 and §5.1.3, table 6",
        _behind_the_last_record,
    ),
)
