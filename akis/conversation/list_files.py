"""The files of a card, listed without writing anything or spending a try: by SELECT, DIRECTORY and reading only.

AKİS 1.0 lists its DFs itself. Any other card is asked for the files that PKCS #15 names, that the profile names, and
that have their places by a standard; files that nobody named are not found.

Both select one file after the other, which leaves the DF that was current, and with it what was verified there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from akis.codec.apdu import ResponseApdu
from akis.codec.fci import FileControl
from akis.codec.file_path import MF, FilePath, checked_path, path_text
from akis.commands.directory import directory, entries
from akis.conversation.base import Conversation, T, ask
from akis.conversation.files import read_current, read_records, try_select
from akis.conversation.room import Room
from akis.errors import CardError, CodecError, InvalidArgument
from akis.pkcs15.applications import PKCS15_AID, Application, read_applications
from akis.pkcs15.certificate_entries import CertificateEntry, read_certificate_entries
from akis.pkcs15.object_directory import ListingKind, read_object_directory
from akis.pkcs15.path import Path
from akis.profile.model import CardProfile
from akis.status import StatusWord

_EF_DIR, _EF_ATR = 0x2F00, 0x2F01
_ODF, _TOKEN_INFO, _UNUSED_SPACE = 0x5031, 0x5032, 0x5033
_SECURITY_STATUS = 0x6982
_DEEPEST = 8
_BY_STANDARD = {
    _EF_DIR: "EF.DIR",
    _EF_ATR: "EF.ATR",
    _ODF: "EF.ODF",
    _TOKEN_INFO: "EF.TokenInfo",
    _UNUSED_SPACE: "EF.UnusedSpace",
}
"""What these identifiers are for (ISO/IEC 7816-4:2005 §8.2.1, PKCS #15 v1.1 §5.5)."""
PLACE_OF_A_CERTIFICATE = "certificate, by the profile"
"""What a file is called that nothing but the profile says anything of."""
MOST_FILES = 1024
"""A card that names more is not believed."""
_LISTINGS: dict[ListingKind, str] = {
    "private keys": "EF.PrKDF",
    "public keys": "EF.PuKDF",
    "trusted public keys": "EF.PuKDF, trusted",
    "secret keys": "EF.SKDF",
    "certificates": "EF.CDF",
    "trusted certificates": "EF.CDF, trusted",
    "useful certificates": "EF.CDF, useful",
    "data objects": "EF.DODF",
    "authentication objects": "EF.AODF",
}


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file that is there: its path from the MF, what it is called where somebody says so, and what SELECT says.

    ``control`` is None where the card refuses to select it, with ``sw``, or answers something that cannot be read.
    """

    path: FilePath
    name: str = ""
    control: FileControl | None = None
    sw: StatusWord | None = None


def list_by_directory(start: FilePath = (), deep: bool = True) -> Conversation[tuple[ListedFile, ...]]:
    """The DF ``start`` and all files below it, or only those directly below it, as DIRECTORY of AKİS 1.0 has them."""
    start = checked_path(start)
    found: list[ListedFile] = []
    left = [start]
    while left:
        path = left.pop()
        control = yield from try_select(path)
        if isinstance(control, ResponseApdu):
            if path == start:
                raise CardError(f"SELECT of {path_text(path)} failed", control.sw)
            continue
        if path == start and control.is_df is False:
            # DIRECTORY would list the DF that the file is in.
            raise InvalidArgument(f"{path_text(path)} is no DF, so there are no files below it")
        if path == start:
            found.append(ListedFile(path, _df_name(path, control), control))
        inside = yield from ask(directory(), "DIRECTORY")
        for entry in entries(inside):
            if entry.fid == MF or len(path) == _DEEPEST:
                continue
            below = (*path, entry.fid)
            listed = yield from _listed(below)
            found.append(listed)
            if len(found) > MOST_FILES:
                raise CodecError(f"the card lists more than {MOST_FILES} files")
            is_df = entry.is_df if listed.control is None or listed.control.is_df is None else listed.control.is_df
            if deep and is_df and listed.control is not None:
                left.append(below)
    return tuple(sorted(found, key=lambda file: file.path))


def list_known(profile: CardProfile, room: Room) -> Conversation[tuple[ListedFile, ...]]:
    """MF, EF.DIR, EF.ATR, and each application with the files that its directories name, as far as they are there."""
    files: dict[FilePath, ListedFile] = {}
    yield from _add(files, ())
    yield from _add(files, (_EF_ATR,))
    raw = (yield from _content(files, (_EF_DIR,), "", room)) or b""
    applications = _readable(read_applications, raw)
    if not any(_fids(application.path, ()) == profile.application_path for application in applications):
        applications = (*applications, Application(PKCS15_AID, path=Path.of(*profile.application_path)))
    for application in applications:
        path = _fids(application.path, ())
        if path is not None and (yield from _add(files, path, application.label)):
            yield from _in_application(files, path, application, room)
    for path in profile.certificates:
        yield from _add(files, path, PLACE_OF_A_CERTIFICATE)
    return tuple(sorted(files.values(), key=lambda file: file.path))


def _in_application(
    files: dict[FilePath, ListedFile], df: FilePath, application: Application, room: Room
) -> Conversation[None]:
    yield from _add(files, _fids(application.token_info, df) or (*df, _TOKEN_INFO), "EF.TokenInfo")
    yield from _add(files, (*df, _UNUSED_SPACE))
    place = _fids(application.object_directory, df) or (*df, _ODF)
    raw = yield from _content(files, place, "EF.ODF", room)
    for listing in _readable(read_object_directory, raw or b""):
        path = _fids(listing.path, df)
        if path is None:
            continue
        name = _LISTINGS[listing.kind]
        if not name.startswith("EF.CDF"):
            yield from _add(files, path, name)
            continue
        raw = yield from _content(files, path, name, room)
        for entry in _readable(read_certificate_entries, raw or b""):
            certificate = _fids(entry.path, df) if isinstance(entry, CertificateEntry) else None
            if certificate is not None:
                label = f"certificate, {entry.label}" if entry.label else "certificate"
                yield from _add(files, certificate, label)


def _add(files: dict[FilePath, ListedFile], path: FilePath, name: str = "") -> Conversation[bool]:
    """Select ``path`` unless it was, and note it where it is there; says whether it can be selected."""
    if path not in files and len(files) < MOST_FILES:
        listed = yield from _listed(path, name)
        # Nobody but the card knows that there is such a file. To need a security status, it has to be there.
        if listed.sw is None or listed.sw == _SECURITY_STATUS:
            files[path] = listed
    return path in files and files[path].control is not None


def _content(files: dict[FilePath, ListedFile], path: FilePath, name: str, room: Room) -> Conversation[bytes | None]:
    """Note the file and read it; None where it is not there, or not for everybody to read."""
    yield from _add(files, path, name)
    control = files[path].control if path in files else None
    if control is None or control.is_df:
        return None
    again = yield from try_select(path)
    if isinstance(again, ResponseApdu):
        return None
    try:
        if control.has_records:
            return b"".join((yield from read_records(control)))
        return (yield from read_current(room, control.size))
    except (CardError, CodecError):
        return None


def _listed(path: FilePath, name: str = "") -> Conversation[ListedFile]:
    try:
        control = yield from try_select(path)
    except CodecError:
        return ListedFile(path, name)
    if isinstance(control, ResponseApdu):
        return ListedFile(path, name, None, control.sw)
    known = "" if control.is_df else _BY_STANDARD.get(path[-1] if path else MF, "")
    return ListedFile(path, _df_name(path, control) or name or known, control)


def _df_name(path: FilePath, control: FileControl) -> str:
    """The name of a DF where it is text, as that of PKCS-15 is; an AID is none."""
    said = (control.name or b"").decode("ascii", "replace")
    if said.isascii() and said.isprintable() and said:
        return said
    return "" if path else "MF"


def _fids(path: Path | None, df: FilePath) -> FilePath | None:
    """A path of PKCS #15 from the MF; None where it names no file by identifiers, or one that cannot be."""
    if path is None or not path.fids or path.aid:
        return None
    whole = path.fids[1:] if path.absolute else (*df, *path.fids)
    return None if MF in whole or not 1 <= len(whole) <= _DEEPEST else whole


def _readable(read: Callable[[bytes], tuple[T, ...]], raw: bytes) -> tuple[T, ...]:
    """What a directory file names; nothing where it is empty or damaged, since a list of the rest is still of use."""
    try:
        return read(raw)
    except CodecError:
        return ()
