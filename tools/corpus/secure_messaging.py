"""Sessions about secure messaging itself: what goes through it, and what ends it."""

from __future__ import annotations

from akis.codec.apdu import CHAINED, CommandApdu
from akis.codec.tlv import Tlv, build
from akis.commands import files, objects, pin
from akis.commands.application import select_application
from akis.errors import PinOutcomeUnknown
from akis.sm.chain import links
from akis.sm.terminal import SecureSession

from .driver import PIN, Driver, Session, Unplanned, refused

_LIFE_CYCLE = 0x0104
_CHECKSUM = 10
"""Bytes of DO'8E' with tag and length."""


def errors_inside(d: Driver) -> None:
    d.select()
    d.open("terminal")
    d.send(select_application(d.card.profile))
    d.send(files.select_fid(0x1234), 0x6A82)
    d.send(files.select_fid(0x5032))
    d.send(files.read_binary(0, 256))
    d.send(files.read_binary(0, 240), 0x6282)
    d.send(files.read_binary(0x100, 16), 0x6B00)
    d.send(objects.get_data(0x0199), 0x6A88)
    d.send(CommandApdu(0x00, objects.GET_DATA, 0x01, 0x06, ne=16), 0x6C4D)
    d.send(CommandApdu(0x00, 0x77, 0x00, 0x00), 0x6D00)
    d.send(CommandApdu(0x00, pin.VERIFY, 0x00, 0x83, b"271828"), 0x6A88)
    d.card.serial()
    d.tries(3)


def chained(d: Driver) -> None:
    d.select()
    d.open("terminal")
    for link in links(objects.get_pin_object(1), 4):
        d.send(link)
    for link in links(pin.verify(PIN, d.own_pin), 5):
        d.send(link)
    # Longer than one command takes, so the driver makes a chain of it.
    wanted = build([Tlv(objects.HEADER_LIST, bytes(400))])
    d.send(CommandApdu(0x00, objects.GET_DATA_ODD, 0x3F, 0xFF, wanted, 0x100), 0x6A88)
    d.send(CommandApdu(CHAINED, pin.VERIFY, 0x00, PIN, b"27"))
    d.send(objects.get_data(_LIFE_CYCLE), 0x6883)
    d.tries(3)


def checksum_wrong(d: Driver) -> None:
    d.select()
    d.open("issuer")
    d.tries(3)
    command = _protected(d, objects.get_data(_LIFE_CYCLE))
    d.raw(command.replace(data=command.data[:-1] + bytes((command.data[-1] ^ 1,))), 0x6988)
    d.raw(pin.reset_retry_counter(PIN), 0x6982)
    d.open("issuer")
    # What the checksum covers, changed: a byte of the cryptogram, then the header.
    command = _protected(d, files.select_fid(0x5032))
    d.raw(command.replace(data=command.data[:4] + bytes((command.data[4] ^ 0x80,)) + command.data[5:]), 0x6988)
    d.card.end_session()
    d.open("issuer")
    d.raw(_protected(d, objects.get_data(_LIFE_CYCLE)).replace(p2=0x06), 0x6988)


def replayed(d: Driver) -> None:
    d.select()
    d.open("issuer")
    command = _protected(d, objects.get_data(_LIFE_CYCLE))
    d.raw(command)
    d.raw(command, 0x6988)
    d.raw(command, 0x6985)
    d.raw(pin.reset_retry_counter(PIN), 0x6982)


def objects_wrong(d: Driver) -> None:
    d.select()
    for mangle in (_no_checksum, _out_of_order, _unknown_object, _nothing):
        d.open("terminal")
        command = _protected(d, objects.get_data(_LIFE_CYCLE))
        d.raw(command.replace(data=mangle(command.data)), 0x6987)
        d.raw(command, 0x6985)
        d.card.end_session()


def ended_by_plain_command(d: Driver) -> None:
    d.select()
    d.open("issuer")
    d.pin.reset_counter()
    d.raw(objects.get_data(_LIFE_CYCLE))
    # What comes back in the clear is vouched for by nobody.
    with refused(PinOutcomeUnknown):
        d.pin.reset_counter()
    d.card.end_session()
    d.raw(pin.reset_retry_counter(PIN), 0x6982)


def never_opened(d: Driver) -> None:
    d.select()
    d.raw("0C CA 01 04 0D 97 01 00 8E 08 00 00 00 00 00 00 00 00 00", 0x6985)
    d.open("terminal")
    d.tries(3)
    command = _protected(d, objects.get_data(_LIFE_CYCLE))
    d.card.reset()
    d.raw(command, 0x6985)


def extended(d: Driver) -> None:
    d.select()
    d.open("terminal")
    wanted = build([Tlv(objects.HEADER_LIST, bytes(400))])
    for command, sw in (
        (CommandApdu(0x00, objects.GET_DATA, 0x01, 0x06, ne=0x10000), 0x9000),
        (CommandApdu(0x00, objects.GET_DATA_ODD, 0x3F, 0xFF, wanted, 0x10000), 0x6A88),
        (CommandApdu(0x00, pin.VERIFY, 0x00, PIN, d.own_pin, extended=True), 0x9000),
    ):
        answer = _session(d).unprotect(d.raw(_protected(d, command), sw))
        if answer.sw != sw:
            raise Unplanned(f"inside was {answer.sw}")
    d.tries(3)


def _session(d: Driver) -> SecureSession:
    if d.card.session is None:
        raise Unplanned("no session is open")
    return d.card.session


def _protected(d: Driver, command: CommandApdu) -> CommandApdu:
    return _session(d).protect(command)


def _no_checksum(data: bytes) -> bytes:
    return data[:-_CHECKSUM]


def _out_of_order(data: bytes) -> bytes:
    return data[-_CHECKSUM:] + data[:-_CHECKSUM]


def _unknown_object(data: bytes) -> bytes:
    return b"\xc0\x01\x00" + data


def _nothing(_: bytes) -> bytes:
    return b""


AES = "akis-2.5"
SESSIONS = (
    Session("secure-errors-inside-3des", "Refusals inside secure messaging leave its session open.", errors_inside),
    Session("secure-errors-inside-aes", "Refusals inside AES secure messaging, which goes on.", errors_inside, AES),
    Session("secure-chain-3des", "Commands in several links, each protected by itself.", chained),
    Session("secure-chain-aes", "Commands in several links, each protected by itself with AES.", chained, AES),
    Session(
        "secure-checksum-wrong-3des", "A protected command with a wrong checksum ends its session.", checksum_wrong
    ),
    Session("secure-checksum-wrong-aes", "Wrong checksums end sessions with AES.", checksum_wrong, AES),
    Session("secure-command-replayed", "A protected command that is sent twice ends its session.", replayed),
    Session("secure-objects-wrong", "Protected commands whose objects are missing or out of order.", objects_wrong),
    Session("secure-ended-by-plain-command", "A plain command ends session and role.", ended_by_plain_command),
    Session("secure-without-session", "Protected commands where no session is open.", never_opened, AES),
    Session("secure-extended-3des", "Extended length inside secure messaging.", extended, extended=True),
    Session("secure-extended-aes", "Extended length inside AES secure messaging.", extended, AES, extended=True),
)
