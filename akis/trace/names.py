"""What the standard calls commands, parameters and data objects (ISO/IEC 7816-4:2005 §7, ISO/IEC 7816-8:2004 §11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from akis.codec.fci import FCI, FCP
from akis.codec.historical import LifeCycle
from akis.commands import directory, files, objects, pin, security
from akis.status import StatusWord

PSO = 0x2A
GET_RESPONSE = 0xC0

COMMANDS: Mapping[int, str] = {
    0x04: "DEACTIVATE FILE",
    0x0E: "ERASE BINARY",
    pin.VERIFY: "VERIFY",
    pin.VERIFY + 1: "VERIFY",
    security.MSE: "MANAGE SECURITY ENVIRONMENT",
    pin.CHANGE: "CHANGE REFERENCE DATA",
    pin.CHANGE + 1: "CHANGE REFERENCE DATA",
    0x26: "DISABLE VERIFICATION REQUIREMENT",
    0x28: "ENABLE VERIFICATION REQUIREMENT",
    PSO: "PERFORM SECURITY OPERATION",
    pin.RESET: "RESET RETRY COUNTER",
    pin.RESET + 1: "RESET RETRY COUNTER",
    0x44: "ACTIVATE FILE",
    0x46: "GENERATE ASYMMETRIC KEY PAIR",
    0x47: "GENERATE ASYMMETRIC KEY PAIR",
    0x70: "MANAGE CHANNEL",
    security.MUTUAL_AUTHENTICATE: "MUTUAL AUTHENTICATE",
    security.GET_CHALLENGE: "GET CHALLENGE",
    0x86: "GENERAL AUTHENTICATE",
    0x87: "GENERAL AUTHENTICATE",
    0x88: "INTERNAL AUTHENTICATE",
    files.SELECT: "SELECT",
    files.READ_BINARY: "READ BINARY",
    files.READ_BINARY + 1: "READ BINARY",
    0xB2: "READ RECORD",
    0xB3: "READ RECORD",
    GET_RESPONSE: "GET RESPONSE",
    0xC2: "ENVELOPE",
    objects.GET_DATA: "GET DATA",
    objects.GET_DATA_ODD: "GET DATA",
    0xD0: "WRITE BINARY",
    0xD6: "UPDATE BINARY",
    0xD7: "UPDATE BINARY",
    0xDA: "PUT DATA",
    0xDB: "PUT DATA",
    0xDC: "UPDATE RECORD",
    0xE0: "CREATE FILE",
    0xE2: "APPEND RECORD",
    0xE4: "DELETE FILE",
    0xE6: "TERMINATE DF",
    0xE8: "TERMINATE EF",
    0xFE: "TERMINATE CARD USAGE",
}
OF_AKIS_1: Mapping[int, str] = {
    0x09: "life cycle, AKİS 1.0",
    0x10: "CREATE DF, AKİS 1.0",
    0x15: "CREATE EF, AKİS 1.0",
    0x16: "DELETE FILE, AKİS 1.0",
    directory.DIRECTORY: "DIRECTORY, AKİS 1.0",
    pin.LOGOUT: "logout, AKİS 1.0",
}
"""Commands of AKİS 1.0 in its own class, 80, as open code has them."""


def command(cla: int, ins: int) -> str:
    """The command's name in the standard, or in the class of AKİS 1.0; nothing where it has none here."""
    own = OF_AKIS_1.get(ins, "") if cla == pin.PROPRIETARY else ""
    return own or COMMANDS.get(ins, "")


P1: Mapping[tuple[int, int], str] = {
    (files.SELECT, 0x00): "by file identifier",
    (files.SELECT, 0x01): "a DF below the current one",
    (files.SELECT, 0x02): "an EF below the current DF",
    (files.SELECT, 0x03): "the DF above the current one",
    (files.SELECT, 0x04): "by DF name",
    (files.SELECT, 0x08): "by path from the MF",
    (files.SELECT, 0x09): "by path from the current DF",
    (pin.VERIFY, 0x00): "compare",
    (pin.VERIFY, 0xFF): "take the verification back",
    (pin.CHANGE, 0x00): "from old to new",
    (pin.CHANGE, 0x01): "new value only",
    (pin.RESET, 0x00): "resetting code and new value",
    (pin.RESET, 0x01): "resetting code only",
    (pin.RESET, 0x02): "new value only",
    (pin.RESET, 0x03): "counter only",
    (objects.GET_DATA, 0x01): "with P2, the data wanted",
    (objects.GET_DATA_ODD, 0x3F): "with P2, of the current DF",
    (security.MSE, 0x41): "SET for signing, deciphering, internal authentication",
    (security.MSE, 0x81): "SET for verifying, enciphering, external authentication",
    (security.MSE, 0xC1): "SET for both directions of authentication",
    (security.MSE, 0xC3): "SET of the key that P2 names, AKİS 1.0",
    (security.MSE, 0xF2): "STORE under the number in P2",
    (security.MSE, 0xF3): "RESTORE the number in P2",
    (PSO, 0x80): "plain value out",
    (PSO, 0x86): "cryptogram out",
    (PSO, 0x90): "hash code out",
    (PSO, 0x9E): "digital signature out",
}
P2: Mapping[tuple[int, int], str] = {
    (files.SELECT, 0x00): "answer with FCI",
    (files.SELECT, 0x04): "answer with FCP",
    (files.SELECT, 0x08): "answer with file management data",
    (files.SELECT, 0x0C): "answer with nothing",
    (objects.GET_DATA, 0x04): "memory information, life cycle",
    (objects.GET_DATA, 0x06): "system information, serial number",
    (security.MSE, 0xA4): "authentication template",
    (security.MSE, 0xA6): "key agreement template",
    (security.MSE, 0xAA): "hash template",
    (security.MSE, 0xB4): "checksum template",
    (security.MSE, 0xB6): "digital signature template",
    (security.MSE, 0xB8): "confidentiality template",
    (PSO, 0x80): "plain value in",
    (PSO, 0x86): "cryptogram in",
    (PSO, 0x9A): "data to be signed in",
    (PSO, 0xA0): "template for hashing in",
}
IN_GENERAL: Mapping[int, str] = {
    0x4D: "extended header list",
    0x4F: "application identifier",
    0x50: "application label",
    0x51: "path",
    0x61: "application template",
    FCP: "file control parameters",
    FCI: "file control information",
    0x64: "file management data",
    0x80: "size",
    0x81: "size with structural information",
    0x82: "file descriptor",
    0x83: "file identifier",
    0x84: "DF name",
    0x85: "proprietary",
    0x86: "security attributes, proprietary",
    0x87: "file with more control information",
    0x88: "short EF identifier",
    0x8A: "life-cycle byte",
    0x8C: "security attributes, compact",
    0xA5: "proprietary template",
    0xAB: "security attributes, expanded",
}
"""Inside file control information, and where nothing else is known."""
IN_MSE: Mapping[int, str] = {
    security.ALGORITHM: "algorithm",
    0x81: "file reference",
    0x82: "DF name",
    security.KEY: "key reference",
    0x84: "private key reference",
}
IN_PIN_OBJECT: Mapping[int, str] = {
    0x4D: "extended header list",
    0x80: "stored length",
    0x9A: "tries in all",
    0x9B: "tries left",
    objects.pin_object_tag(1): "PIN object 1",
    objects.pin_object_tag(2): "PIN object 2",
}
IN_SECURE_MESSAGING: Mapping[int, str] = {
    0x81: "plain value",
    0x85: "cryptogram",
    0x87: "01 (ISO padding), cryptogram",
    0x8E: "checksum",
    0x97: "Ne of the plain command",
    0x99: "authenticated status word",
}
KNOWN_FILES: Mapping[bytes, str] = {
    bytes.fromhex("3F00"): "MF",
    bytes.fromhex("2F00"): "EF.DIR",
    bytes.fromhex("3D00"): "DF PKCS-15",
    bytes.fromhex("5031"): "EF.ODF",
    bytes.fromhex("5032"): "EF.TokenInfo",
}


def file_name(path: bytes) -> str:
    """What a file identifier or a path of them leads to, as far as that is known: ``MF``, ``DF PKCS-15, EF.ODF``."""
    names = [KNOWN_FILES.get(path[at : at + 2], "") for at in range(0, len(path), 2)]
    return ", ".join(names) if names and all(names) else ""


_KINDS: Mapping[int, str] = {0x00: "EF", 0x08: "internal EF"}
_STRUCTURES: Mapping[int, str] = {
    1: "transparent",
    2: "linear, fixed records",
    3: "linear, fixed records",
    4: "linear, variable records",
    5: "linear, variable records",
    6: "cyclic",
    7: "cyclic",
}


def _descriptor(value: bytes) -> str:
    # ISO/IEC 7816-4:2005 §5.3.3.2, table 14
    kind = value[0] if value else 0x80
    if kind & 0x80:
        return ""
    if kind & 0x38 == 0x38:
        return "DF"
    structure = _STRUCTURES.get(kind & 0x07)
    return ", ".join(filter(None, (_KINDS.get(kind & 0x38, "EF, proprietary"), structure)))


def _number(value: bytes) -> str:
    return f"{int.from_bytes(value, 'big')} bytes" if 1 <= len(value) <= 4 else ""


def text(value: bytes) -> str:
    """ASCII text in quotation marks; nothing where it is none."""
    said = value.decode("ascii", "replace")
    return f'"{said}"' if said.isprintable() and said.isascii() and said else ""


VALUES: Mapping[str, Callable[[bytes], str]] = {
    "size": _number,
    "file descriptor": _descriptor,
    "file identifier": file_name,
    "DF name": text,
    "application label": text,
    "path": file_name,
    "life-cycle byte": lambda value: LifeCycle.of(value[0]).value if len(value) == 1 else "",
    "authenticated status word": lambda value: (
        StatusWord(int.from_bytes(value, "big")).meaning() if len(value) == 2 else ""
    ),
}
"""What the value of a data object says, by the object's name."""
