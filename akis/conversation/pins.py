"""PIN commands as conversations: each ends by returning when the card accepted and by raising when it did not."""

from __future__ import annotations

from akis.codec import pin_block
from akis.codec.apdu import CommandApdu
from akis.commands import pin as commands
from akis.conversation.base import Conversation
from akis.profile.model import PinRules


def attempt(command: CommandApdu, rules: PinRules) -> Conversation[None]:
    """One PIN command, sent once. Raises what :func:`akis.commands.pin.raise_unless_accepted` makes of the answer.

    ``rules`` are those of what the command compares or sets.
    """
    answer = yield command
    commands.raise_unless_accepted(answer.sw, rules.name, rules.locked_sw)


def verify(rules: PinRules, pin: bytes) -> Conversation[None]:
    """VERIFY; ``pin`` is a PIN block."""
    return attempt(commands.verify(rules.reference, pin), rules)


def change(rules: PinRules, old: bytes, new: bytes) -> Conversation[None]:
    """CHANGE REFERENCE DATA from block ``old`` to block ``new``, laid out and addressed as the card wants it."""
    data = pin_block.join(old, new, rules.change)
    p1, reference = rules.change_place
    return attempt(commands.change(reference, data, p1), rules)


def logout(rules: PinRules) -> Conversation[None]:
    """The command by which this card takes a verification back; nothing is compared."""
    return attempt(commands.logout_card() if rules.logout == "card" else commands.logout(rules.reference), rules)


def verify_and_change(rules: PinRules, old: bytes, new: bytes) -> Conversation[None]:
    """VERIFY of the old value first, which compares all of it, then CHANGE REFERENCE DATA."""
    yield from verify(rules, old)
    yield from change(rules, old, new)


def unblock(rules: PinRules, transport: bytes, new: bytes) -> Conversation[None]:
    """What the issuer's secure session allows: RESET RETRY COUNTER to a transport PIN, CHANGE to the holder's, VERIFY.

    The transport PIN serves once, between the first two commands. Stopped in between, the card holds it, and running
    the conversation again with another one finishes the work.
    """
    yield from attempt(commands.reset_retry_counter(rules.reference, new=transport), rules)
    yield from change(rules, transport, new)
    yield from verify(rules, new)
