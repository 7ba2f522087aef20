"""The environment, as far as it bears on readers and cards. A variable that may hold a secret shows its name alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from akis.doctor.finding import Finding, SeenReader
from akis.doctor.readers import IGNORE_READERS
from akis.doctor.service import SOCKET_VARIABLE
from akis.errors import InvalidArgument, NoCard, NoReader
from akis.transport.readers import Reader, choose

READER = "AKIS_READER"
_OURS = ("AKIS_", "PCSCLITE_", "LIBPCSCLITE_")
# PINs come from variables of anybody's choice (--pin env:NAME), AKIS_PIN among them, so only these are shown.
_NO_SECRETS = frozenset(
    (
        READER,
        IGNORE_READERS,
        "AKIS_REQUIRE_PCSC",
        SOCKET_VARIABLE,
        "PCSCLITE_DEBUG",
        "PCSCLITE_HP_DROPDIR",
        "PCSCLITE_FILTER_IGNORE_READER_NAMES",
        "PCSCLITE_FILTER_EXTEND_READER_NAMES",
        "LIBPCSCLITE_DELEGATE",
    )
)
_LONGEST = 200
_NOT_A_READER = ("emulator:", "replay:")


def variables(environ: Mapping[str, str]) -> Mapping[str, str | None]:
    """Those that bear on it, by name; None in the place of a value that may be a secret."""
    return {
        name: environ[name][:_LONGEST] if name in _NO_SECRETS else None
        for name in sorted(environ)
        if name.startswith(_OURS)
    }


def findings(environ: Mapping[str, str], readers: Sequence[SeenReader], running: bool) -> list[Finding]:
    """What is set and may be in the way."""
    found = []
    wanted = environ.get(READER)
    if wanted and wanted.startswith(_NOT_A_READER):
        found.append(
            Finding(
                "environment",
                "note",
                f"{READER} names {wanted}, so akis uses no reader by itself",
                f"unset {READER}, or name a reader with --reader, to use a card",
            )
        )
    elif wanted and running and (why := _unfit(wanted, readers)) is not None:
        found.append(
            Finding(
                "environment",
                "warning",
                f"{READER} names the reader: {why}",
                f"unset {READER}, or set it to a number or a part of the name of one reader",
            )
        )
    if environ.get("LIBPCSCLITE_DELEGATE"):
        found.append(
            Finding(
                "environment",
                "note",
                "LIBPCSCLITE_DELEGATE puts another library between programs and the PC/SC service",
                "unset it unless a session is to be spied on: it may write PINs down",
            )
        )
    return found


def _unfit(wanted: str, readers: Sequence[SeenReader]) -> str | None:
    """Why ``AKIS_READER`` leads to no reader."""
    there = [reader for reader in readers if not reader.ignored]
    try:
        choose([Reader(at, reader.name, reader.atr, reader.state) for at, reader in enumerate(there)], wanted)
    except (InvalidArgument, NoReader, NoCard) as error:
        return str(error)
    return None
