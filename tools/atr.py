"""``akis atr``: an answer to reset, field by field, and the card it speaks of. No card is needed."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING, Any

from .parser import add_examples

if TYPE_CHECKING:
    from akis.profile.recognise import RecognisedCard

_NAME_WIDTH, _BYTES_SHOWN = 10, 6
_SEPARATORS = re.compile(r"[\s:,]|0[xX]")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_examples(parser, "akis atr 3B 9F 97 81 31 FE 45 80 65 54 43 D2 21 08 31 C0 73 F6 21 80 81 05 5B")
    parser.add_argument("hex", metavar="HEX", nargs="+", help="the answer to reset; spaces and colons are fine")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Read it and print."""
    from akis.errors import CodecError, InvalidArgument

    try:
        report = describe(read_hex(" ".join(args.hex)))
    except CodecError as error:
        raise InvalidArgument(str(error)) from None  # no card answered it: it was typed
    print(json.dumps(report, ensure_ascii=False, indent=2) if args.json else as_text(report))
    return 0


def read_hex(text: str) -> bytes:
    """Bytes from hex digits with any separators."""
    from akis.errors import InvalidArgument

    digits = _SEPARATORS.sub("", text)
    if len(digits) % 2 or not re.fullmatch(r"[0-9A-Fa-f]*", digits):
        raise InvalidArgument("an ATR is pairs of hex digits, with spaces or colons between them or none")
    return bytes.fromhex(digits)


def describe(raw: bytes) -> dict[str, Any]:
    """All that an ATR says; raises :class:`CodecError` where the bytes are none."""
    from akis.codec.atr import Atr
    from akis.codec.atr_words import explain
    from akis.profile.recognise import recognise

    atr, card = Atr.from_bytes(raw), recognise(raw)
    return {
        "schema": 1,
        "atr": raw.hex().upper(),
        "card": card_as_json(card),
        "protocols": [f"T={number}" for number in atr.protocols],
        "fields": [
            {"name": field.name, "offset": field.offset, "bytes": field.raw.hex().upper(), "meaning": field.meaning}
            for field in explain(raw)
        ],
    }


def card_as_json(card: RecognisedCard) -> dict[str, Any]:
    """The card that was recognised, None for what nobody said."""
    return {
        "label": card.label,
        "source": card.source,
        "generation": card.generation,
        "family": card.family,
        "version": card.version,
        "chip": card.chip,
        "life_cycle": card.life_cycle,
        "remark": card.remark,
        "contactless": card.contactless,
        "profile": card.profile,
    }


def as_text(report: dict[str, Any]) -> str:
    """The card first, then a line for each field, its bytes beneath where they are many."""
    card = report["card"]
    lines = [f"{spaced(report['atr'])}", f"Card: {card['label']}"]
    if card["source"] is not None:
        lines.append(f"How sure: {_SURE[card['source']]}")
        lines.append(f"Profile: {card['profile']}")
    if card["contactless"]:
        lines.append("Contactless: the reader made this ATR for a card without contacts")
    lines.append("")
    for field in report["fields"]:
        lines += field_lines(field)
    return "\n".join(lines)


def field_lines(field: dict[str, Any]) -> list[str]:
    """One field in 80 columns."""
    import textwrap

    shown = spaced(field["bytes"])
    short = len(field["bytes"]) <= 2 * _BYTES_SHOWN
    head = f"{field['name']:<{_NAME_WIDTH}} {shown if short else '':<{3 * _BYTES_SHOWN}} "
    first, *others = textwrap.wrap(field["meaning"], 79 - len(head)) or [""]
    indent = " " * len(head)
    lines = [(head + first).rstrip(), *(indent + line for line in others)]
    return (
        lines if short else [f"{field['name']:<{_NAME_WIDTH}} {shown}", *(indent + line for line in (first, *others))]
    )


def spaced(text: str) -> str:
    """Hex digits in pairs."""
    return bytes.fromhex(text).hex(" ").upper()


_SURE = {
    "reported": "published label of a card with this ATR; not confirmed by the maker",
    "inferred": "concluded from the historical bytes by a rule that fits the published labels",
}
