"""Sessions in short, and what the redactor names in them."""

from __future__ import annotations

from akis.profile.load import load
from akis.trace.jsonl import entry_line
from akis.trace.redactor import Redactor
from tests.leaks import leaks

PROFILE = load("akis-2")
PIN, OTHER, NEW, PUK = "48291573", "97351846", "619473", "70359264"


def raw(text: str) -> bytes:
    """Hex, with PINs as ``'…'``."""
    return b"".join(
        part.encode() if at % 2 else bytes.fromhex(part.replace(" ", "")) for at, part in enumerate(text.split("'"))
    )


def verify(pin: str, reference: str = "81") -> str:
    return f"002000{reference}{len(pin):02X}'{pin}'"


def change(old: str, new: str, reference: str = "81") -> str:
    return f"002400{reference}{len(old + new):02X}'{old}{new}'"


STORED_8 = ("00CB3FFF 06 4D04BF810180 00", "BF8101 09 9A0103 9B0103 800108 9000")


def slots(*session: tuple[str, str], redactor: Redactor | None = None) -> list[str]:
    """The slots of each exchange: ``pin:8`` for eight bytes."""
    redactor = redactor or Redactor(PROFILE)
    named = []
    for command, answer in session:
        made = redactor.exchange(raw(command), raw(answer) if answer else None)
        assert not leaks(entry_line(made), [PIN, OTHER, NEW, PUK])
        masks = (*made.command.masks, *(made.answer.masks if made.answer else ()))
        named.append(" ".join(f"{mask.slot}:{mask.length}" for mask in masks))
    return named
