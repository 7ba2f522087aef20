"""Signing with the emulated card: MSE SET chooses a key, PSO COMPUTE DIGITAL SIGNATURE uses it (ISO/IEC 7816-8:2004).

:class:`Signing` is the 2.x card's, with control reference templates, padding on the card, and a VERIFY for each
signature. :class:`RawSigning` is AKİS 1.0's: the key alone in P2, blocks padded by the terminal, and a VERIFY that
lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands import signature_blocks as blocks
from akis.commands.mechanisms import HASHES, Mechanism
from akis.commands.security import ALGORITHM
from akis.commands.signing import FILE, INPUT, PRIVATE_KEY, SIGNATURE, SIGNATURE_TEMPLATE
from akis.emulator.memory import PIN
from akis.emulator.security import SecurityStatus
from akis.emulator.sign_keys import ECDSA_INPUTS, SignKey
from akis.emulator.status import (
    CONDITIONS,
    DONE,
    NOT_FOUND,
    NOT_USABLE,
    SECURITY_STATUS,
    WRONG_DATA,
    WRONG_LE,
    WRONG_LENGTH,
    WRONG_P1P2,
    Refuse,
    require,
)
from akis.errors import CodecError, InvalidArgument

AS_GIVEN = 0x02
"""RSA, PKCS#1 v1.5 padding around what comes in, a DigestInfo as a rule."""
ALGORITHMS = {
    **{0x42 + 0x10 * place: Mechanism("rsa-pkcs1", name) for place, name in enumerate(HASHES)},
    **{0x44 + 0x10 * place: Mechanism("ecdsa", name) for place, name in enumerate(HASHES)},
    **{0x45 + 0x10 * place: Mechanism("rsa-pss", name) for place, name in enumerate(HASHES)},
}
"""Algorithm references of DO'80' (assumed): hash in the high digit, scheme in the low one; each takes a bare hash."""


class _Keys:
    """What both kinds of card do: a key is chosen, and used where the PIN is verified."""

    def __init__(self, keys: Sequence[SignKey], security: SecurityStatus, in_application: Callable[[], bool]) -> None:
        self._keys = {key.reference: key for key in keys}
        self._security = security
        self._in_application = in_application
        self._chosen: SignKey | None = None

    def reset(self) -> None:
        """No key is chosen."""
        self._chosen = None

    def _find(self, reference: int) -> SignKey:
        """The key of this reference; keys are local to the application, as PINs are."""
        key = self._keys.get(reference) if self._in_application() else None
        if key is None:
            raise Refuse(NOT_FOUND)
        try:
            key.load()  # what cannot be loaded cannot be chosen
        except InvalidArgument:
            raise Refuse(NOT_USABLE) from None
        return key

    def _usable(self, command: CommandApdu) -> SignKey:
        """The chosen key, where this command may use it now."""
        require((command.p1, command.p2) == (SIGNATURE, INPUT), WRONG_P1P2)
        require(self._in_application() and PIN in self._security.verified, SECURITY_STATUS)
        if self._chosen is None:
            raise Refuse(CONDITIONS)
        require(command.data and command.ne, WRONG_LENGTH)
        length = self._chosen.signature_length
        require((command.ne or 0) >= length, WRONG_LE | length & 0xFF)
        return self._chosen


class Signing(_Keys):
    """MSE SET and PSO of a 2.x card. ``random(n)`` gives n random bytes, for the salt of PSS."""

    def __init__(
        self,
        keys: Sequence[SignKey],
        security: SecurityStatus,
        in_application: Callable[[], bool],
        random: Callable[[int], bytes],
    ) -> None:
        super().__init__(keys, security, in_application)
        self._random = random
        self._algorithm: int | None = None

    def reset(self) -> None:
        super().reset()
        self._algorithm = None

    def mse_set(self, command: CommandApdu) -> ResponseApdu:
        """MSE SET of B6: DO'84' the key, DO'80' the algorithm, DO'81' the DF; only the key has to be there.

        Without an algorithm the key's own way counts: what comes in is padded (RSA), or signed as a hash.
        """
        require((command.p1, command.p2) == (0x41, SIGNATURE_TEMPLATE), WRONG_P1P2)
        try:
            found = tlv.parse(command.data)
        except CodecError:
            raise Refuse(WRONG_DATA) from None
        lengths = {ALGORITHM: (1,), PRIVATE_KEY: (1,), FILE: range(2, 17, 2)}
        require(len({item.tag for item in found}) == len(found), WRONG_DATA)
        require(all(len(item.value) in lengths.get(item.tag, ()) for item in found), WRONG_DATA)
        objects = {item.tag: item.value for item in found}
        require(PRIVATE_KEY in objects, WRONG_DATA)
        key = self._find(objects[PRIVATE_KEY][0])
        algorithm = objects[ALGORITHM][0] if ALGORITHM in objects else None
        if algorithm is not None:
            require(algorithm in ALGORITHMS or algorithm == AS_GIVEN, WRONG_DATA)
            require(key.rsa == (algorithm == AS_GIVEN or ALGORITHMS[algorithm].rsa), WRONG_DATA)
        self._chosen, self._algorithm = key, algorithm
        return DONE

    def sign(self, command: CommandApdu) -> ResponseApdu:
        """PSO COMPUTE DIGITAL SIGNATURE; the next one needs another VERIFY."""
        key = self._usable(command)
        signature = self._signature(key, command.data)
        self._security.verified.discard(PIN)
        return ResponseApdu(signature)

    def _signature(self, key: SignKey, given: bytes) -> bytes:
        wanted = None if self._algorithm is None else ALGORITHMS.get(self._algorithm)
        require(wanted is None or len(given) == wanted.digest_size, WRONG_DATA)
        if not key.rsa:
            require(len(given) in ECDSA_INPUTS, WRONG_DATA)
            return key.ecdsa(given)
        if wanted is not None and wanted.scheme == "rsa-pss":
            salt = self._random(wanted.digest_size)
            return key.power(blocks.pss_block(given, wanted.hash, key.bits, salt))
        content = given if wanted is None else blocks.digest_info(wanted.hash, given)
        try:
            block = blocks.pkcs1_block(content, key.bits)
        except InvalidArgument:
            raise Refuse(WRONG_DATA) from None
        return key.power(block)


class RawSigning(_Keys):
    """MSE and PSO of AKİS 1.0."""

    _refused = b""
    """Input of a command that was refused for its Le alone, for the one after it."""

    def reset(self) -> None:
        super().reset()
        self._refused = b""

    def mse_set(self, command: CommandApdu) -> ResponseApdu:
        """MSE with P1 = C3: the key is in P2, there is no data."""
        require(command.p1 == 0xC3, WRONG_P1P2)
        require(not command.data, WRONG_LENGTH)
        self._chosen = self._find(command.p2)
        return DONE

    def sign(self, command: CommandApdu) -> ResponseApdu:
        """PSO COMPUTE DIGITAL SIGNATURE of a padded block as long as the modulus.

        After 6CXX the command comes again with that Le (ISO/IEC 7816-4:2005 §5.1.3). Of a chain that is its last link:
        OpenSC, whose answers end at 244 bytes, sends it alone.
        """
        refused, self._refused = self._refused, b""
        data = refused if command.data and refused.endswith(command.data) else command.data
        try:
            key = self._usable(command)
        except Refuse as refusal:
            if refusal.sw & 0xFF00 == WRONG_LE:
                self._refused = data
            raise
        if not key.rsa:
            require(len(data) in ECDSA_INPUTS, WRONG_DATA)
            return ResponseApdu(key.ecdsa(data))
        require(len(data) == key.signature_length, WRONG_LENGTH)
        try:
            return ResponseApdu(key.power(data))
        except InvalidArgument:
            raise Refuse(WRONG_DATA) from None
