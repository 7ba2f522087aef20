"""What may pass from an authority to the card: the six commands of an unlock, in their order, each once.

Whoever sits at the authority's end, what reaches the card is this and nothing else: no VERIFY, no PUK, no plain RESET,
no second attempt at the keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import eq

from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import COMMAND_OBJECTS, CRYPTOGRAM
from akis.commands import objects, security
from akis.commands.application import select_application
from akis.commands.pin import RESET
from akis.errors import CodecError, PolicyRefused
from akis.profile.model import CardProfile
from akis.sm.mutual_auth import NONCE_LENGTH, TOKEN_LENGTH
from akis.unlock.steps import Step

_NEW_VALUE_ONLY = 0x02


@dataclass(frozen=True, slots=True)
class _Place:
    """One place in the order: what it is called, what stands there, and the step it begins, if it begins one."""

    name: str
    fits: Callable[[CommandApdu], bool]
    begins: Step | None = None


class Permitted:
    """Watches one exchange with a card of ``profile``: :meth:`check` before each command, :meth:`answered` after it."""

    def __init__(self, profile: CardProfile) -> None:
        select, serial = select_application(profile), objects.get_data(profile.serial.p1p2)
        challenge = security.get_challenge(NONCE_LENGTH)
        self._order = (
            _Place("SELECT of the application", partial(eq, select), Step.MEETING),
            _Place("GET DATA of the serial number", partial(eq, serial)),
            _Place("MSE SET for mutual authentication", _chooses_key, Step.AUTHENTICATING),
            _Place("GET CHALLENGE", partial(eq, challenge)),
            _Place("MUTUAL AUTHENTICATE", _authenticates),
            _Place(
                "protected RESET RETRY COUNTER", lambda command: _resets(command, profile.pin.reference), Step.RESETTING
            ),
        )
        self._passed = 0
        self._refused = False

    @property
    def resetting(self) -> bool:
        """Whether the RESET was let through: from then on, the card may hold another PIN."""
        return self._passed == len(self._order)

    @property
    def complete(self) -> bool:
        """Whether all commands passed and the card accepted the last one, as far as its bare status word counts."""
        return self.resetting and not self._refused

    def check(self, raw: bytes) -> Step | None:
        """Let one command through, and say which step it begins; :class:`PolicyRefused` where it has no place."""
        if self._refused:
            raise _refusal("one more command, although the card had refused the last one")
        if self.resetting:
            raise _refusal("one more command after the last one")
        due = self._order[self._passed]
        try:
            fits = due.fits(CommandApdu.from_bytes(raw))
        except CodecError:
            fits = False
        if not fits:
            raise _refusal(f"something else where {due.name} was due")
        self._passed += 1
        self._refused = True  # until the answer says otherwise
        return due.begins

    def answered(self, answer: ResponseApdu) -> None:
        """Note the card's answer: after a refusal nothing more may pass."""
        self._refused = not answer.sw.ok


def _refusal(what: str) -> PolicyRefused:
    return PolicyRefused(f"the authority sent {what}, which no unlock needs; it was not given to the card")


def _chooses_key(command: CommandApdu) -> bool:
    chosen = security.chosen_keys(command)
    return chosen is not None and command == security.mse_set_authentication(*chosen)


def _authenticates(command: CommandApdu) -> bool:
    return len(command.data) == TOKEN_LENGTH and command == security.mutual_authenticate(command.data)


def _resets(command: CommandApdu, reference: int) -> bool:
    if (command.cla, command.ins, command.p1, command.p2) != (SM_BITS, RESET, _NEW_VALUE_ONLY, reference):
        return False
    # ISO/IEC 7816-4 §6.2: the new value enciphered, and a checksum that binds header and value.
    return COMMAND_OBJECTS.parse(command.data).tag == CRYPTOGRAM
