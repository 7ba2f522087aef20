"""The certificates on a card, read as a conversation: no PIN is needed, and no try is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from akis.codec.apdu import ResponseApdu
from akis.codec.file_path import FilePath, path_text
from akis.conversation.base import Conversation
from akis.conversation.files import read_current, read_records, try_select
from akis.conversation.room import Room
from akis.errors import CardError, CodecError
from akis.pkcs15.applications import read_applications
from akis.pkcs15.certificate_entries import CertificateEntry, read_certificate_entries
from akis.pkcs15.object_directory import Listing, read_object_directory
from akis.pkcs15.path import Path
from akis.profile.model import CardProfile

T = TypeVar("T")
EF_DIR, EF_ODF = 0x2F00, 0x5031
MOST = 64
"""No card has more certificates; a list that is longer is read so far."""
_NO_SUCH_FILE = 0x6A82
_LISTS = ("certificates", "trusted certificates", "useful certificates")
_FILLER = b"\x00\xff"


@dataclass(frozen=True, slots=True, repr=False)
class FoundCertificate:
    """The file of one certificate, as it is on the card, filler behind it included.

    ``path`` is None where the card keeps it inside its list. ``label`` and ``id`` are what the list says of it, empty
    without one. Where it could not be read ``content`` is empty and ``problem`` says why, without a full stop.
    """

    path: FilePath | None
    content: bytes
    label: str = ""
    id: bytes = b""
    problem: str | None = None

    def __repr__(self) -> str:
        where = "in a list" if self.path is None else path_text(self.path)
        return f"FoundCertificate({where}, {len(self.content)} bytes)"


@dataclass(frozen=True, slots=True)
class FoundCertificates:
    """All of a card, in its order; ``by`` says whether the card listed them or the profile knew where to look.

    ``notes`` are sentences, without a full stop, about lists and entries that could not be used.
    """

    by: Literal["PKCS #15", "paths of the profile"]
    certificates: tuple[FoundCertificate, ...]
    notes: tuple[str, ...] = ()


def read_certificates(profile: CardProfile, room: Room) -> Conversation[FoundCertificates]:
    """Every certificate of the card: those it lists by PKCS #15, else those at the profile's paths up to the first file
    that is not there.

    A file that is refused or damaged is a problem or a note, never the end. The application's own list is looked at
    before EF.DIR, so a PIN verified in the application stays so wherever it has one.
    """
    notes: list[str] = []
    found: list[FoundCertificate] = []
    for entry, base in (yield from _listed(profile, room, notes)):
        if len(found) == MOST:
            notes.append(f"the card lists more than {MOST} certificates; the rest was not read")
            break
        found.append((yield from _certificate(entry, base, room)))
    if found:
        return FoundCertificates("PKCS #15", tuple(found), tuple(notes))
    for path in profile.certificates:
        read = yield from _file(path, room)
        if isinstance(read, CardError) and read.sw == _NO_SUCH_FILE:
            break
        if isinstance(read, CardError | CodecError):
            found.append(FoundCertificate(path, b"", problem=str(read)))
        elif read.strip(_FILLER):
            found.append(FoundCertificate(path, read))
    return FoundCertificates("paths of the profile", tuple(found), tuple(notes))


def _listed(
    profile: CardProfile, room: Room, notes: list[str]
) -> Conversation[list[tuple[CertificateEntry, FilePath]]]:
    """The entries of all lists of certificates, each with the DF its path may be relative to."""
    base = profile.application_path
    directory = yield from _file((*base, EF_ODF), room)
    if isinstance(directory, CardError | CodecError):
        elsewhere = yield from _from_ef_dir(room)
        if elsewhere is None or elsewhere == (base, (*base, EF_ODF)):
            _note(notes, "EF.ODF", directory)
            return []
        base, path = elsewhere
        directory = yield from _file(path, room)
    listings = _read(notes, "EF.ODF", directory, read_object_directory)
    entries: list[tuple[CertificateEntry, FilePath]] = []
    for listing in listings:
        if listing.kind in _LISTS:
            content = yield from _list(listing, base, room)
            for entry in _read(notes, "EF.CDF", content, read_certificate_entries):
                if isinstance(entry, CertificateEntry):
                    entries.append((entry, base))
                else:
                    note = f"the card lists a certificate of another kind ({entry.kind}), not read"
                    notes += [note] if note not in notes else []
    return entries


def _from_ef_dir(room: Room) -> Conversation[tuple[FilePath, FilePath] | None]:
    """DF and EF.ODF of the PKCS #15 application that EF.DIR names, if there is one."""
    content = yield from _file((EF_DIR,), room)
    if isinstance(content, CardError | CodecError):
        return None
    try:
        applications = read_applications(content)
    except CodecError:
        return None
    for application in applications:
        if application.is_pkcs15 and application.path is not None:
            base = _resolved(application.path, ())
            if base is not None:
                named = application.object_directory
                directory = (*base, EF_ODF) if named is None else _resolved(named, base)
                return None if directory is None else (base, directory)
    return None


def _list(listing: Listing, base: FilePath, room: Room) -> Conversation[bytes | CardError | CodecError]:
    if listing.inside is not None:
        return listing.inside
    path = None if listing.path is None else _resolved(listing.path, base)
    if listing.path is None or path is None:
        return CodecError("it is not in a file that can be named")
    content = yield from _file(path, room)
    return content if isinstance(content, CardError | CodecError) else _part(content, listing.path)


def _certificate(entry: CertificateEntry, base: FilePath, room: Room) -> Conversation[FoundCertificate]:
    if entry.inside is not None:
        return FoundCertificate(None, entry.inside, entry.label, entry.id)
    path = None if entry.path is None else _resolved(entry.path, base)
    if entry.path is None or path is None:
        return FoundCertificate(None, b"", entry.label, entry.id, "the card names no file for it")
    content = yield from _file(path, room)
    if isinstance(content, CardError | CodecError):
        return FoundCertificate(path, b"", entry.label, entry.id, str(content))
    content = _part(content, entry.path)
    problem = None if content.strip(_FILLER) else "the file is empty"
    return FoundCertificate(path, content, entry.label, entry.id, problem)


def _file(path: FilePath, room: Room) -> Conversation[bytes | CardError | CodecError]:
    """A whole file, its records one after the other where it has some; the error where it cannot be read."""
    try:
        control = yield from try_select(path)
        if isinstance(control, ResponseApdu):
            return CardError(f"SELECT of {path_text(path)} failed", control.sw)
        if control.is_df:
            return CodecError(f"{path_text(path)} is no file but a directory")
        if control.has_records:
            return b"".join((yield from read_records(control)))
        return (yield from read_current(room, control.size))
    except (CardError, CodecError) as error:
        return error


def _resolved(path: Path, base: FilePath) -> FilePath | None:
    """A path of PKCS #15 from the MF; None where it is not one of file identifiers alone."""
    if path.aid or not path.fids:
        return None
    # PKCS #15 v1.1 §6.1.5: with 3F00 in front it begins at the MF, else in the application's DF.
    found = path.fids[1:] if path.absolute else (*base, *path.fids)
    return found if 0x3F00 not in found and len(found) <= 8 else None


def _part(content: bytes, path: Path) -> bytes:
    """The part of a file that a path names."""
    if path.length is None:
        return content
    start = path.index or 0
    return content[start : start + path.length]


def _read(
    notes: list[str],
    what: str,
    content: bytes | CardError | CodecError,
    read: Callable[[bytes], tuple[T, ...]],
) -> tuple[T, ...]:
    """The entries of a list; none, and a note, where it cannot be read."""
    try:
        if not isinstance(content, bytes):
            raise content
        return read(content)
    except (CardError, CodecError) as error:
        _note(notes, what, error)
        return ()


def _note(notes: list[str], what: str, error: CardError | CodecError) -> None:
    """A list that is not there is no news; one that cannot be used is."""
    if not isinstance(error, CardError) or error.sw != _NO_SUCH_FILE:
        notes.append(f"{what} cannot be used: {error}")
