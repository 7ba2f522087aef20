"""Checks inside a secure session, for a card whose keys somebody gave."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.sm_objects import CRYPTOGRAM, CRYPTOGRAM_TLV, PLAIN, STATUS
from akis.commands import objects
from akis.commands.application import select_application
from akis.conversation.authenticate import authenticate
from akis.conversation.base import Conversation
from akis.errors import CardError, SecureMessagingError
from akis.profile.model import SmRules
from akis.report.check import Done, Outcome, Subject, failed, in_words, not_applicable, passed, unknown, witnessed
from akis.report.times import Timekeeper
from akis.sm.mutual_auth import DeviceKeys, serial_to_sn
from akis.sm.session import OBJECTS_MISSING, OBJECTS_WRONG
from akis.sm.terminal import SecureSession

_RESERVED_OBJECT = 0x0001
_PROTECTED = tuple(bytes((tag,)) for tag in (PLAIN, CRYPTOGRAM_TLV, CRYPTOGRAM, STATUS))
"""What an answer inside the session begins with; anything else is in the clear."""
_HEAD = 2
"""Tag and length of DO'8E', which comes last."""
_NO_SESSION = "there is no session to ask in"
_NOT_ASKED_FOR = "not sent: a card may count such errors against its keys, so they are sent only where they are wanted"


class Declared(NamedTuple):
    """Name, title and clause of a check."""

    name: str
    title: str
    clause: str


OPENS = Declared("sm-session", "Device authentication opens a secure session", "CWA 14890-1, device authentication")
ANSWERS = Declared(
    "sm-answer", "An answer inside the session is protected, and authentic", "ISO/IEC 7816-4:2005 §6.2.3 and §6.4"
)
REFUSES = Declared(
    "sm-refusal", "A refusal inside the session is protected as well", "ISO/IEC 7816-4:2005 §6.2.3 and §6.4"
)
CHECKSUMS = Declared(
    "sm-checksum", "A command with a wrong checksum is refused with 6988", "ISO/IEC 7816-4:2005 §5.1.3, table 6"
)
MISSING = Declared(
    "sm-missing", "A command without its checksum is refused with 6987", "ISO/IEC 7816-4:2005 §5.1.3, table 6"
)
SESSION_CHECKS = (OPENS, ANSWERS, REFUSES, CHECKSUMS, MISSING)


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What opens sessions. ``errors``: commands with errors in them are wanted too, for which each session dies."""

    device: DeviceKeys
    ifd_sn: bytes
    errors: bool = False
    random: Callable[[int], bytes] = secrets.token_bytes


class SessionChecks:
    """The checks of one card. ``serial`` is its serial number, None where it does not say."""

    def __init__(self, subject: Subject, keys: SessionKeys, serial: bytes | None, times: Timekeeper) -> None:
        self._subject = subject
        self._keys = keys
        self._serial = serial
        self._times = times
        self._session: SecureSession | None = None

    def run(self, rounds: int) -> Conversation[tuple[Done, ...]]:
        """All of them, ``rounds`` timed commands among them; a session that does not open is tried once."""
        subject = self._subject
        why = None
        if subject.profile.secure_messaging is None:
            why = f"no secure messaging is known on this card ({subject.profile.name})"
        elif subject.ended is not None:
            why = subject.ended
        elif self._serial is None:
            why = "the card does not say its serial number, which is part of device authentication"
        if why is not None:
            return tuple(self._done(check, not_applicable(why)) for check in SESSION_CHECKS)
        done = [(yield from self._asked(OPENS, self._opens()))]
        if self._session is None:
            return (*done, *(self._done(check, unknown(_NO_SESSION)) for check in SESSION_CHECKS[1:]))
        done.append((yield from self._asked(ANSWERS, self._answers())))
        done.append((yield from self._asked(REFUSES, self._refuses())))
        yield from self._timed(rounds)
        if not self._keys.errors:
            return (*done, *(self._done(check, unknown(_NOT_ASKED_FOR)) for check in (CHECKSUMS, MISSING)))
        done.append((yield from self._asked(CHECKSUMS, self._damaged(_with_another_checksum, OBJECTS_WRONG))))
        done.append((yield from self._asked(MISSING, self._damaged(self._without_checksum, OBJECTS_MISSING))))
        return tuple(done)

    def _asked(self, check: Declared, conversation: Conversation[Outcome]) -> Conversation[Done]:
        return (yield from witnessed(*check, conversation, self._subject.profile))

    def _done(self, check: Declared, outcome: Outcome) -> Done:
        return Done(*check, outcome)

    @property
    def _plain(self) -> CommandApdu:
        return objects.get_data(self._subject.profile.serial.p1p2)

    def _open(self) -> Conversation[SecureSession]:
        self.close()
        yield select_application(self._subject.profile)
        keys, rules = self._keys, self._subject.profile.secure_messaging
        sn_icc = serial_to_sn(self._serial or b"")
        self._session = yield from authenticate(keys.device, keys.ifd_sn, sn_icc, keys.random, rules)
        return self._session

    def close(self) -> None:
        """Forget the session, if there is one."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def _opens(self) -> Conversation[Outcome]:
        try:
            session = yield from self._open()
        except (CardError, SecureMessagingError) as error:
            return failed(f"no session could be opened: {error}; it may be the keys that are not this card's")
        return passed(f"a session with {session.suite.value} is open")

    def _answers(self) -> Conversation[Outcome]:
        opened, said = yield from self._inside(self._plain)
        if opened is None:
            return failed(said)
        if not opened.sw.ok:
            return unknown(f"GET DATA inside the session is answered {said}")
        return passed(f"GET DATA inside the session is answered {said}; the checksum is right")

    def _refuses(self) -> Conversation[Outcome]:
        if self._session is None or not self._session.alive:
            return unknown("the session did not survive the answer before")
        opened, said = yield from self._inside(objects.get_data(_RESERVED_OBJECT))
        if opened is None:
            return failed(said)
        if opened.sw.ok:
            return unknown(f"GET DATA of an object that nobody has is answered {said}")
        return passed(f"inside the session it answers {said}; the checksum is right")

    def _timed(self, rounds: int) -> Conversation[None]:
        name = f"GET DATA {self._subject.profile.serial.p1p2:04X}, secure messaging"
        for _ in range(rounds):
            if self._session is None or not self._session.alive:
                return
            answer = yield from self._times.ask(name, self._session.protect(self._plain))
            try:
                self._session.unprotect(answer)
            except SecureMessagingError:
                return

    def _damaged(self, damage: Callable[[CommandApdu], CommandApdu], wanted: int) -> Conversation[Outcome]:
        try:
            session = yield from self._open()
        except (CardError, SecureMessagingError) as error:
            return unknown(f"no other session could be opened: {error}")
        answer = yield damage(session.protect(self._plain))
        said = in_words(answer, self._subject.profile)
        if answer.sw == wanted and not answer.data:
            return passed(f"it answers {said}, in the clear")
        return failed(f"it answers {said}, in the place of {wanted:04X} in the clear")

    def _without_checksum(self, command: CommandApdu) -> CommandApdu:
        rules = self._subject.profile.secure_messaging or SmRules()
        return command.replace(data=command.data[: -_HEAD - rules.mac_length])

    def _inside(self, plain: CommandApdu) -> Conversation[tuple[ResponseApdu | None, str]]:
        """The plain answer, or None, and in either case what is to be said of it."""
        assert self._session is not None
        answer = yield self._session.protect(plain)
        try:
            opened = self._session.unprotect(answer)
        except SecureMessagingError as error:
            said = in_words(answer, self._subject.profile)
            if answer.data[:1] not in _PROTECTED:
                return None, f"it answers in the clear inside secure messaging: {said}"
            return None, f"its answer is not to be trusted, {error.reason}: {said}"
        return opened, in_words(opened, self._subject.profile)


def _with_another_checksum(command: CommandApdu) -> CommandApdu:
    return command.replace(data=command.data[:-1] + bytes((command.data[-1] ^ 0x01,)))
