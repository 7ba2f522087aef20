"""What lies on the bench: one card, where one is on it, its files as far as they are known, and its last answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from akis.codec.apdu import CHAINED, CommandApdu, ResponseApdu
from akis.codec.file_path import FilePath
from akis.commands.risk import Risk, risks
from akis.connect import Connection, PlayedCard
from akis.conversation.list_files import ListedFile
from akis.errors import AkisError, CardError, CardRemoved, CardReset, NoCard
from akis.files import Files
from akis.secret import Secret
from akis.status import StatusWord

from ..apdu_session import Session
from ..tell import tell
from .tap import Tap
from .whereabouts import Whereabouts

if TYPE_CHECKING:
    from akis.commands.written import WrittenCommand
    from akis.sources.keys import TerminalKeys

_EF_DIR, _EF_ATR = 0x2F00, 0x2F01


class Bench:
    """A card for the time of a shell. ``keys`` are those of its secure session, where they were named beforehand."""

    def __init__(self, connection: Connection, keys: TerminalKeys | None = None) -> None:
        self.name, self.profile, self.keys = connection.name, connection.profile, keys
        self.tap = Tap(connection.recorder or connection.way, connection.header, connection.profile)
        self.session = Session(connection, helped=True, way=self.tap, chained=True, heard=self._heard)
        self.card = self.session.card
        self.files = Files(self.card)
        self.where = Whereabouts(self.profile)
        self.last_sw: StatusWord | None = None
        self.listed_partly = False
        """Whether it was said already that a list of files may lack some."""
        self.depth = 0
        """How many scripts are under way, one inside the other."""
        named = ((), (_EF_DIR,), (_EF_ATR,), self.profile.application_path, *self.profile.certificates)
        self.known: dict[FilePath, ListedFile] = {path: ListedFile(path) for path in named}
        """The files to be offered where one is typed; that they are there is not said."""
        self._links: list[Secret] = []
        """Of a chain that goes on in the next line."""

    @property
    def secure(self) -> str:
        """``open``, ``dead``, or nothing where commands go in the clear."""
        session = self.card.session
        return "" if session is None else "open" if session.alive else "dead"

    def learn(self, files: Sequence[ListedFile]) -> None:
        """Know these files from now on; a name that was known stays where there is none now."""
        for file in files:
            before = self.known.get(file.path)
            keeps = before is not None and before.name and not file.name
            self.known[file.path] = ListedFile(file.path, before.name, file.control) if before and keeps else file

    def enter_application(self) -> None:
        """Make the DF with PIN and keys current, unless it is."""
        if not self.where.in_application:
            self.card.select_application()

    def at_stake(self, commands: Sequence[WrittenCommand]) -> list[Risk | None]:
        """Of what a try each of them can spend, those included that end a chain begun in a line before."""
        before = [link.reveal() for link in self._links]
        found = risks([*before, *(command.raw.reveal() for command in commands)], self.profile)
        return list(found)[len(before) :]

    def sent(self, commands: Sequence[WrittenCommand]) -> None:
        """Remember the links of a chain that is not at its end."""
        for command in commands:
            raw = command.raw.reveal()
            if raw[0] & CHAINED:
                self._links.append(Secret(raw))
            else:
                self.forget_chain()

    def forget_chain(self) -> None:
        """Nothing goes on from the line before."""
        for link in self._links:
            link.wipe()
        self._links.clear()

    @contextmanager
    def errand(self) -> Iterator[None]:
        """For what selects other files on its way: afterwards the file of before is current again."""
        path, verified = self.where.path, self.where.verified
        try:
            yield
        except CardError:
            with suppress(AkisError):
                self._return(path)
            raise
        else:
            self._return(path)
        finally:
            if verified - self.where.verified:
                tell(f"This left the DF, and the {' and the '.join(sorted(verified))} is no longer verified.")

    def _return(self, path: FilePath | None) -> None:
        if path is None or path == self.where.path:
            return
        last = self.last_sw
        if path == self.profile.application_path:
            self.card.select_application()
        else:
            self.files.select(path)
        self.last_sw = last

    def failed(self, error: BaseException) -> None:
        """A command ended with this; what is known of the card may be gone with it."""
        self.session.forget()
        if isinstance(error, CardRemoved | CardReset | NoCard):
            self.where.reset()

    def reset(self) -> None:
        """Reset the card; session and PIN state are gone."""
        self.forget_chain()
        self.card.reset()
        self.where.reset()

    def check_played(self) -> None:
        """:class:`ReplayDiffers` where a recording is the card, and more was recorded than was asked for."""
        if isinstance(self.card, PlayedCard):
            self.card.played.check_finished()

    def close(self) -> None:
        """Let go of the card, and end the recording."""
        self.forget_chain()
        self.stop_recording()
        with suppress(AkisError):
            self.card.close()

    def stop_recording(self) -> None:
        """End the recording, and say so where it lacks what happened."""
        file, failure = self.tap.file, self.tap.stop()
        if failure is not None:
            # The text of an error that is not ours may hold the command.
            said = str(failure) if isinstance(failure, AkisError) else getattr(failure, "strerror", None)
            tell(f"The recording {file} is incomplete: {said or type(failure).__name__}.")

    def _heard(self, command: CommandApdu, answer: ResponseApdu) -> None:
        self.last_sw = answer.sw
        self.where.heard(command, answer)
