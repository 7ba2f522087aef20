"""One card in somebody's hands: commands to it, plain or inside a secure session."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import NamedTuple, Self, TypeVar

from akis.codec.apdu import CHAINED, CommandApdu, ResponseApdu
from akis.codec.fci import FileControl
from akis.commands import objects
from akis.commands.application import select_application
from akis.conversation.authenticate import authenticate
from akis.conversation.base import Conversation, ask
from akis.errors import (
    AkisError,
    CodecError,
    InvalidArgument,
    PolicyRefused,
    ReaderRefused,
    SecureMessagingError,
    TransportError,
    WrongType,
)
from akis.profile.model import CardProfile, DataField
from akis.sm.chain import links, plain_room
from akis.sm.mutual_auth import SN_LENGTH, DeviceKeys, TerminalAuthentication, serial_to_sn
from akis.sm.terminal import SecureSession
from akis.trace.model import Exchange
from akis.transport.base import Transport
from akis.transport.foreign import foreign, ours_only, strip

T = TypeVar("T")
Lost = Callable[[AkisError], AkisError]


class _Channel(NamedTuple):
    """What commands go through: a session, or None for the clear; and when that was decided."""

    session: SecureSession | None
    turn: int


class Card:
    """A card behind a transport, described by a profile.

    From :meth:`open_session` on every command goes through the session. Where it could not be opened, or has died,
    commands are refused with :class:`SecureMessagingError` until :meth:`end_session`, :meth:`reset` or another
    :meth:`open_session` says what is wanted instead, so nothing meant for a secure channel ever leaves in the clear.

    ``watch`` is called with every :class:`Exchange`, after it happened. What it raises is not the card's doing: it is
    kept in :attr:`watch_failure`, the watcher is not called again, and the exchange counts as it was.
    """

    def __init__(
        self, transport: Transport, profile: CardProfile, watch: Callable[[Exchange], None] | None = None
    ) -> None:
        if not isinstance(transport, Transport):
            raise WrongType(f"a card is behind a Transport, not {type(transport).__name__}")
        if not isinstance(profile, CardProfile):
            raise WrongType(f"a card is described by a CardProfile, not {type(profile).__name__}")
        self.transport = transport
        self.profile = profile
        self.session: SecureSession | None = None
        self.watch_failure: Exception | None = None
        self._session_wanted = False
        self._turn = 0
        """Counts what was decided about sessions, so that a conversation notices when it was decided anew."""
        self._watch = watch
        self._lock = RLock()

    @property
    def atr(self) -> bytes:
        """The answer to the last reset."""
        return ours_only(lambda: self.transport.atr)

    def send(self, command: CommandApdu, lost: Lost | None = None) -> ResponseApdu:
        """Send one command, through the session where one is wanted, and return its plain answer.

        Data too long for one protected command goes out as a chain, which ends early where the card refuses a link.
        What goes wrong once bytes have left ends the session; ``lost`` may turn it into another error to raise. What
        goes wrong before that is raised as it is, and nothing was sent.
        """
        with self._lock:
            return self._send(command, self._channel(), lost)

    def run(self, conversation: Conversation[T], lost: Lost | None = None) -> T:
        """Drive a conversation to its end, in one transaction, and return its result; ``lost`` as in :meth:`send`.

        It stays in the session it began in: where that is ended meanwhile, the next command is refused.
        """
        if not isinstance(conversation, Generator):
            raise WrongType(f"a conversation is a generator, not {type(conversation).__name__}")
        with self.transaction():
            return self._run(conversation, self._channel(), lost)

    def control(self, code: int, data: bytes, lost: Lost | None = None) -> bytes:
        """Have the reader itself do something under this control code, such as ask for a PIN and send it to the card.

        It does so in the clear: :class:`PolicyRefused`, and nothing sent, where a secure session is open or wanted.
        What goes wrong is raised as in :meth:`send`; :class:`ReaderRefused` as it is, for nothing reached the card. No
        :class:`Exchange` is watched, for nobody here knows the command.
        """
        with self._lock:
            if self._session_wanted:
                raise PolicyRefused("what a reader sends by itself goes around the secure session; nothing was sent")
            failure: AkisError
            try:
                answer = ours_only(lambda: self.transport.control(code, data))
                if isinstance(answer, bytes | bytearray | memoryview):
                    return bytes(answer)
                failure = TransportError(f"the reader answered with {type(answer).__name__}, not with bytes")
            except ReaderRefused:
                raise
            except AkisError as error:
                failure = error
            if lost is None:
                raise failure
            raise lost(failure) from failure

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other threads and other programs from the card for the time of a ``with``; one inside another is one."""
        with self._lock:
            way = ours_only(self.transport.transaction)
            ours_only(way.__enter__)
            try:
                yield
            finally:
                # What was done in it counts, whether or not others could be let in again.
                with suppress(Exception):
                    way.__exit__(None, None, None)

    def select_application(self) -> FileControl:
        """SELECT the DF that holds PIN and keys; returns what the card says of it."""
        answer = self.run(ask(select_application(self.profile), "SELECT of the application"))
        return FileControl.from_bytes(answer)

    def serial(self) -> bytes:
        """The card's serial number."""
        return self.run(self._data(self.profile.serial, "reading the serial number"))

    def life_cycle(self) -> str:
        """The name of the card's life-cycle phase, or ``unknown (XX)``."""
        code = self.run(self._data(self.profile.life_cycle, "reading the life cycle")).hex().upper()
        return self.profile.life_cycles.get(code, f"unknown ({code})")

    def open_session(
        self, keys: DeviceKeys, sn_ifd: bytes, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> SecureSession:
        """Authenticate each other with ``keys``, as terminal ``sn_ifd`` (8 bytes), and send all that follows protected.

        A session that was open is ended first. Where this fails, nothing more goes to the card: see :class:`Card`.
        :class:`PolicyRefused`, with nothing sent or ended, where the profile knows no secure messaging of this card.
        """
        if not isinstance(keys, DeviceKeys):
            raise WrongType(f"the keys are DeviceKeys, not {type(keys).__name__}")
        self.require_secure_messaging()
        # Made and thrown away: what is wrong with the arguments shows before anything is sent or ended.
        TerminalAuthentication(keys, sn_ifd, bytes(SN_LENGTH), random)
        with self.transaction():
            self.end_session()
            self._session_wanted = True
            session = self._run(self._opening(keys, sn_ifd, random), _Channel(None, self._turn), None)
            self._turn += 1
            self.session = session
            return session

    def require_secure_messaging(self) -> None:
        """:class:`PolicyRefused` where the profile knows no secure messaging of this card."""
        if self.profile.secure_messaging is None:
            raise PolicyRefused(
                f"no secure messaging is known on this card ({self.profile.name}), so no secure session was opened; "
                "nothing was sent"
            )

    def end_session(self) -> None:
        """Forget the secure session, if any. What is sent next goes in the clear, which ends it on the card too."""
        with self._lock:
            self._turn += 1
            self._session_wanted = False
            if self.session is not None:
                self.session.close()
                self.session = None

    def reset(self) -> bytes:
        """Reset the card and return its ATR; session and PIN state are gone."""
        with self._lock:
            self.end_session()
            return ours_only(self.transport.reset)

    def close(self) -> None:
        """End the session and let go of the card."""
        with self._lock:
            self.end_session()
            ours_only(self.transport.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # what happened to the card counts, not how one let go of it
            self.close()

    def __repr__(self) -> str:
        return f"Card({self.profile.name}, {self.session or 'no session'})"

    def _channel(self) -> _Channel:
        """What commands go through from now on."""
        if self._session_wanted and self.session is None:
            raise SecureMessagingError("no session could be opened")
        return _Channel(self.session, self._turn)

    def _opening(self, keys: DeviceKeys, sn_ifd: bytes, random: Callable[[int], bytes]) -> Conversation[SecureSession]:
        serial = yield from self._data(self.profile.serial, "reading the serial number")
        rules = self.profile.secure_messaging
        return (yield from authenticate(keys, sn_ifd, serial_to_sn(serial), random, rules))

    def _data(self, field: DataField, what: str) -> Conversation[bytes]:
        answer = yield from ask(objects.get_data(field.p1p2), what)
        if len(answer) < field.offset + field.length:
            raise CodecError(f"{what}: the answer has {len(answer)} bytes, too few", len(answer))
        return answer[field.offset : field.offset + field.length]

    def _run(self, conversation: Conversation[T], channel: _Channel, lost: Lost | None) -> T:
        try:
            command = next(conversation)
            while True:
                command = conversation.send(self._send(command, channel, lost))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            conversation.close()

    def _send(self, command: CommandApdu, channel: _Channel, lost: Lost | None) -> ResponseApdu:
        answer = ResponseApdu()
        for link in self._links(command, channel.session):
            if self._turn != channel.turn:
                raise SecureMessagingError("the session was ended in the middle of a conversation")
            answer = self._exchange(link, channel.session, lost)
            if not answer.sw.ok:
                break
        return answer

    def _links(self, command: CommandApdu, session: SecureSession | None) -> list[CommandApdu]:
        """The command as this card can take it: its length fields short if need be, cut if it must be protected so."""
        if not isinstance(command, CommandApdu):
            raise WrongType(f"a command is a CommandApdu, not {type(command).__name__}")
        if not self.profile.extended_length:
            if command.ne is not None and command.ne > 0x100:
                raise InvalidArgument("this card answers at most 256 bytes at a time")
            command = command.replace(extended=False) if command.extended else command
        if session is None or session.rules.chain == "whole":
            return [command]
        room = plain_room(session.suite, self.profile.max_data, command.ne is not None)
        if room < 1:
            raise InvalidArgument(f"no protected command fits the {self.profile.max_data} bytes that this card takes")
        return links(command, room) if len(command.data) > room else [command]

    def _exchange(self, command: CommandApdu, session: SecureSession | None, lost: Lost | None) -> ResponseApdu:
        wire = command if session is None else session.protect(command)
        answer = None
        try:
            answer = self._transmit(wire, session is not None)
            opened = answer if session is None else session.unprotect(answer)
        except BaseException as error:
            # Also a Ctrl-C: from here on nobody can say whether both counters are still the same.
            if session is not None:
                session.close()
            strip(error)
            if not isinstance(error, Exception):
                self._seen(Exchange(wire, answer, command, None, "interrupted"))
                raise
            failure = error if isinstance(error, AkisError) else foreign(error)
        else:
            self._seen(Exchange(wire, answer, command, opened))
            return opened
        self._seen(Exchange(wire, answer, command, None, str(failure)))
        if lost is None:
            raise failure
        raise lost(failure) from failure

    def _transmit(self, wire: CommandApdu, protected: bool) -> ResponseApdu:
        """Send one command, cut into a chain where it was protected as a whole and is too long for this card."""
        pieces = [wire]
        if protected and len(wire.data) > self.profile.max_data:
            if not self.profile.extended_length and wire.ne is not None:
                wire = wire.replace(ne=min(wire.ne, 0x100))  # once it is cut, its length fields are short again
            pieces = links(wire, self.profile.max_data)
        for piece in pieces:
            raw = self.transport.transmit(piece.to_bytes())
            if not isinstance(raw, bytes | bytearray | memoryview):
                raise TransportError(f"the way to the card answered with {type(raw).__name__}, not with bytes")
            answer = ResponseApdu.from_bytes(raw)
            if piece.cla & CHAINED and (not answer.sw.ok or answer.data):
                break
        return answer

    def _seen(self, exchange: Exchange) -> None:
        if self._watch is None or self.watch_failure is not None:
            return
        try:
            self._watch(exchange)
        except Exception as error:
            self.watch_failure = error
