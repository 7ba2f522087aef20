"""The one gate to the card: SELECT and GET DATA go through, nothing else does, and not for ever."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.commands.files import SELECT
from akis.commands.objects import GET_DATA, GET_DATA_ODD
from akis.conversation.base import Conversation, T
from akis.errors import PolicyRefused

ALLOWED = frozenset((SELECT, GET_DATA, GET_DATA_ODD))
"""Instruction codes; a transport may add GET RESPONSE, which only fetches what one of these has to say."""
MOST_COMMANDS = 80


class Looking:
    """Drives a conversation and counts its ``commands``."""

    def __init__(self) -> None:
        self.commands = 0

    def only(self, conversation: Conversation[T]) -> Conversation[T]:
        """The same conversation; :class:`PolicyRefused` in place of any command that does more than look.

        The same in place of each after :data:`MOST_COMMANDS`, whatever the card answers.
        """
        try:
            command = next(conversation)
            while True:
                self._check(command)
                self.commands += 1
                command = conversation.send((yield command))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            conversation.close()

    def _check(self, command: CommandApdu) -> None:
        # Another class is another command, or the same one in a secure session, which a probe does not open.
        if command.cla != 0x00 or command.ins not in ALLOWED:
            raise PolicyRefused("a probe sends SELECT and GET DATA only; nothing else was sent")
        if self.commands == MOST_COMMANDS:
            raise PolicyRefused(f"a probe asks at most {MOST_COMMANDS} questions; nothing more was sent")
