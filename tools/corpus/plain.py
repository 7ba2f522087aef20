"""Sessions about files and data, command chaining, and commands that the card does not have."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.commands import files, objects, pin
from akis.commands.application import select_application
from akis.sm.chain import links

from .driver import PIN, WRONG_PIN, Driver, Session

_AID = bytes.fromhex("A000000063504B43532D3135")
_DIR, _APPLICATION, _TOKEN_INFO = 0x2F00, 0x3D00, 0x5032


def select(d: Driver) -> None:
    d.raw(files.select_name(b"PKCS-15"))
    d.raw(files.select_name(_AID, "fcp"))
    d.raw(files.select_name(_AID, "none"))
    d.raw(files.select_fid(_TOKEN_INFO))
    d.raw(files.select_fid(files.MF))
    d.raw("00 A4 00 00")
    d.raw(files.select_fid(_DIR, "fcp"))
    d.raw(files.select_path((_APPLICATION, _TOKEN_INFO)))
    d.raw("00 A4 09 0C 02 50 32")
    d.raw("00 A4 02 0C 02 50 32")
    d.raw("00 A4 03 00 00")
    d.raw("00 A4 01 0C 02 3D 00")
    d.raw(files.select_name(b"PKCS-11"), 0x6A82)
    d.raw(files.select_fid(0x1234), 0x6A82)
    d.raw(files.select_path((_APPLICATION, 0x1234)), 0x6A82)
    d.raw("00 A4 00 00 01 3F", 0x6A80)
    d.raw("00 A4 05 00 02 3F 00", 0x6A86)
    d.raw("00 A4 00 08 02 3F 00", 0x6A86)


def read(d: Driver) -> None:
    d.raw(files.read_binary(0, 16), 0x6986)
    d.raw(files.select_fid(_DIR))
    size = len(d.raw(files.read_binary(0, 256)).data)
    d.raw(files.read_binary(8, 16))
    d.raw(files.read_binary(size - 4, 4))
    d.raw(files.read_binary(size - 4, 16), 0x6282)
    d.raw(files.read_binary(size, 16), 0x6B00)
    d.raw(files.read_binary(0x7FFF, 256), 0x6B00)
    d.select()
    d.raw("00 B0 92 00 00")
    d.raw("00 B0 92 10 08")
    d.raw("00 B0 93 00 00", 0x6A82)
    d.raw("00 B0 00 00", 0x6700)
    d.card.reset()
    d.raw(files.read_binary(0, 16), 0x6986)


def get_data(d: Driver) -> None:
    d.card.life_cycle()
    d.card.serial()
    d.raw(objects.get_data(0x0199), 0x6A88)
    d.raw("00 CA 01 06 10", 0x6C4D)
    d.raw("00 CA 01 06", 0x6700)
    # Through the driver, which asks again with the right Le.
    d.send(CommandApdu(0x00, objects.GET_DATA, 0x01, 0x06, ne=16))
    d.raw(objects.get_pin_object(1), 0x6A88)
    d.select()
    d.tries(3)
    d.raw(objects.get_pin_object(3), 0x6A88)
    d.raw("00 CB 3F FF 06 4D 04 BF 81 01 80 04", 0x6C0D)
    d.raw("00 CB 3F FF 03 4D 04 BF 00", 0x6A80)
    d.raw("00 CB 00 FF 06 4D 04 BF 81 01 80 00", 0x6A86)


def chained(d: Driver) -> None:
    for link in links(select_application(d.card.profile), 3):
        d.raw(link)
    for link in links(objects.get_pin_object(2), 2):
        d.raw(link)
    first, last = links(pin.verify(PIN, WRONG_PIN), 4)
    d.raw(first)
    d.raw(last, 0x63C2)
    d.tries(2)
    d.raw(first)
    d.raw(objects.get_data(0x0104), 0x6883)
    d.raw(first)
    d.raw(last.replace(p1=0x01), 0x6883)
    d.tries(2)
    # Longer than one command takes, so the driver makes a chain of it.
    d.send(CommandApdu(0x00, files.SELECT, 0x04, 0x0C, bytes(600)), 0x6A82)


def unknown(d: Driver) -> None:
    d.select()
    d.raw("00 77 00 00", 0x6D00)
    d.raw("00 E0 00 00 02 62 00", 0x6D00)
    d.raw("00 C0 00 00 00", 0x6D00)
    d.raw("80 CA 01 04 00", 0x6E00)
    d.raw("20 CA 01 04 00", 0x6E00)
    d.raw("FE CA 01 04 00", 0x6E00)
    d.raw("01 CA 01 04 00", 0x6881)
    d.raw("40 CA 01 04 00", 0x6881)
    d.raw("04 CA 01 04 00", 0x6882)
    d.raw("08 CA 01 04 00", 0x6882)
    d.raw("00 CA 01 04 00 00 00", 0x6700)
    d.raw("00 A4 04 00 07 50 4B 43", 0x6700)
    d.raw("00 20 00 81 06 31 34", 0x6700)
    d.tries(3)


def extended(d: Driver) -> None:
    d.raw(select_application(d.card.profile).replace(ne=0x10000))
    d.raw(CommandApdu(0x00, objects.GET_DATA, 0x01, 0x06, ne=0x10000))
    d.raw(CommandApdu(0x00, objects.GET_DATA, 0x01, 0x06, ne=16, extended=True), 0x6C4D)
    d.raw(CommandApdu(0x00, pin.VERIFY, 0x00, PIN, WRONG_PIN, extended=True), 0x63C2)
    d.raw(CommandApdu(0x00, pin.VERIFY, 0x00, PIN, d.own_pin, extended=True))
    d.raw(CommandApdu(0x00, files.SELECT, 0x04, 0x0C, bytes(600)), 0x6A82)
    d.raw(CommandApdu(0x00, files.READ_BINARY, 0x92, 0x00, ne=0x10000))
    d.tries(3)


SESSIONS = (
    Session("files-selected", "Files are selected by name, identifier and path, or are not there.", select),
    Session("files-read", "Files are read to their ends, and past them.", read),
    Session("data-read", "Serial number, life cycle and counters are read.", get_data),
    Session(
        "data-read-aes-card", "Serial number, life cycle and counters of a 2.5 card are read.", get_data, "akis-2.5"
    ),
    Session("chain-plain", "Commands in several links, some of them broken off.", chained),
    Session("commands-unknown", "Instructions, classes, channels and lengths that the card does not know.", unknown),
    Session("extended-length", "Commands with extended length fields.", extended, extended=True),
)
