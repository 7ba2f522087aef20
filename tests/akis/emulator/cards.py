"""What the tests of the emulated card share: cards in a given state, ways to them, and the state they are left in.

Authentication is computed by hand, so that a mistake in :mod:`akis.sm.mutual_auth` cannot hide on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from akis.card import Card
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator import EmulatedCard, EmulatorTransport, Personality, load_personality
from akis.emulator.memory import Memory
from akis.sm import SecureSession, Suite
from tests import by_hand

# Values as they stand in commands. The default personality publishes PIN and PUK.
PIN, NEW, WRONG = "313233343536", "3837363534", "303030303030"
PUK, NEW_PUK, WRONG_PUK = "3837363534333231", "3131323233333434", "3030303030303030"

SELECT = "00A40400 07 504B43532D3135 00"
LIFE_CYCLE = "00CA0104 00"
COUNTERS = {1: "00CB3FFF 06 4D04BF810180 00", 2: "00CB3FFF 06 4D04BF810280 00"}
EMPTY_VERIFY = {0x81: "00200081", 0x82: "00200082"}
GET_CHALLENGE = "00840000 08"
TDES, AES_ONLY = (0x0C, 0x8C), (0xAC, 0xAD, 0xAE)
ALGORITHMS = TDES + AES_ONLY
ISSUER, TERMINAL = 0x01, 0x02
SN_IFD = bytes.fromhex("1F2E3D4C5B6A7988")
SN_ICC = {True: bytes.fromhex("0202000000000001"), False: bytes.fromhex("0205000000000001")}

Way = Callable[[str], str]
"""A plain command as hex text in, the plain answer as hex text out, whatever happens to both on the wire."""


@cache
def personality(algorithm: int = 0x0C, **changes: Any) -> Personality:
    """The personality that has this algorithm; for AES-192 and AES-256 one with longer keys is made."""
    found = load_personality("akis-2.2" if algorithm in TDES else "akis-2.5")
    length = {0xAD: 24, 0xAE: 32}.get(algorithm)
    if length:
        keys = tuple(
            replace(key, algorithms=(algorithm,), enc=(key.enc + key.mac)[:length], mac=(key.mac + key.enc)[:length])
            for key in found.keys
        )
        found = replace(found, keys=keys)
    return replace(found, **changes)


def raw(card: EmulatedCard, text: str) -> str:
    """Bytes to the card and its bytes back, nothing in between."""
    return card.process(bytes.fromhex(text)).hex().upper()


def plain_way(card: EmulatedCard) -> Way:
    return lambda text: raw(card, text)


def protected_way(card: EmulatedCard, session: SecureSession) -> Way:
    def send(text: str) -> str:
        wire = session.protect(CommandApdu.from_bytes(bytes.fromhex(text)))
        return session.unprotect(ResponseApdu.from_bytes(card.process(wire.to_bytes()))).to_bytes().hex().upper()

    return send


def driver_way(card: Card) -> Way:
    return lambda text: card.send(CommandApdu.from_bytes(bytes.fromhex(text))).to_bytes().hex().upper()


# ---- device authentication, by hand


def choose(algorithm: int, key: int) -> str:
    """MSE SET."""
    return f"0022C1A4 06 8001{algorithm:02X} 8301{key:02X}"


def sn_icc(algorithm: int) -> bytes:
    return SN_ICC[algorithm in TDES]


def token(
    algorithm: int, key: int, challenge: bytes, rnd_ifd: bytes = b"terminal", k_ifd: bytes = bytes(range(32))
) -> str:
    """MUTUAL AUTHENTICATE for a challenge."""
    own = next(item for item in personality(algorithm).keys if item.reference == key)
    text = rnd_ifd + SN_IFD + challenge + sn_icc(algorithm) + k_ifd
    return f"00820000 48 {by_hand.seal(algorithm, own.enc, own.mac, text).hex()} 48"


def secured(algorithm: int, z: bytes, rnd_icc: bytes, rnd_ifd: bytes) -> SecureSession:
    """The session that follows from the secret Z and both nonces."""
    keys, start = by_hand.session(algorithm, z, rnd_icc, rnd_ifd)
    ssc, rules = start.to_bytes(keys.block, "big"), personality(algorithm).secure_messaging
    return SecureSession(Suite(keys.cipher), keys.k_enc, keys.k_mac, ssc, rules)


def open_session(
    card: EmulatedCard, key: int = ISSUER, algorithm: int = 0x0C, send: Way | None = None
) -> SecureSession:
    """Authenticate with raw commands (or over another way); every answer is checked by hand."""
    send = send or plain_way(card)
    own = next(item for item in card.personality.keys if item.reference == key)
    rnd_ifd, k_ifd = b"terminal", bytes(range(32))
    assert send(choose(algorithm, key)) == "9000"
    challenge = bytes.fromhex(send(GET_CHALLENGE).removesuffix("9000"))
    assert len(challenge) == 8
    answer = bytes.fromhex(send(token(algorithm, key, challenge, rnd_ifd, k_ifd)))
    assert (len(answer), answer[-2:]) == (74, b"\x90\x00")
    text = by_hand.unseal(algorithm, own.enc, own.mac, answer[:72])
    assert text[:32] == challenge + sn_icc(algorithm) + rnd_ifd + SN_IFD
    found = secured(algorithm, by_hand.xor(k_ifd, text[32:]), challenge, rnd_ifd)
    found.rules = card.personality.secure_messaging
    return found


# ---- states


@dataclass(frozen=True)
class State:
    """What a card is in; :func:`state` reads it from the words of the tables."""

    pin: str = "active"
    left: int = 3
    value: str = PIN
    verified: bool = False
    puk_left: int = 3
    puk_value: str = PUK
    puk_verified: bool = False
    life_cycle: str = "A5"


def state(text: str) -> State:
    """Read ``STATE LEFT [= VALUE] [verified] [puk LEFT [= VALUE]] [puk-verified] [dead]``.

    What is not said is as on a card that nobody used yet: ``transport 3 = 38373635``, ``active 2 verified``, ``puk 1``.
    """
    found: dict[str, Any] = {}
    words = text.split()
    prefix = ""
    while words:
        word = words.pop(0)
        if word in ("unset", "transport", "active"):
            found |= {"pin": word, "left": int(words.pop(0))} | ({"value": ""} if word == "unset" else {})
        elif word == "puk":
            found |= {"puk_left": int(words.pop(0))}
            prefix = "puk_"
        elif word == "=":
            found[f"{prefix}value"] = words.pop(0)
        elif word == "dead":
            found |= {"puk_left": 0, "life_cycle": "AA"}
        elif word in ("verified", "puk-verified"):
            found[word.replace("-", "_")] = True
        else:
            raise ValueError(word)
    return State(**found)


def card_in(given: str, algorithm: int = 0x0C, **changes: Any) -> EmulatedCard:
    """A card just powered up whose memory is in that state; the application is selected."""
    wanted = state(given)
    chosen = personality(algorithm, **changes)
    memory = Memory.new(chosen)
    pin, puk = memory.references[0x81], memory.references[0x82]
    pin.value, pin.state, pin.left = bytes.fromhex(wanted.value), wanted.pin, wanted.left  # type: ignore[assignment]
    puk.value, puk.left = bytes.fromhex(wanted.puk_value), wanted.puk_left
    if wanted.life_cycle == "AA":
        puk.left = 1  # it dies in prepare(), over the way of the test
    card = EmulatedCard(chosen, memory)
    assert raw(card, SELECT).endswith("9000")
    return card


def prepare(card: EmulatedCard, given: str, send: Way) -> None:
    """Bring about what the memory alone does not hold: what is verified, and death."""
    wanted = state(given)
    pin, puk = card.memory.references[0x81], card.memory.references[0x82]
    left, puk_left = pin.left, puk.left
    if wanted.verified:
        assert send(f"00200081 {len(pin.value):02X} {pin.value.hex()}") == "9000"
    if wanted.puk_verified:
        assert send(f"00200082 08 {puk.value.hex()}") == "9000"
    pin.left, puk.left = left, puk_left
    if wanted.life_cycle == "AA":
        assert send(f"00200082 08 {WRONG_PUK}") == "63C0"
    assert observe(card, send) == wanted


def observe(card: EmulatedCard, send: Way) -> State:
    """What the card says of itself over this way; only values and "transport" are looked up in its memory."""
    pin, puk = card.memory.references[0x81], card.memory.references[0x82]
    for number, data in ((1, pin), (2, puk)):
        counters = f"BF81{number:02X} 09 9A0103 9B01{data.left:02X} 8001{len(data.value):02X} 9000"
        assert send(COUNTERS[number]) == counters.replace(" ", "")
    information = send(LIFE_CYCLE)
    assert len(information) == 2 * 10 + 4
    return State(
        pin.state,
        pin.left,
        pin.value.hex(),
        send(EMPTY_VERIFY[0x81]) == "9000",
        puk.left,
        puk.value.hex(),
        send(EMPTY_VERIFY[0x82]) == "9000",
        information[12:14],
    )


def driver(emulated: EmulatedCard) -> Card:
    return Card(EmulatorTransport(emulated), emulated.personality.card_profile())
