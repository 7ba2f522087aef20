"""One session as each program logs it: SELECT, VERIFY, CHANGE, RESET, with PINs and a PUK in the clear."""

from __future__ import annotations

from pathlib import Path

from akis.trace.open import importers

ATR = bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B")
PIN, NEW_PIN, PUK, NEXT_PIN = "123456", "24681357", "87654321", "97531864"
SECRETS = (PIN, NEW_PIN, PUK, NEXT_PIN)
SELECT = bytes.fromhex("00A4040C07504B43532D3135")
VERIFY = bytes.fromhex("0020008106") + PIN.encode()
CHANGE = bytes.fromhex("002400810E") + (PIN + NEW_PIN).encode()
RESET = bytes.fromhex("002C008110") + (PUK + NEXT_PIN).encode()
GET_DATA = bytes.fromhex("00CB3FFF064D04BF81018000")
COUNTER = bytes.fromhex("BF8101099A01039B01028001069000")
OK = bytes.fromhex("9000")
SESSION = ((SELECT, OK), (VERIFY, OK), (CHANGE, OK), (RESET, OK), (GET_DATA, COUNTER))


def spaced(raw: bytes) -> str:
    """Hex with spaces between the bytes."""
    return raw.hex(" ").upper()


def apdu4j() -> str:
    lines = [
        "# Generated on Tue, 3 Mar 2026 10:00:00 +0300 by apdu4j/20.08",
        "# Using Reader 00 00",
        f"# ATR: {ATR.hex()}",
    ]
    lines += ["# PROTOCOL: T=1", "#"]
    for command, answer in SESSION:
        lines += ["# Sent", command.hex().upper(), "# Received in 12ms", answer.hex().upper()]
    return "\n".join(lines) + "\n"


def apdu4j_console() -> str:
    lines = ["# Detected readers from JNA2PCSC", "[*] Reader 00 00"]
    lines += [f'SCardConnect("Reader 00 00", T=*) -> T=1, {ATR.hex().upper()}', 'SCardBeginTransaction("Reader 00 00")']
    for command, answer in SESSION:
        size = command[4]
        parts = [command[:4], command[4:5], command[5 : 5 + size], command[5 + size :]]
        lines.append(f"A>> T=1 (4+{size:04}) " + " ".join(part.hex().upper() for part in parts if part))
        data = f" {answer[:-2].hex().upper()}" if len(answer) > 2 else ""
        lines += [f"A<< ({len(answer) - 2:04}+2) (12ms){data} {answer[-2:].hex().upper()}", "[TRACE] noise - [6F]"]
    return "\n".join([*lines, 'SCardDisconnect("Reader 00 00", false) tx:99/rx:9']) + "\n"


def opensc() -> str:
    before = "P:77; T:0x140550504564800 17:11:43.{:03} [opensc-tool] reader-pcsc.c:320:pcsc_transmit: "
    lines = [before.format(1) + "called", f"{before.format(1)}ATR     : {ATR.hex(':')}"]
    for number, (command, answer) in enumerate(SESSION):
        lines.append(f"{before.format(10 * number)}reader 'Reader 00 00'")
        for name, raw, at in (("Outgoing", command, 0), ("Incoming", answer, 7)):
            lines += [before.format(10 * number + at), f"{name} APDU ({len(raw)} bytes):"]
            lines += [f"{spaced(raw[row : row + 16])} {'.' * 16}" for row in range(0, len(raw), 16)]
            lines += ["", f"{before.format(10 * number + at)}called"]
    return "\n".join(lines) + "\n"


def pcscd() -> str:
    lines = ["00000000 debuglog.c:386:DebugLogSetLevel() debug level=info", "00000001 Card ATR: " + spaced(ATR) + " "]
    lines[1:1] = ["00000016 eventhandler.c:423:EHStatusHandlerThread() Card inserted into Reader 00 00"]
    for command, answer in SESSION:
        lines += ["00000003 winscard.c:1596:SCardTransmit() Send Protocol: T=1", f"00000100 APDU: {spaced(command)} "]
        lines += [
            f"00000250 SW: {spaced(answer)} ",
            "00000000 winscard.c:1649:SCardTransmit() UnrefReader() count was: 2",
        ]
    return "\n".join(lines) + "\n"


def _call(name: str, at: int, result: str, *arguments: str) -> list[str]:
    lines = [f">|1795367983|{at:06}|{name}", *arguments, f"<|1795367983|{at + 155:06}|{name}|Said.|0x{result}"]
    return [f"7F3C32DC4B80@{line}" for line in lines]


def pcscspy() -> str:
    status = ["0x00000001", "0x00000000", "0x00000001", "Reader 00 00", "0x00000000", "0x00010022"]
    status += [f"0x{len(ATR):08X}", spaced(ATR) + " "]
    handles = ["0x00000001", "Reader 00 00", "0x00000002", "0x00000003", "0x00000000", "0x00000000"]
    lines = _call("SCardGetStatusChange", 0, "00000000", *status)
    lines += _call("SCardConnect", 200, "00000000", *handles, "0x4A47B3B7", "0x00000002")
    for number, (command, answer) in enumerate(SESSION):
        sent = ["0x4A47B3B7", "0x00000002", "0x00000010", f"0x{len(command):08X}", spaced(command) + " "]
        got = ["0x00000001", "0x00000010", f"0x{len(answer):08X}", spaced(answer) + " "]
        lines += _call("SCardTransmit", 1000 * (number + 1), "00000000", *sent, *got)
    return "\n".join(lines) + "\n"


def _dump(way: str, raw: bytes) -> list[str]:
    rows = range(0, len(raw), 16)
    return [f" {way}  {row:04X} {spaced(raw[row : row + 16]):47} {'.' * len(raw[row : row + 16])}" for row in rows]


def pcscspy_text() -> str:
    success = " => Command successful. (SCARD_S_SUCCESS [0x00000000])  [0.000155]"
    lines = [
        "SCardGetStatusChange",
        " i hContext: 0x00000001",
        " o szReader: Reader 00 00",
        f" o  Atr: {spaced(ATR)}",
        success,
    ]
    lines += [
        "SCardConnect",
        " i hContext: 0x00000001",
        " i szReader Reader 00 00",
        " i dwShareMode: SHARED (0x00000002)",
    ]
    lines += [" o phCard 0x4A47B3B7 (1246213047)", " o dwActiveProtocol: T=1 (0x00000002)", success]
    for command, answer in SESSION:
        lines += ["SCardTransmit", " i hCard: 0x4A47B3B7", f" i bSendLength 0x{len(command):08X} ({len(command)})"]
        lines += [" i bSendBuffer", *_dump("i", command), f" o bRecvLength 0x{len(answer):08X} ({len(answer)})"]
        lines += [" o bRecvBuffer", *_dump("o", answer), success]
    return "\n".join(lines) + "\n"


def cardpeek() -> str:
    lines = ["# cardpeek emulator", "# version 0", f"R:{ATR.hex().upper()}"]
    for command, answer in SESSION:
        lines.append(f"C:{command.hex().upper()}:{answer[-2:].hex().upper()}:{answer[:-2].hex().upper()}")
    return "\n".join([*lines, "# end"]) + "\n"


def pyscard_observer() -> str:
    lines = ["connecting to Reader 00 00"]
    for command, answer in SESSION:
        data = f"{spaced(answer[:-2])}" if len(answer) > 2 else " []"
        lines += [f"> {spaced(command)}", f"< {data} {spaced(answer[-2:])}", "a line of the program's own"]
    return "\n".join([*lines, "disconnecting from Reader 00 00"]) + "\n"


WRITTEN = {
    "apdu4j dump": apdu4j,
    "apdu4j log": apdu4j_console,
    "OpenSC debug log": opensc,
    "pcscd log": pcscd,
    "libpcscspy log": pcscspy,
    "pcsc-spy output": pcscspy_text,
    "cardpeek log": cardpeek,
    "pyscard console observer": pyscard_observer,
}
"""By the name of the importer."""
TEXT_IMPORTERS = {importer.NAME: importer for importer in importers() if importer.NAME in WRITTEN}


def written(path: Path, name: str) -> Path:
    """The session in a file, as the program with this name logs it."""
    path.write_text(WRITTEN[name](), encoding="utf-8")
    return path
