"""One exchange with a card, as it was seen."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.apdu import CommandApdu, ResponseApdu


@dataclass(frozen=True, slots=True)
class Exchange:
    """A command and its answer on the wire and, where a secure session was open, their plain forms.

    ``answer`` is None where nothing came back; ``error`` then names what went wrong. ``plain_answer`` is None where the
    answer was not authenticated.
    """

    command: CommandApdu
    answer: ResponseApdu | None
    plain_command: CommandApdu
    plain_answer: ResponseApdu | None
    error: str | None = None

    @property
    def protected(self) -> bool:
        """Whether the command went through secure messaging."""
        return self.command is not self.plain_command
