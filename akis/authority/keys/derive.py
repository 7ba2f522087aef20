"""Keys from the master key (NIST SP 800-108r1 §4.1, KDF in counter mode, PRF AES-CMAC)."""

from __future__ import annotations

from akis.authority.keys.master import BLOCK, MasterKey, MasterKeyError
from akis.errors import InvalidArgument, WrongType
from akis.secret import Secret

LONGEST = (2**32 - 1) // 8
"""Bytes of the longest key, as [L] counts bits on four bytes; the counter, four bytes as well, goes further."""


def derive(master: MasterKey, label: bytes, context: bytes, length: int) -> Secret:
    """``length`` bytes, the leftmost of K(1) ‖ K(2) ‖ …, K(i) = CMAC([i] ‖ Label ‖ 00 ‖ Context ‖ [L]).

    [i] and [L], the length in bits, are four bytes each, big-endian. ``label`` says what the key is for and holds no
    zero byte, so that its end is where the 00 is; ``context`` says whose it is, and may be empty. Nobody but the
    issuer chooses either, so the countermeasure of §4.1 against inputs that are made to collide is not needed. One
    CMAC for every 16 bytes. Raises :class:`InvalidArgument` for what the standard has no room for.
    """
    for name, value in (("label", label), ("context", context)):
        if not isinstance(value, bytes):
            raise WrongType(f"the {name} of a derived key is bytes, not {type(value).__name__}")
    if not label or 0 in label:
        raise InvalidArgument("the label of a derived key is not empty and holds no zero byte")
    if type(length) is not int:
        raise WrongType(f"the length of a derived key is a number, not {type(length).__name__}")
    if not 0 < length <= LONGEST:
        raise InvalidArgument(f"a derived key has 1 to {LONGEST} bytes, not {length}")
    fixed = label + b"\x00" + context + (8 * length).to_bytes(4, "big")
    made = bytearray()
    try:
        for counter in range(1, -(-length // BLOCK) + 1):
            block = master.cmac(counter.to_bytes(4, "big") + fixed)
            if len(block) != BLOCK:
                raise MasterKeyError(f"the master key answered {len(block)} bytes where an AES-CMAC has {BLOCK}")
            made += block
        return Secret(memoryview(made)[:length])
    finally:
        made[:] = bytes(len(made))
