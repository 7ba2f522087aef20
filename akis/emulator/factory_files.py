"""The files a card leaves the factory with: its application, EF.DIR and EF.TokenInfo, and those of its personality."""

from __future__ import annotations

from akis.codec.tlv import Tlv
from akis.emulator.contents import FileEntry
from akis.emulator.personality import APPLICATION, Personality

NAME = b"PKCS-15"
AID = bytes.fromhex("A000000063504B43532D3135")
NAMES: dict[tuple[int, ...], tuple[bytes, ...]] = {APPLICATION: (NAME, AID)}
"""DF names by path: that of the application, and its AID (PKCS #15)."""
EF_DIR, TOKEN_INFO = (0x2F00,), (*APPLICATION, 0x5032)
_PATH = bytes.fromhex("3F003D00")


def factory_files(personality: Personality) -> tuple[FileEntry, ...]:
    """The files of a new card; EF.DIR and EF.TokenInfo are made from its label and serial unless it lists its own."""
    listed = personality.entries()
    if not personality.application:
        return listed
    own = {entry.path: entry for entry in listed}
    directory = own.pop(EF_DIR, FileEntry(EF_DIR, content=_directory(personality)))
    token_info = own.pop(TOKEN_INFO, FileEntry(TOKEN_INFO, content=_token_info(personality)))
    return (directory, FileEntry(APPLICATION, "df"), token_info, *own.values())


def _directory(personality: Personality) -> bytes:
    """EF.DIR with one application template (PKCS #15 v1.1 §6.4)."""
    label = personality.label.encode("ascii")
    return Tlv(0x61, [Tlv(0x4F, AID), Tlv(0x50, label), Tlv(0x51, _PATH)]).to_bytes()


def _token_info(personality: Personality) -> bytes:
    """EF.TokenInfo (PKCS #15 v1.1 §6.9)."""
    label = personality.label.encode("ascii")
    version, serial, maker = Tlv(0x02, b"\x00"), Tlv(0x04, personality.serial), Tlv(0x0C, b"AKIS")
    flags = Tlv(0x03, b"\x05\x60")  # loginRequired and prnGeneration, five bits unused
    return Tlv(0x30, [version, serial, maker, Tlv(0x80, label), flags]).to_bytes()
