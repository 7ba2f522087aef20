"""PIN commands as conversations: each ends by returning when the card accepted and by raising when it did not."""

from __future__ import annotations

from akis.codec import pin_block
from akis.codec.apdu import CommandApdu
from akis.commands import pin as commands
from akis.conversation.base import Conversation
from akis.profile.model import PinRules


def attempt(command: CommandApdu, name: str) -> Conversation[None]:
    """One PIN command, sent once. Raises what :func:`akis.commands.pin.raise_unless_accepted` makes of the answer."""
    answer = yield command
    commands.raise_unless_accepted(answer.sw, name)


def verify(rules: PinRules, pin: bytes) -> Conversation[None]:
    """VERIFY; ``pin`` is a PIN block."""
    return attempt(commands.verify(rules.reference, pin), rules.name)


def change(rules: PinRules, old: bytes, new: bytes) -> Conversation[None]:
    """CHANGE REFERENCE DATA from block ``old`` to block ``new``, laid out as the card wants it."""
    data = pin_block.join(old, new, rules.change)
    return attempt(commands.change(rules.reference, data), rules.name)


def verify_and_change(rules: PinRules, old: bytes, new: bytes) -> Conversation[None]:
    """VERIFY of the old value first, which compares all of it, then CHANGE REFERENCE DATA."""
    yield from verify(rules, old)
    yield from change(rules, old, new)


def unblock(rules: PinRules, transport: bytes, new: bytes) -> Conversation[None]:
    """What the issuer's secure session allows: RESET RETRY COUNTER to a transport PIN, CHANGE to the holder's, VERIFY.

    The transport PIN serves once, between the first two commands. Stopped in between, the card holds it, and running
    the conversation again with another one finishes the work.
    """
    yield from attempt(commands.reset_retry_counter(rules.reference, new=transport), rules.name)
    yield from change(rules, transport, new)
    yield from verify(rules, new)
