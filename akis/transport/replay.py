"""A recorded session plays the card: the driver says again what it said then, and is answered what it was answered.

Nothing is skipped and nothing is made up. Every command is the next recorded one, or the replay stops there for good
with :class:`ReplayDiffers`, which says where the two part.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from typing import Literal

from akis import errors
from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.commands import security
from akis.errors import AkisError, CodecError, InvalidArgument, ReplayDiffers, TraceError, TransportError, WrongType
from akis.profile.model import CardProfile
from akis.trace.annotate import command_name
from akis.trace.compare import Difference, command_difference
from akis.trace.entries import Entry, Event, Exchanged, Failure, Trace
from akis.transport.base import Transport

Mode = Literal["strict", "masked"]
_RESET = "a reset of the card"
_LONGEST_MESSAGE = 300
_OTHER_COMMANDS = (
    "this recording holds other commands than were asked for now, so use it with the tool and the options that made it"
)


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing in a recording, and the number of its exchange: for an event, of the exchange after it.

    ``plain_command`` and ``plain_answer`` are what was inside secure messaging, where somebody could open it.
    """

    number: int
    entry: Entry
    plain_command: CommandApdu | None = None
    plain_answer: ResponseApdu | None = None


class ReplayTransport(Transport):
    """A way to a card that is a recording; nothing is sent anywhere.

    *Strict*, every byte of a command that the recording shows must be the same; *masked*, the bytes that it has named
    may be any. Without ``mode`` it is masked where the header has slots. ``profile`` gives fields their names.

    What went wrong then goes wrong again, with the same kind of :class:`TransportError`. A reset must be asked for
    where one was recorded; those before the first exchange need not be, since they may be the connection's own. Removal
    and insertion are nothing that a driver does, so they are passed over.

    Where the recording hides an answer, :class:`TraceError` says so when that exchange is reached and not before: it
    stands in no driver's way until then, and no card is there to suffer. Damage of the file shows in the same way.

    A trace is read one entry ahead. :meth:`check_finished` belongs to the end of a session that went well.
    """

    def __init__(self, trace: Trace, mode: Mode | None = None, profile: CardProfile | None = None) -> None:
        if mode not in (None, "strict", "masked"):
            raise InvalidArgument("a replay is strict or masked")
        self.header = trace.header
        self.mode: Mode = mode or ("masked" if self.header.slots else "strict")
        self._profile = profile
        self._steps = self._read(trace)
        self._ahead: Step | None = None
        self._number = 0
        self._stopped: AkisError | None = None
        self._open = True
        self.hidden = False
        """Whether a command was asked for of which the recording hides bytes; those were compared with nothing."""
        self._atr = self.header.atr or self._first_atr()

    @property
    def atr(self) -> bytes:
        """The recorded answer to the last reset; empty where the trace does not have it."""
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        if not isinstance(command, bytes | bytearray | memoryview):
            raise WrongType(f"a command is bytes, not {type(command).__name__}")
        command = bytes(command)
        with self._playing():
            return self._transmitted(command)

    def reset(self) -> bytes:
        with self._playing():
            while (step := self._peek()) is not None and isinstance(step.entry, Event):
                self._pass_event(step.entry)
                if step.entry.kind == "reset":
                    return self._atr
            recorded = "nothing more" if step is None else name_of(exchange_of(step).command.raw)
            raise ReplayDiffers(f"exchange {self._number + 1}: recorded {recorded}, now {_RESET}")

    @property
    def stopped(self) -> bool:
        """Whether it has come to a difference, or to what cannot be played: every further command raises that again."""
        return self._stopped is not None

    def check_finished(self) -> None:
        """Raise what stopped the replay, or :class:`ReplayDiffers` where recorded exchanges were not asked for.

        It reads the rest of the trace, so nothing can be played afterwards.
        """
        if self._stopped is None and self._open:
            with self._playing():
                self._count_rest()
        if self._stopped is not None:
            raise copy(self._stopped)

    def close(self) -> None:
        """Let go of the trace. :class:`ReplayDiffers` where recorded exchanges were not asked for, the first time."""
        if not self._open:
            return
        try:
            if self._stopped is None:
                self.check_finished()
        finally:
            self._open = False
            self._steps.close()

    def __exit__(self, *error: object) -> None:
        try:
            if not any(error):  # what ended the session counts, not what was left of the recording
                self.check_finished()
        finally:
            with suppress(AkisError):
                self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.mode}, at exchange {self._number})"

    def _read(self, trace: Trace) -> Generator[Step, None, None]:
        number = 1
        for entry in trace.entries():
            yield Step(number, entry)
            number += isinstance(entry, Exchanged)

    def _transmitted(self, command: bytes) -> bytes:
        return self._play(self._next_exchange(command), command)

    def _play(self, step: Step, command: bytes) -> bytes:
        """The answer to ``command``, which has to be the one of ``step``, an exchange."""
        recorded = exchange_of(step).command
        self.hidden = self.hidden or recorded.hides
        difference = command_difference(recorded, command, self._profile, self.mode == "strict")
        if self._proves_keys_anew(step, command):
            raise differs(
                step,
                "the driver's random numbers are not the recorded ones, so the secure session cannot be played; "
                "give the device keys (--sm-keys) and it is opened anew",
            )
        if difference is not None:
            raise other_command(step, difference, command[1:2] == recorded.raw[1:2])
        return given(step)

    def _proves_keys_anew(self, step: Step, command: bytes) -> bool:
        """Whether this opens the recorded secure session with another token than was recorded."""
        entry = exchange_of(step)
        then, answer = entry.command.raw, entry.answer
        return (
            then != command
            and then[:4] == command[:4]
            and then[1] == security.MUTUAL_AUTHENTICATE
            and not then[0] & SM_BITS
            and answer is not None
            and answer.raw[-2:] == b"\x90\x00"
        )

    def _next_exchange(self, command: bytes) -> Step:
        while (step := self._peek()) and isinstance(step.entry, Event):
            if step.entry.kind == "reset" and self._number:
                raise ReplayDiffers(f"before exchange {step.number}: recorded {_RESET}, now {name_of(command)}")
            self._pass_event(step.entry)
        if step is None:
            raise ReplayDiffers(f"exchange {self._number + 1}: recorded nothing more, now {name_of(command)}")
        self._ahead = None
        self._number = step.number
        return step

    def _pass_event(self, event: Event) -> None:
        self._ahead = None
        self._atr = event.atr or self._atr

    def _peek(self) -> Step | None:
        if self._ahead is None:
            self._ahead = next(self._steps, None)
        return self._ahead

    def _first_atr(self) -> bytes:
        """What a first reset answered, where the header does not say it."""
        step = self._peek()
        return step.entry.atr or b"" if step is not None and isinstance(step.entry, Event) else b""

    def _count_rest(self) -> None:
        count, following = 0, ""
        while step := self._peek():
            self._ahead = None
            if isinstance(step.entry, Exchanged):
                count += 1
                following = following or f"exchange {step.number}, {name_of(step.entry.command.raw)}"
        if count:
            were = "exchange was" if count == 1 else "exchanges were"
            raise ReplayDiffers(f"{count} recorded {were} not asked for; the next is {following}")

    @contextmanager
    def _playing(self) -> Iterator[None]:
        """What goes wrong in it stops the replay for good; recorded failures of the way do not."""
        if not self._open:
            raise TransportError("this recording is closed")
        if self._stopped is not None:
            raise copy(self._stopped)
        try:
            yield
        except TransportError:
            raise
        except AkisError as error:
            self._stopped = copy(error)  # without its traceback, which holds the command
            raise


def exchange_of(step: Step) -> Exchanged:
    """The exchange of a step that is no event."""
    assert isinstance(step.entry, Exchanged)
    return step.entry


def given(step: Step) -> bytes:
    """The recorded answer as it came, or the recorded failure raised."""
    entry = exchange_of(step)
    if entry.answer is None:
        raise _failure(entry.failure or Failure("TransportError", "the recording has no answer to this command"))
    if entry.answer.hides:
        raise TraceError(
            f"exchange {step.number}, {name_of(entry.command.raw)}: the trace hides bytes of the answer, which cannot "
            "be given back; record a test card with --unsafe-keep-secrets"
        )
    return entry.answer.raw


def differs(step: Step, text: str) -> ReplayDiffers:
    """The error for a command that is not the one of ``step``."""
    return ReplayDiffers(f"exchange {step.number}, {name_of(exchange_of(step).command.raw)}: {text}")


def other_command(step: Step, difference: Difference, same_instruction: bool) -> ReplayDiffers:
    """The error for a command that is another one, or has another field."""
    return differs(step, str(difference) if same_instruction else f"{difference}; {_OTHER_COMMANDS}")


def name_of(raw: bytes) -> str:
    """The name of a command, for a sentence."""
    try:
        return command_name(CommandApdu.from_bytes(raw))
    except CodecError:
        return "bytes that are no command"


def _failure(recorded: Failure) -> TransportError:
    """The recorded error again, where it is one that a way to a card has."""
    # The file may be anybody's, and what it says may end on a terminal.
    text = "".join(letter for letter in recorded.message if letter.isprintable())[:_LONGEST_MESSAGE]
    kind = getattr(errors, recorded.kind, None)
    if isinstance(kind, type) and issubclass(kind, TransportError):
        return kind(text or "so it was recorded")
    return TransportError(text or "the way to the card failed, by the recording")
