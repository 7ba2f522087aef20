"""What authority and client say to each other while the card is being unlocked, over one WebSocket, as JSON text.

::

    authority → client   {"type":"command","n":1,"apdu":"00A40400…"}       to be carried to the card
    client → authority   {"type":"answer","n":1,"apdu":"…9000"}            what the card said
    client → authority   {"type":"gone","n":1}                             the card is out of reach; ends the exchange
    authority → client   {"type":"done","n":7,"transport_pin":"12345678"}  the card holds this PIN now
    client → authority   {"type":"report","n":7,"holds":"holder_pin"}      what became of it, for the audit log
    authority → client   {"type":"failed","n":5,"kind":"…","message":"…","holds":"as_before","retry_after":null}

``n`` counts the commands from 1; an answer has the number of its command, and ``done`` one more than the last. A
message that has another shape or number than the one that is due ends the exchange.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from akis.errors import CodecError
from akis.secret import Secret
from akis.unlock.holds import Holds

SUBPROTOCOL = "akis-unlock-1"
LONGEST = 4096
"""Characters of the longest message that is read; no short APDU comes near it."""
_SHORTEST_ANSWER, _SHORTEST_COMMAND, _MOST_BYTES = 2, 4, 1024
_MOST = 1000


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One message; ``n`` is the number of the command it belongs to."""

    type: ClassVar[str]
    n: int

    def to_json(self) -> str:
        """The text that is sent."""
        return json.dumps({"type": self.type, "n": self.n, **self._fields()}, ensure_ascii=False, separators=(",", ":"))

    def _fields(self) -> Mapping[str, object]:
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n})"


@dataclass(frozen=True, slots=True, repr=False)
class Command(Message):
    """A command APDU for the card."""

    type: ClassVar[str] = "command"
    apdu: bytes

    def _fields(self) -> Mapping[str, object]:
        return {"apdu": self.apdu.hex().upper()}


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Message):
    """The card's answer APDU to command ``n``."""

    type: ClassVar[str] = "answer"
    apdu: bytes

    def _fields(self) -> Mapping[str, object]:
        return {"apdu": self.apdu.hex().upper()}


@dataclass(frozen=True, slots=True, repr=False)
class Gone(Message):
    """Command ``n`` could not be carried, or its answer not brought back."""

    type: ClassVar[str] = "gone"


@dataclass(frozen=True, slots=True, repr=False)
class Done(Message):
    """The card's authenticated answer says that ``transport_pin`` (ASCII digits) is in force."""

    type: ClassVar[str] = "done"
    transport_pin: Secret

    def _fields(self) -> Mapping[str, object]:
        return {"transport_pin": self.transport_pin.reveal().decode("ascii")}


@dataclass(frozen=True, slots=True, repr=False)
class Report(Message):
    """What the client says the card holds in the end. Nobody vouches for it."""

    type: ClassVar[str] = "report"
    holds: Holds

    def _fields(self) -> Mapping[str, object]:
        return {"holds": self.holds.value}


@dataclass(frozen=True, slots=True, repr=False)
class Failed(Message):
    """The exchange is over: why, and what the card holds as far as the authority can know."""

    type: ClassVar[str] = "failed"
    kind: str
    message: str
    holds: Holds
    retry_after: int | None = None

    def _fields(self) -> Mapping[str, object]:
        return {"kind": self.kind, "message": self.message, "holds": self.holds.value, "retry_after": self.retry_after}


def from_authority(text: str | bytes) -> Command | Done | Failed:
    """Read what the authority sent; :class:`CodecError` where it is no such message."""
    fields = _object(text)
    match _text(fields, "type"):
        case Command.type:
            _only(fields, "type", "n", "apdu")
            return Command(_number(fields), _apdu(fields, _SHORTEST_COMMAND))
        case Done.type:
            _only(fields, "type", "n", "transport_pin")
            pin = _text(fields, "transport_pin")
            if not re.fullmatch(r"[0-9]{4,16}", pin):
                raise CodecError("the transport PIN in a message is not 4 to 16 digits")
            return Done(_number(fields), Secret(pin))
        case Failed.type:
            _only(fields, "type", "n", "kind", "message", "holds", "retry_after")
            retry = fields["retry_after"]
            if retry is not None and (type(retry) is not int or not 0 <= retry <= _MOST):
                raise CodecError("retry_after in a message is no number of seconds")
            return Failed(_number(fields), _text(fields, "kind"), _text(fields, "message"), _holds(fields), retry)
    raise CodecError("a message of a type that an authority does not send")


def from_client(text: str | bytes) -> Answer | Gone | Report:
    """Read what a client sent; :class:`CodecError` where it is no such message."""
    fields = _object(text)
    match _text(fields, "type"):
        case Answer.type:
            _only(fields, "type", "n", "apdu")
            return Answer(_number(fields), _apdu(fields, _SHORTEST_ANSWER))
        case Gone.type:
            _only(fields, "type", "n")
            return Gone(_number(fields))
        case Report.type:
            _only(fields, "type", "n", "holds")
            return Report(_number(fields), _holds(fields))
    raise CodecError("a message of a type that a client does not send")


def _object(text: str | bytes) -> Mapping[str, Any]:
    if len(text) > LONGEST:
        raise CodecError(f"a message is longer than {LONGEST} characters")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise CodecError("a message is not JSON") from None
    if not isinstance(found, dict):
        raise CodecError("a message is not a JSON object")
    return found


def _only(fields: Mapping[str, Any], *names: str) -> None:
    if set(fields) != set(names):
        raise CodecError(f"a message has other fields than {', '.join(names)}")


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise CodecError(f"{name} in a message is no text")
    return value


def _number(fields: Mapping[str, Any]) -> int:
    value = fields.get("n")
    if type(value) is not int or not 0 <= value <= _MOST:
        raise CodecError("n in a message is not the number of a command")
    return value


def _apdu(fields: Mapping[str, Any], shortest: int) -> bytes:
    text = _text(fields, "apdu")
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", text) or not shortest <= len(text) // 2 <= _MOST_BYTES:
        raise CodecError("apdu in a message is not an APDU in hex")
    return bytes.fromhex(text)


def _holds(fields: Mapping[str, Any]) -> Holds:
    try:
        return Holds(_text(fields, "holds"))
    except ValueError:
        raise CodecError("holds in a message is none of the states of a card") from None
