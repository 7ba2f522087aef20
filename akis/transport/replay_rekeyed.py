"""A recorded secure session plays the card for a driver with random numbers of its own.

Who holds the device keys can open the recording. What was inside is then said again in a new session: the driver's
plain commands must be the recorded ones, and the recorded plain answers are protected with the new session's keys.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Sequence

from akis.codec.apdu import CHAINED, MAX_DATA, SM_BITS, CommandApdu, ResponseApdu
from akis.commands import security
from akis.errors import AkisError, CodecError, InvalidArgument, SecureMessagingError, TraceError, WrongType
from akis.profile.model import CardProfile
from akis.secret import Secret
from akis.sm.card import CardSession
from akis.sm.mutual_auth import SN_LENGTH, TOKEN_LENGTH, CardAuthentication, DeviceKeys, checked_random
from akis.trace.compare import command_difference
from akis.trace.decrypt import Opened, opened
from akis.trace.entries import Event, Exchanged, Trace, Wire
from akis.trace.redact import Mask, command_masks, data_start
from akis.trace.redactor import TOKEN
from akis.transport.replay import Mode, ReplayTransport, Step, differs, exchange_of, given, name_of, other_command

_SN_ICC = 24
"""Where SN.ICC is in the terminal's token, after RND.IFD, SN.IFD and RND.ICC."""
_LINK_DONE = ResponseApdu().to_bytes()


class RekeyedReplay(ReplayTransport):
    """A recording with secure sessions in it, played in sessions of the driver's own.

    ``keys`` are those the sessions were opened with; copies are kept until :meth:`close`. MUTUAL AUTHENTICATE and the
    challenge before it are answered by this side with ``random``. Inside a session, PINs may be others than they were,
    of the same length: a transport PIN is never the same twice. An answer that was fetched in pieces comes as one.

    :class:`TraceError` where no key opens what was recorded. What went in the clear is compared as by
    :class:`ReplayTransport`.
    """

    def __init__(
        self,
        trace: Trace,
        keys: Sequence[DeviceKeys],
        random: Callable[[int], bytes] = secrets.token_bytes,
        profile: CardProfile | None = None,
        mode: Mode | None = None,
    ) -> None:
        if not keys or not all(isinstance(pair, DeviceKeys) for pair in keys):
            raise WrongType("a replay is re-keyed with a list of DeviceKeys")
        self._keys = [_copied(pair) for pair in keys]
        self._random = random
        self._rules = None if profile is None else profile.secure_messaging
        self._challenge = b""
        self._session: CardSession | None = None
        self._next_session: CardSession | None = None
        self._chain: CommandApdu | None = None
        self._chosen: tuple[int, int] | None = None
        """Algorithm and key reference of the last MSE SET: the same keys may serve several algorithms."""
        super().__init__(trace, mode, profile)

    def reset(self) -> bytes:
        atr = super().reset()
        self._end_session()
        return atr

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._end_session()
            for pair in self._keys:
                pair.wipe()

    def _read(self, trace: Trace) -> Generator[Step, None, None]:
        number = 1
        for found in opened(trace.entries(), self._keys, rules=self._rules):
            if found.protected:
                number = found.numbers[0]
                yield Step(number, _as_one(found), found.plain_command, found.plain_answer)
                number = found.numbers[-1] + 1
                continue
            for entry in found.entries:
                yield Step(number, entry)
                number += isinstance(entry, Exchanged)

    def _transmitted(self, command: bytes) -> bytes:
        # A link of a command that was protected as a whole: what it is a part of is known with the last.
        link = _parsed(command)
        whole = self._session is not None and self._session.rules.chain == "whole"
        if link is None or not whole or not _protected(link.cla):
            self._chain = None
            return super()._transmitted(command)
        begun, self._chain = self._chain, None
        if begun is not None and begun.header[1:] == link.header[1:] and len(begun.data + link.data) <= MAX_DATA:
            link = link.replace(data=begun.data + link.data)
        if link.cla & CHAINED:
            self._chain = link
            return _LINK_DONE
        return super()._transmitted(link.to_bytes())

    def _play(self, step: Step, command: bytes) -> bytes:
        sent = _parsed(command)
        recorded = _parsed(exchange_of(step).command.raw)
        if sent is None or recorded is None or _protected(sent.cla) is not _protected(recorded.cla):
            self._end_session()
            return super()._play(step, command)
        if _protected(sent.cla):
            return self._play_protected(step, sent)
        # Any plain command ends the session.
        self._end_session()
        self._chosen = security.chosen_keys(recorded) or self._chosen
        answer = _parsed_answer(exchange_of(step))
        own = self._own_answer(step, recorded, sent, answer)
        if own is not None:
            self._begin_session()
            return own.to_bytes()
        if recorded.ins == security.MUTUAL_AUTHENTICATE:  # one that the card refused
            self._compare(step, _any_token(recorded), sent, strict=False)
            return given(step)
        return super()._play(step, command)

    def _play_protected(self, step: Step, sent: CommandApdu) -> bytes:
        recorded, answer = step.plain_command, step.plain_answer
        if recorded is None:
            hidden = exchange_of(step).command.hides
            why = (
                "the trace hides bytes of it" if hidden else "the keys given do not open it; name those of its session"
            )
            raise TraceError(f"exchange {step.number}, {_name(step)}: it was protected, and {why}")
        if self._session is None:
            raise differs(step, "the driver's command is protected, and no secure session is open")
        try:
            plain = self._session.unprotect(sent)
        except SecureMessagingError as error:
            raise differs(step, f"the driver's secure messaging does not open: {error.reason}") from None
        own = self._own_answer(step, recorded, plain, answer)
        if own is None:
            raw = recorded.to_bytes()
            self._compare(step, Wire(raw, command_masks(raw, self._profile)), plain, strict=False)
        if answer is None:
            # Lost, in the clear, or with a checksum that did not fit then and does not fit now.
            self._end_session()
            return given(step)
        protected = self._session.protect(own or answer).to_bytes()
        self._begin_session()
        return protected

    def _own_answer(
        self, step: Step, recorded: CommandApdu, sent: CommandApdu, answer: ResponseApdu | None
    ) -> ResponseApdu | None:
        """The answer to what opens a session; None where the recorded one serves."""
        if answer is None or not answer.sw.ok or recorded.header[1:] != sent.header[1:]:
            return None
        if recorded.ins == security.GET_CHALLENGE and answer.data:
            self._compare(step, Wire(recorded.to_bytes()), sent, strict=True)
            self._challenge = checked_random(self._random, len(answer.data))
            return ResponseApdu(self._challenge)
        if recorded.ins != security.MUTUAL_AUTHENTICATE or len(recorded.data) != TOKEN_LENGTH:
            return None
        self._compare(step, _any_token(recorded), sent, strict=False)
        card = self._card_of(step, recorded.data)
        challenge, self._challenge = self._challenge, b""
        try:
            token, self._next_session = card.answer(challenge, sent.data)
        except (SecureMessagingError, InvalidArgument) as error:
            reason = error.reason if isinstance(error, SecureMessagingError) else "no challenge was asked for"
            raise differs(step, f"the driver does not prove its keys: {reason}") from None
        return ResponseApdu(token)

    def _card_of(self, step: Step, token: bytes) -> CardAuthentication:
        """The card's side with the keys and the number that the recorded token was made with."""
        for pair in sorted(self._keys, key=lambda pair: (pair.algorithm.reference, pair.reference) != self._chosen):
            try:
                sn_icc = pair.open(token)[_SN_ICC : _SN_ICC + SN_LENGTH]
            except AkisError:
                continue
            return CardAuthentication(pair, sn_icc, self._random, self._rules)
        raise TraceError(
            f"exchange {step.number}, {_name(step)}: the keys given do not open the recorded authentication; "
            "name those of its session"
        )

    def _compare(self, step: Step, recorded: Wire, sent: CommandApdu, strict: bool) -> None:
        self.hidden = self.hidden or recorded.hides
        difference = command_difference(recorded, sent.to_bytes(), self._profile, strict)
        if difference is not None:
            raise other_command(step, difference, sent.to_bytes()[1] == recorded.raw[1])

    def _begin_session(self) -> None:
        """The session that was agreed on is in force once its answer is out."""
        if self._next_session is not None:
            following, self._next_session = self._next_session, None
            self._end_session()
            self._session = following

    def _end_session(self) -> None:
        for session in (self._session, self._next_session):
            if session is not None:
                session.close()
        self._session = self._next_session = self._chain = None


def _copied(pair: DeviceKeys) -> DeviceKeys:
    """The same keys, which stay where their owner wipes his."""
    return DeviceKeys(
        pair.reference, pair.algorithm.reference, Secret(pair.k_enc.reveal()), Secret(pair.k_mac.reveal())
    )


def _as_one(found: Opened) -> Exchanged | Event:
    """The exchange as it was meant: its command's links and its answer's pieces are one."""
    first, last = found.entries[0], found.entries[-1]
    if not isinstance(first, Exchanged) or not isinstance(last, Exchanged) or found.command is None:
        return first
    whole = len(found.entries) == 1 or first.command.hides
    command = first.command if whole else Wire(found.command.to_bytes())
    answer = last.answer
    if found.answer is not None and answer is not None and not answer.hides:
        answer = Wire(found.answer.to_bytes())
    return Exchanged(command, answer, failure=last.failure)


def _any_token(recorded: CommandApdu) -> Wire:
    """MUTUAL AUTHENTICATE with whatever the driver has drawn."""
    size = len(recorded.data)
    masks = (Mask(data_start(recorded), size, TOKEN, hidden=False),) if size else ()
    return Wire(recorded.to_bytes(), masks)


def _protected(cla: int) -> bool:
    """Whether a class byte asks for secure messaging as these cards have it (ISO/IEC 7816-4:2005 §5.1.1, table 2)."""
    return cla & 0x40 == 0 and cla & SM_BITS == SM_BITS


def _parsed(raw: bytes) -> CommandApdu | None:
    try:
        return CommandApdu.from_bytes(raw)
    except CodecError:
        return None


def _parsed_answer(entry: Exchanged) -> ResponseApdu | None:
    if entry.answer is None or entry.answer.hides:
        return None
    try:
        return ResponseApdu.from_bytes(entry.answer.raw)
    except CodecError:
        return None


def _name(step: Step) -> str:
    return name_of(exchange_of(step).command.raw)
