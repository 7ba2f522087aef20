"""What the next program may find in a card: nothing that a PIN or a key has opened."""

from __future__ import annotations

from akis.commands import files, objects, records, security
from akis.transport.get_response import GET_RESPONSE

_LOOKING = frozenset(
    (
        files.SELECT,
        files.READ_BINARY,
        files.READ_BINARY_ODD,
        records.READ_RECORD,
        objects.GET_DATA,
        objects.GET_DATA_ODD,
        security.GET_CHALLENGE,
        GET_RESPONSE,
    )
)
_PLAIN_CLASSES = range(4)


def only_looks(command: bytes) -> bool:
    """Whether a command opens nothing, whatever the card: one that is not known to is taken for one that does."""
    return len(command) >= 4 and command[0] in _PLAIN_CLASSES and command[1] in _LOOKING
