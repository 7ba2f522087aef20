"""Sessions of device authentication: each algorithm and role, wrong keys, spent challenges, wrong choices."""

from __future__ import annotations

from functools import partial

from akis.commands import pin, security
from akis.emulator.personality import Role
from akis.errors import CardError
from akis.sm.mutual_auth import DeviceKeys, TerminalAuthentication, serial_to_sn

from .driver import PIN, Driver, Session, refused

_SN_IFD = bytes(8)


def opens(d: Driver, role: Role, algorithm: int) -> None:
    d.select()
    d.open(role, algorithm)
    d.card.serial()
    d.card.life_cycle()
    d.tries(3)
    d.card.end_session()
    d.card.life_cycle()


def wrong_keys(d: Driver) -> None:
    key = d.personality.key("issuer")
    algorithm, turned = key.algorithms[-1], (key.enc[::-1], key.mac[::-1])
    d.select()
    for enc, mac in ((turned[0], key.mac), (key.enc, turned[1]), turned):
        with refused(CardError, sw=0x6300):
            d.card.open_session(DeviceKeys(key.reference, algorithm, enc, mac), _SN_IFD, d.random)
    # The other role's keys under this reference.
    other = d.personality.key("terminal")
    with refused(CardError, sw=0x6300):
        d.card.open_session(DeviceKeys(key.reference, algorithm, other.enc, other.mac), _SN_IFD, d.random)
    d.open("issuer")
    d.tries(3)


def spent_challenge(d: Driver) -> None:
    d.select()
    terminal = _terminal(d)
    _choose(d)
    token = security.mutual_authenticate(terminal.token(d.raw(security.get_challenge()).data))
    d.raw(token)
    d.raw(token, 0x6985)
    # A wrong token spends it as well, and an older challenge is none.
    first = d.raw(security.get_challenge()).data
    d.raw(security.get_challenge())
    d.raw(security.mutual_authenticate(terminal.token(first)), 0x6300)
    d.raw(token, 0x6985)


def mistakes(d: Driver) -> None:
    key = d.personality.key("issuer")
    algorithm = key.algorithms[-1]
    d.select()
    d.raw(security.mutual_authenticate(bytes(72)), 0x6985)
    d.raw(security.mse_set_authentication(algorithm, 0x03), 0x6A88)
    d.raw(security.mse_set_authentication(0xAE, key.reference), 0x6A80)
    d.raw("00 22 C1 A4 03 80 01 0C", 0x6A80)
    d.raw("00 22 C1 A4 05 80 01 0C 83 01", 0x6A80)
    d.raw("00 22 41 A4 06 80 01 0C 83 01 01", 0x6A86)
    _choose(d)
    d.raw(security.mutual_authenticate(bytes(72)), 0x6985)
    d.raw(security.get_challenge(4), 0x6C08)
    d.raw("00 84 00 00", 0x6700)
    d.raw("00 84 00 01 08", 0x6A86)
    d.raw(security.get_challenge())
    d.raw(security.mutual_authenticate(bytes(71)), 0x6700)
    d.raw(security.get_challenge())
    d.raw(security.mutual_authenticate(bytes(72)), 0x6300)


def anew(d: Driver) -> None:
    d.select()
    d.open("terminal")
    d.tries(3)
    d.open("issuer")
    d.pin.reset_counter()
    # Choosing another key ends the session, but for the answer to that.
    d.send(security.mse_set_authentication(d.personality.key("terminal").algorithms[-1], 0x02))
    d.card.end_session()
    d.raw(pin.reset_retry_counter(PIN), 0x6982)
    d.open("terminal")
    d.card.reset()
    d.select()
    d.open("issuer")
    d.pin.reset_counter()


def _terminal(d: Driver) -> TerminalAuthentication:
    key = d.personality.key("issuer")
    keys = key.device_keys(key.algorithms[-1])
    return TerminalAuthentication(keys, _SN_IFD, serial_to_sn(d.personality.serial), d.random)


def _choose(d: Driver) -> None:
    key = d.personality.key("issuer")
    d.raw(security.mse_set_authentication(key.algorithms[-1], key.reference))


def _opening(name: str, role: Role, algorithm: int, cipher: str, personality: str) -> Session:
    title = f"The {role}'s key opens a session with {cipher} (algorithm {algorithm:02X})."
    return Session(f"session-{name}-{role}", title, partial(opens, role=role, algorithm=algorithm), personality)


SESSIONS = (
    _opening("3des-sha1", "issuer", 0x0C, "3DES and SHA-1", "akis-2.2"),
    _opening("3des-sha1", "terminal", 0x0C, "3DES and SHA-1", "akis-2.2"),
    _opening("3des-sha256", "issuer", 0x8C, "3DES and SHA-256", "akis-2.2"),
    _opening("3des-sha256", "terminal", 0x8C, "3DES and SHA-256", "akis-2.2"),
    _opening("aes", "issuer", 0xAC, "AES-128", "akis-2.5"),
    _opening("aes", "terminal", 0xAC, "AES-128", "akis-2.5"),
    Session("wrong-keys-3des", "Wrong device keys are refused, then the right ones open a session.", wrong_keys),
    Session("wrong-keys-aes", "Wrong AES device keys are refused, then the right ones taken.", wrong_keys, "akis-2.5"),
    Session("challenge-used-twice", "A challenge serves once, whatever came of it.", spent_challenge),
    Session("authentication-mistakes", "Steps of the authentication that are wrong, missing or malformed.", mistakes),
    Session("authenticated-anew", "A session ends with another key, another session, and a reset.", anew),
)
