"""Signing as a conversation: MSE SET chooses key and algorithm, PSO COMPUTE DIGITAL SIGNATURE signs."""

from __future__ import annotations

from akis.codec.apdu import CHAINED, CommandApdu
from akis.commands import signature_blocks as blocks
from akis.commands import signing as commands
from akis.commands.mechanisms import Mechanism
from akis.conversation.base import Conversation, ask
from akis.errors import CodecError, InvalidArgument
from akis.profile.model import SignRules

AS_GIVEN = "rsa-pkcs1"
"""The name in :attr:`SignRules.algorithms` of PKCS#1 v1.5 padding on the card around a DigestInfo of the terminal."""


def choose(rules: SignRules, key: int, mechanism: Mechanism) -> Conversation[None]:
    """MSE: key ``key`` (its reference) for ``mechanism``; :class:`CardError` where the card has no such key.

    :class:`InvalidArgument`, at once, for a mechanism that the profile has no algorithm for.
    """
    by_key_alone = rules.mse == "22C3"
    algorithm = _algorithm(rules, mechanism)
    command = commands.mse_set_key(key) if by_key_alone else commands.mse_set_signature(key, algorithm)
    return _done(command, f"choosing key {key:02X}{'' if by_key_alone else f' for {mechanism.name}'} (MSE SET)")


def sign(
    rules: SignRules, key: int, mechanism: Mechanism, digest: bytes, bits: int = 2048, salt: bytes = b""
) -> Conversation[bytes]:
    """Choose the key and have it sign ``digest``, the hash that the mechanism names; returns the signature.

    Where the card signs padded blocks only, they are made here, for a modulus of ``bits`` bits; PSS then takes
    ``salt``. An ECDSA signature is r‖s. :class:`InvalidArgument`, at once, for what this card cannot sign.
    """
    chosen = choose(rules, key, mechanism)
    command = commands.compute_signature(_content(rules, mechanism, digest, bits, salt))
    return _signing(chosen, _links(command, rules.max_data))


def _done(command: CommandApdu, what: str) -> Conversation[None]:
    yield from ask(command, what)


def _signing(chosen: Conversation[None], links: list[CommandApdu]) -> Conversation[bytes]:
    yield from chosen
    *first, last = links
    for link in first:
        yield from ask(link, "COMPUTE DIGITAL SIGNATURE")
    signature = yield from ask(last, "COMPUTE DIGITAL SIGNATURE")
    if not signature:
        raise CodecError("the card accepted COMPUTE DIGITAL SIGNATURE and gave no signature")
    return signature


def _content(rules: SignRules, mechanism: Mechanism, digest: bytes, bits: int, salt: bytes) -> bytes:
    """What the card is given: a padded block, a DigestInfo, or the hash itself."""
    if len(digest) != mechanism.digest_size:
        raise InvalidArgument(f"a {mechanism.hash} hash has {mechanism.digest_size} bytes, not {len(digest)}")
    if rules.raw and mechanism.scheme == "rsa-pss":
        return blocks.pss_block(digest, mechanism.hash, bits, salt)
    if rules.raw and mechanism.scheme == "rsa-pkcs1":
        return blocks.pkcs1_block(blocks.digest_info(mechanism.hash, digest), bits)
    if not rules.raw and mechanism.name not in rules.algorithms and _algorithm(rules, mechanism) is not None:
        return blocks.digest_info(mechanism.hash, digest)
    return digest


def _algorithm(rules: SignRules, mechanism: Mechanism) -> int | None:
    """The algorithm byte for the card; None where it only exponentiates and is told none."""
    if mechanism.name in rules.algorithms:
        return rules.algorithms[mechanism.name]
    if rules.raw:
        return None
    if mechanism.scheme == "rsa-pkcs1" and AS_GIVEN in rules.algorithms:
        return rules.algorithms[AS_GIVEN]
    raise InvalidArgument(
        f"the card's profile knows no algorithm for {mechanism.name}; it has {', '.join(rules.algorithms)}"
    )


def _links(command: CommandApdu, room: int) -> list[CommandApdu]:
    """The command as a chain, ``room`` bytes of data each (ISO/IEC 7816-4:2005 §5.1.1.1)."""
    pieces = [command.data[start : start + room] for start in range(0, len(command.data), room)]
    first = [command.replace(cla=command.cla | CHAINED, data=piece, ne=None, extended=False) for piece in pieces[:-1]]
    return [*first, command.replace(data=pieces[-1], extended=False)]
