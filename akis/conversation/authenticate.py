"""Device authentication as a conversation: MSE SET, GET CHALLENGE, MUTUAL AUTHENTICATE."""

from __future__ import annotations

from collections.abc import Callable

from akis.commands import security
from akis.conversation.base import Conversation, ask
from akis.errors import SecureMessagingError
from akis.profile.model import SmRules
from akis.sm.mutual_auth import NONCE_LENGTH, DeviceKeys, TerminalAuthentication
from akis.sm.terminal import SecureSession


def authenticate(
    keys: DeviceKeys,
    sn_ifd: bytes,
    sn_icc: bytes,
    random: Callable[[int], bytes],
    rules: SmRules | None = None,
) -> Conversation[SecureSession]:
    """Prove the keys to the card and have it prove them back; returns the open session.

    Raises :class:`CardError` where the card refuses a step, :class:`SecureMessagingError` where its proof is wrong.
    """
    terminal = TerminalAuthentication(keys, sn_ifd, sn_icc, random, rules)
    choice = security.mse_set_authentication(keys.algorithm.reference, keys.reference)
    yield from ask(choice, f"choosing key {keys.reference:02X} (MSE SET)")
    challenge = yield from ask(security.get_challenge(NONCE_LENGTH), "GET CHALLENGE")
    if len(challenge) != NONCE_LENGTH:
        raise SecureMessagingError(f"the card's challenge has {len(challenge)} bytes, not {NONCE_LENGTH}")
    answer = yield from ask(
        security.mutual_authenticate(terminal.token(challenge)), "proving the keys to the card (MUTUAL AUTHENTICATE)"
    )
    return terminal.session(answer)
