"""Plays a recorded session in a fresh secure session: the plain commands go out again, the plain answers are compared.

The recorded wire opens with the device keys, since whoever has them can read both tokens of the authentication. The
card is met with new random numbers, and its answers are authenticated before they are compared.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands import objects, security
from akis.errors import AkisError, CodecError, InvalidArgument, SecureMessagingError
from akis.profile.model import CardProfile
from akis.regress.play import Player, name_of
from akis.sm.chain import links
from akis.sm.mutual_auth import NONCE_LENGTH, SN_LENGTH, TOKEN_LENGTH, DeviceKeys, TerminalAuthentication, serial_to_sn
from akis.sm.terminal import SecureSession
from akis.trace.compare import Difference, answer_difference
from akis.trace.decrypt import Opened, opened
from akis.trace.entries import Entry, Event, Exchanged, Wire
from akis.trace.redactor import Redactor
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport

_SN_IFD = slice(NONCE_LENGTH, NONCE_LENGTH + SN_LENGTH)
_SN_ICC = slice(2 * NONCE_LENGTH + SN_LENGTH, 2 * NONCE_LENGTH + 2 * SN_LENGTH)


class Rekeying:
    """What the terminal remembers while it plays: the key it chose, the card's challenge and serial, the session."""

    def __init__(
        self,
        player: Player,
        keys: Sequence[DeviceKeys],
        profile: CardProfile,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._player = player
        self._keys = keys
        self._profile = profile
        self._random = random
        self._redactor = Redactor(profile)
        self._chosen: tuple[int, int] | None = None
        self._challenge = b""
        self._serial = b""
        self._session: SecureSession | None = None
        # Only here what a card sends in pieces has to be put together: inside, the wire itself is not compared.
        way = GetResponseTransport(player.transport)
        card = player.target.personality
        whole = profile.extended_length or (card is not None and card.extended_length)
        self._stacked = way if whole else ChainingTransport(way)

    def play(self, entries: Iterable[Entry]) -> None:
        """Play all of it, or up to the first difference."""
        for step in opened(entries, self._keys, rules=self._profile.secure_messaging):
            if step.protected:
                self._protected(step)
            else:
                self._end_session()
                for entry in step.entries:
                    if isinstance(entry, Event):
                        self._player.event(entry)
                    else:
                        self._plain(entry)
            if self._player.deviations and not self._player.go_on:
                return

    def _plain(self, entry: Exchanged) -> None:
        command = _command(entry.command.raw)
        authenticated = command is not None and command.ins == security.MUTUAL_AUTHENTICATE and _done(entry)
        if command is None or not authenticated:
            got = self._player.exchange(entry)
            if command is not None and got is not None:
                self._remember(command, got)
            return
        terminal, raw = self._authentication(command)
        got = self._player.send(raw, entry)
        if got is None or entry.answer is None:
            return
        self._player.compare(entry, got)
        answer = ResponseApdu.from_bytes(got)
        if answer.sw.ok:
            try:
                self._session = terminal.session(answer.data)
            except SecureMessagingError as error:
                self._player.differs("MUTUAL AUTHENTICATE", Difference("token", "that of the card", error.reason))

    def _authentication(self, command: CommandApdu) -> tuple[TerminalAuthentication, bytes]:
        """The terminal's side as it was recorded, but for its random numbers, and the command that begins it."""
        for keys in self._keys:
            if self._chosen != (keys.algorithm.reference, keys.reference) or len(command.data) != TOKEN_LENGTH:
                continue
            with suppress(SecureMessagingError):
                token = keys.open(command.data)
                sn_icc = serial_to_sn(self._serial) if self._serial else token[_SN_ICC]
                terminal = TerminalAuthentication(
                    keys, token[_SN_IFD], sn_icc, self._random, self._profile.secure_messaging
                )
                return terminal, security.mutual_authenticate(terminal.token(self._challenge)).to_bytes()
        raise InvalidArgument(
            f"exchange {self._player.exchanges + 1} authenticates with a key that was not given; "
            "--sm-keys names its file"
        )

    def _protected(self, step: Opened) -> None:
        player, plain, session = self._player, step.plain_command, self._session
        finding = step.finding or ""
        if plain is None or session is None or finding.startswith("command:"):
            why = finding or step.step or "no session is open"
            raise InvalidArgument(
                f"exchange {step.numbers[0]} cannot be played in another session, since it does not open: {why}"
            )
        entry = _whole(step)
        got = player.send(self._wire(session, plain), entry, self._stacked)
        if got is None:
            self._end_session()
            return
        name = f"{name_of(plain.to_bytes())} inside secure messaging"
        if step.plain_answer is None:
            # A refusal in the clear, as it was recorded, ends the session on both sides.
            self._end_session()
            player.compare(entry, got)
            return
        try:
            now = session.unprotect(ResponseApdu.from_bytes(got))
        except AkisError as error:
            why = error.reason if isinstance(error, SecureMessagingError) else "no answer APDU"
            player.differs(name, Difference("answer", "authenticated", f"{got[-2:].hex().upper()}, {why}"))
            self._end_session()
            return
        before = self._redactor.exchange(plain.to_bytes(), step.plain_answer.to_bytes())
        if before.answer is not None:
            found = answer_difference(before.command, before.answer, now.to_bytes(), self._profile, player.strict)
            if found is not None:
                player.differs(name, found)

    def _wire(self, session: SecureSession, plain: CommandApdu) -> bytes:
        """The last command that carries ``plain``; those before it, where it must be cut, are sent here."""
        whole = session.protect(plain)
        if session.rules.chain == "each" or len(whole.data) <= self._profile.max_data:
            return whole.to_bytes()
        *first, last = links(whole, self._profile.max_data)
        for link in first:
            self._stacked.transmit(link.to_bytes())
        return last.to_bytes()

    def _remember(self, command: CommandApdu, got: bytes) -> None:
        """Key, challenge and serial, for the authentication that may follow."""
        answer = ResponseApdu.from_bytes(got)
        if not answer.sw.ok:
            return
        place = self._profile.serial
        if command.ins == security.MSE:
            self._chosen = security.chosen_keys(command) or self._chosen
        elif command.ins == security.GET_CHALLENGE:
            self._challenge = answer.data
        elif command.ins == objects.GET_DATA and command.p1 << 8 | command.p2 == place.p1p2:
            self._serial = answer.data[place.offset : place.offset + place.length]

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _whole(step: Opened) -> Exchanged:
    """The wire of a protected exchange, its links and pieces joined."""
    exchanges = [entry for entry in step.entries if isinstance(entry, Exchanged)]
    durations = [entry.duration for entry in exchanges if entry.duration is not None]
    last = exchanges[-1]
    return Exchanged(
        exchanges[0].command if step.command is None else Wire(step.command.to_bytes()),
        None if step.answer is None else Wire(step.answer.to_bytes()),
        exchanges[0].start,
        sum(durations) if durations else None,
        last.failure,
    )


def _command(raw: bytes) -> CommandApdu | None:
    try:
        return CommandApdu.from_bytes(raw)
    except CodecError:
        return None


def _done(entry: Exchanged) -> bool:
    return entry.answer is not None and entry.answer.raw[-2:] == b"\x90\x00"
