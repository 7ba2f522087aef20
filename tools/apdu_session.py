"""The run of ``akis apdu``: each written command sent, and all that went over the wire for it kept, secrets hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands.risk import Risk
from akis.commands.written import WrittenCommand
from akis.connect import Connection
from akis.errors import AkisError, CodecError, InvalidArgument, PinOutcomeUnknown, ReplayDiffers, WrongType
from akis.profile.model import CardProfile
from akis.sources.keys import TerminalKeys
from akis.status import StatusWord
from akis.trace.entries import Entry, Event, Exchanged, Failure
from akis.trace.follow import Follower, Step
from akis.trace.model import Exchange
from akis.trace.redactor import Redactor
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.foreign import ours_only
from akis.transport.get_response import GET_RESPONSE, GetResponseTransport
from akis.transport.recorder import Recorder

By = Literal["written", "akis"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One exchange: ``by`` says whether it was written or sent by akis to help; ``plain``: inside secure messaging."""

    step: Step
    by: By
    plain: bool = False


@dataclass(slots=True)
class Played:
    """What became of the written command ``number``, None for the opening of the secure session.

    ``sw`` is the status word of the whole, inside a session the plain one; None where nothing came, or was asked.
    """

    number: int | None
    written: WrittenCommand | None
    shown: list[Shown] = field(default_factory=list)
    sw: StatusWord | None = None

    @property
    def fits(self) -> bool | None:
        """Whether the expected status word came; None where none is expected."""
        if self.written is None or self.written.expected is None:
            return None
        return self.sw is not None and self.written.fits(self.sw)


class Session:
    """A way to a card that is listened to. With ``helped``, 61XX and 6CXX are followed up, and that shows as such.

    ``way`` is what lies beneath, where that is not the connection's own. With ``chained`` the card takes long commands
    too, which written ones never are. ``heard`` is given each command and its answer, as they are in plain.
    """

    def __init__(
        self,
        connection: Connection,
        helped: bool,
        *,
        way: Transport | None = None,
        chained: bool = False,
        heard: Callable[[CommandApdu, ResponseApdu], object] = lambda command, answer: None,
    ) -> None:
        beneath = way or connection.recorder or connection.way
        self._listening = Recorder(beneath, self._hear, Redactor(connection.profile))
        self._helped = GetResponseTransport(self._listening) if helped else self._listening
        most = min(connection.profile.max_data, 0xFF)
        top = ChainingTransport(self._helped, most) if chained else self._helped
        self.card = replace(connection, transport=top).card(self._watch)
        self._heard = heard
        self._follower, self._inside = Follower(), Follower()
        self._redactor = Redactor(connection.profile)
        self._wire: list[Step] = []
        """Of the command under way, until it is known what they carry."""
        self._shown: list[Shown] = []
        self._opening = False
        self._raw = b""

    def played(
        self,
        commands: Sequence[WrittenCommand],
        risks: Sequence[Risk | None],
        keys: TerminalKeys | None = None,
        helped: bool = True,
    ) -> Iterator[Played]:
        """Send them in one transaction and tell each once it is done, a failed one too, before its error is raised.

        With ``keys`` a secure session is opened first; where one is open, they go inside it. Without ``helped``, nobody
        follows up 61XX and 6CXX of those in the clear. It ends after a status word that was not the expected one.
        """
        with self.card.transaction():
            if keys is not None:
                yield from self._open(keys)
            for number, (written, risk) in enumerate(zip(commands, risks, strict=True), 1):
                done = Played(number, written)
                try:
                    done.sw = self._send(written.raw.reveal(), helped)
                except AkisError as error:
                    yield self._taken(done)
                    raise _unknown(error, risk) from None
                yield self._taken(done)
                if done.fits is False:
                    return

    def forget(self) -> None:
        """What was heard until now belongs to nothing that is still to come."""
        self._wire.clear()
        self._shown.clear()
        self._raw, self._opening = b"", False

    def _open(self, keys: TerminalKeys) -> Iterator[Played]:
        done = Played(None, None)
        self._opening = True
        try:
            self.card.select_application()
            self.card.open_session(keys.device, keys.ifd_sn)
        except AkisError:
            yield self._taken(done)
            raise
        self._opening = False
        yield self._taken(done)

    def _send(self, raw: bytes, helped: bool) -> StatusWord:
        if self.card.session is not None:
            return self.card.send(CommandApdu.from_bytes(raw)).sw
        self._raw = raw
        way = self._helped if helped else self._listening
        answer = ResponseApdu.from_bytes(ours_only(lambda: way.transmit(raw)))
        with suppress(CodecError):
            self._heard(CommandApdu.from_bytes(raw), answer)
        return answer.sw

    def _taken(self, done: Played) -> Played:
        self._flush()
        failure = self._listening.failure or self.card.watch_failure
        if failure is not None:
            raise failure  # nothing that is shown may be missing from what was sent
        done.shown, self._shown = self._shown, []
        return done

    def _hear(self, entry: Entry) -> None:
        if isinstance(entry, Event):
            self._follower.event(entry)
        else:
            step = self._follower.exchange(entry)
            self._wire.append(step if self._wire else _as_sent(step, self._raw))
            self._raw = b""

    def _watch(self, exchange: Exchange) -> None:
        """The card has had a command of the secure session, or of its opening: what it was in plain comes first."""
        if exchange.protected:
            plain = self._inside.exchange(self._plain(exchange))
            number = self._wire[0].number if self._wire else self._follower.number
            self._shown.append(Shown(replace(plain, number=number), "written", plain=True))
        self._flush()
        if exchange.plain_answer is not None:
            self._heard(exchange.plain_command, exchange.plain_answer)

    def _plain(self, exchange: Exchange) -> Exchanged:
        answer = exchange.plain_answer
        failure = Failure("SecureMessagingError", exchange.error or "") if answer is None else None
        sent = exchange.plain_command.to_bytes()
        return self._redactor.exchange(sent, None if answer is None else answer.to_bytes(), failure=failure)

    def _flush(self) -> None:
        for at, step in enumerate(self._wire):
            by: By = "akis" if at or self._opening else "written"
            self._shown.append(Shown(replace(step, notes=(*step.notes, *self._why(step, at))), by))
        self._wire.clear()

    def _why(self, step: Step, at: int) -> tuple[str, ...]:
        """Why akis sent what nobody wrote."""
        if at and step.in_chain:
            return ("cut by akis",)
        if at:
            fetched = step.command is not None and step.command.ins == GET_RESPONSE
            return ("sent by akis",) if fetched else ("sent again by akis, with the Le that the card asks for",)
        return ("sent by akis to open the session",) if self._opening else ()


def dry(commands: Sequence[WrittenCommand], profile: CardProfile) -> Iterator[Played]:
    """The commands as they would be sent, without anything that a card makes of them."""
    follower, redactor = Follower(), Redactor(profile)
    for number, written in enumerate(commands, 1):
        raw = written.raw.reveal()
        step = _as_sent(follower.exchange(redactor.exchange(raw, None)), raw)
        yield Played(number, written, [Shown(step, "written")])


def _as_sent(step: Step, raw: bytes) -> Step:
    """A step of damaged bytes, which may look like a command once the redactor has put zeros into them."""
    try:
        if raw:
            CommandApdu.from_bytes(raw)
    except CodecError:
        return replace(step, command=None, in_chain=False, notes=())
    return step


def _unknown(error: AkisError, risk: Risk | None) -> AkisError:
    """Of a command with a PIN whose answer is lost, nobody knows what it did."""
    if risk is None or risk.name == "key" or isinstance(error, InvalidArgument | WrongType | ReplayDiffers):
        return error
    return PinOutcomeUnknown(risk.name, str(error).partition(";")[0])
