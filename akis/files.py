"""The files of a card: read, listed, updated; plain, or inside the card's secure session where one is open."""

from __future__ import annotations

from dataclasses import replace

from akis.card import Card
from akis.codec.atr import Atr
from akis.codec.fci import FileControl
from akis.codec.file_path import FilePath, checked_path, path_text
from akis.conversation import files, write_files
from akis.conversation.base import Conversation
from akis.conversation.files import Progress
from akis.conversation.list_files import PLACE_OF_A_CERTIFICATE, ListedFile, list_by_directory, list_known
from akis.conversation.room import Room
from akis.errors import AkisError, InvalidArgument, WrongType
from akis.profile.version import card_version


class Files:
    """The files of one card, each named by its path from the MF: ``(0x3D00, 0x2F10)``, the MF itself is ``()``.

    Every call selects its file anew. Selecting a file of another DF ends what was verified in the one before.
    ``directory`` says whether the card lists its files itself, by DIRECTORY of AKİS 1.0; None asks its ATR.
    """

    def __init__(self, card: Card, directory: bool | None = None) -> None:
        if not isinstance(card, Card):
            raise WrongType(f"files are on a Card, not on {type(card).__name__}")
        self.card = card
        self.lists_itself = _is_first_generation(card.atr) if directory is None else directory

    @property
    def room(self) -> Room:
        """How much one command and one answer hold as things are."""
        return Room.of(self.card.profile, self.card.session)

    def select(self, path: FilePath) -> FileControl:
        """What the card says of a file; :class:`CardError` 6A82 where there is none."""
        return self.card.run(files.select(path))

    def read(self, path: FilePath, progress: Progress | None = None) -> bytes:
        """The whole of a transparent EF. It may be shorter than its size in :meth:`select`, if the card ends it."""
        return self.card.run(files.read_file(path, self.room, progress))

    def records(self, path: FilePath, progress: Progress | None = None) -> tuple[bytes, ...]:
        """All records of a linear or cyclic EF, record 1 first; ``progress`` counts records."""

        def reading() -> Conversation[tuple[bytes, ...]]:
            control = yield from _with_records(path)
            return (yield from files.read_records(control, progress))

        return self.card.run(reading())

    def record(self, path: FilePath, number: int) -> bytes:
        """One record, counted from 1."""

        def reading() -> Conversation[bytes]:
            control = yield from _with_records(path)
            return (yield from files.read_record(number, control))

        return self.card.run(reading())

    def update(self, path: FilePath, data: bytes, offset: int = 0, progress: Progress | None = None) -> None:
        """Put ``data`` in the place of what a transparent EF has at ``offset``, read it back and compare.

        :class:`PolicyRefused`, with nothing written, where it does not fit. Stopped in the middle, part of it is there.
        ``progress`` counts each byte twice, as it is written and as it is compared.
        """

        def writing() -> Conversation[None]:
            control = yield from files.select(path)
            if control.structure not in ("transparent", None):
                raise InvalidArgument(f"{_said(path)} is no transparent file but of kind {control.structure}")
            size = control.size
            if size is None:
                # A card that does not say how long the file is says where reading it ends.
                size = len((yield from files.read_current(self.room)))
            yield from write_files.update_current(self.room, data, offset, size, progress)

        self.card.run(writing())

    def update_record(self, path: FilePath, number: int, data: bytes) -> None:
        """Put ``data`` in the place of a record, read it back and compare."""

        def writing() -> Conversation[None]:
            control = yield from _with_records(path)
            yield from write_files.update_record(number, data, control)

        self.card.run(writing())

    def append_record(self, path: FilePath, data: bytes) -> None:
        """Add a record: the last one of a linear EF, the first of a cyclic one, in place of the oldest."""

        def writing() -> Conversation[None]:
            control = yield from _with_records(path)
            yield from write_files.append_record(data, control)

        self.card.run(writing())

    def list(self, df: FilePath = ()) -> tuple[ListedFile, ...]:
        """The files directly below a DF, as far as :meth:`tree` knows them; :class:`CardError` where there is no DF."""
        df = checked_path(df)
        if self.lists_itself:
            listed = self._by_directory(df, deep=False)
        else:
            _require_df(df, self.select(df))
            listed = self.tree()
        return tuple(file for file in listed if file.path[:-1] == df and file.path)

    def tree(self, df: FilePath = ()) -> tuple[ListedFile, ...]:
        """A DF and all files below it, each DF before its files.

        Complete where the card lists itself; else those that PKCS #15, the profile or a standard names, if they are
        there. Nothing is written and no try is spent.
        """
        df = checked_path(df)
        if self.lists_itself:
            return self._by_directory(df, deep=True)
        found = self.card.run(list_known(self.card.profile, self.room))
        below = tuple(file for file in found if file.path[: len(df)] == df)
        if len(below) == 1 and below[0].control is not None:
            _require_df(df, below[0].control)
        return below

    def _by_directory(self, df: FilePath, deep: bool) -> tuple[ListedFile, ...]:
        listed = self.card.run(list_by_directory(df, deep))
        places = self.card.profile.certificates
        return tuple(
            replace(file, name=PLACE_OF_A_CERTIFICATE) if not file.name and file.path in places else file
            for file in listed
        )


def _with_records(path: FilePath) -> Conversation[FileControl]:
    control = yield from files.select(path)
    if control.structure is not None and not control.has_records:
        raise InvalidArgument(f"{_said(path)} has no records, it is of kind {control.structure}")
    return control


def _require_df(path: FilePath, control: FileControl) -> None:
    if control.is_df is False:
        raise InvalidArgument(f"{_said(path)} is no DF, so there are no files below it")


def _said(path: FilePath) -> str:
    return path_text(checked_path(path))


def _is_first_generation(atr: bytes) -> bool:
    """Whether the ATR names AKİS or UKİS 1.x, whose operating system has DIRECTORY."""
    try:
        version = card_version(Atr.from_bytes(atr))
    except AkisError:
        return False
    return version is not None and version.major == 1
