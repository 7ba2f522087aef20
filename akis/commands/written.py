"""Commands as people write them: ``[CLA]INS[P1P2][:DATA][/LE][=SW]``, or plain hex, and scripts of them.

The digits before ``:``, ``/`` or ``=`` are the header: two are INS, four CLA and INS, six INS and P1-P2, eight all of
it; what is left out is 00. Ten and more are a whole command as it is, well-formed or not. Lc is counted, and is long
where the data is. LE has two digits, 00 for 256, or four, 0000 for 65536, which make the length fields extended ones.

``=SW`` is the status word that is expected, ``x`` in it any digit (``63Cx``), and ``=`` alone means 9000. In the place
of digits of DATA, ``{env:NAME}`` stands for the characters of a value that is kept elsewhere, such as a PIN, and
``{ask}`` for those of one that is asked for. Upper and lower case are the same, and spaces do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from akis.codec.apdu import CommandApdu
from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.status import StatusWord

COMMENT = "#"
"""From here to its end, a line of a script is for people."""
_PAIRS = r"(?:[0-9A-Fa-f]{2})"
_PLACE = r"\{(?:env:[A-Za-z_][A-Za-z0-9_]*|ask)\}"
_WRITTEN = re.compile(
    rf"(?P<head>{_PAIRS}+)(?::(?P<data>(?:{_PAIRS}|{_PLACE})+))?(?:/(?P<le>{_PAIRS}{{1,2}}))?"
    r"(?P<expects>=(?P<sw>[0-9A-Fa-fXx]{4})?)?"
)
_PIECE = re.compile(rf"(?P<place>{_PLACE})|{_PAIRS}+")
_HEADER_DIGITS = 8
_PADDING = b"\x00\xff"
_SHORTEST_VALUE = 4
_GRAMMAR = "is not [CLA]INS[P1P2][:DATA][/LE][=SW], nor a command in plain hex"

Fill = Callable[[str], bytes]
"""Finds the value for a source, ``env:NAME`` or ``ask``."""


@dataclass(frozen=True, slots=True)
class WrittenCommand:
    """One command: its bytes, which may hold a PIN, and the status word expected, such as ``63Cx``, None for any.

    ``filled`` says that a part of them came from a placeholder.
    """

    raw: Secret
    expected: str | None = None
    filled: bool = False

    def fits(self, sw: StatusWord) -> bool | None:
        """Whether this status word is the expected one; None where none is expected."""
        if self.expected is None:
            return None
        return all(wanted in ("x", digit) for wanted, digit in zip(self.expected, str(sw), strict=True))


def parse(text: str, fill: Fill, where: str = "the command") -> WrittenCommand:
    """One written command; :class:`InvalidArgument`, which says ``where`` and repeats nothing of it, for anything else.

    ``fill`` is called with what stands between the braces of each placeholder.
    """
    found = _WRITTEN.fullmatch("".join(text.split()))
    if found is None:
        raise InvalidArgument(f"{where} {_GRAMMAR}; nothing was sent")
    head, data, le, sw = (found[name] for name in ("head", "data", "le", "sw"))
    expected = (sw or "9000").upper().replace("X", "x") if found["expects"] else None
    if len(head) > _HEADER_DIGITS:
        if data is not None or le is not None:
            raise InvalidArgument(f"{where} has more than CLA INS P1 P2 before its data or LE; nothing was sent")
        return WrittenCommand(Secret(bytes.fromhex(head)), expected)
    content = b"" if data is None else b"".join(_bytes(piece, fill) for piece in _PIECE.finditer(data))
    ne, long = _expected_length(le)
    cla, ins, p1, p2 = _header(head)
    try:
        command = CommandApdu(cla, ins, p1, p2, content, ne, long)
    except InvalidArgument as error:
        raise InvalidArgument(f"{where}: {error}; nothing was sent") from None
    return WrittenCommand(Secret(command.to_bytes()), expected, filled=data is not None and "{" in data)


def parse_script(text: str, fill: Fill) -> Iterator[WrittenCommand]:
    """The commands of a script, one a line; empty lines and comments are passed over."""
    for number, line in enumerate(text.splitlines(), 1):
        command = line.partition(COMMENT)[0]
        if command.strip():
            yield parse(command, fill, f"line {number} of the script")


def shows_value(text: str) -> bool:
    """Whether the data of a written command has digits beside its placeholders that may be a value, not its padding.

    Those of a length, or of another short prefix, are none.
    """
    data = "".join(text.split()).partition(":")[2].partition("/")[0].partition("=")[0]
    pieces = [bytes.fromhex(piece[0]) for piece in _PIECE.finditer(data) if piece["place"] is None]
    return any(len(piece.strip(_PADDING)) >= _SHORTEST_VALUE for piece in pieces)


def _header(digits: str) -> bytes:
    """CLA INS P1 P2 of two to eight digits."""
    whole = digits if len(digits) in (4, _HEADER_DIGITS) else f"00{digits}"
    return bytes.fromhex(whole.ljust(_HEADER_DIGITS, "0"))


def _expected_length(digits: str | None) -> tuple[int | None, bool]:
    """Ne, and whether it is written as an extended length."""
    if digits is None:
        return None, False
    return int(digits, 16) or 1 << 4 * len(digits), len(digits) > 2


def _bytes(piece: re.Match[str], fill: Fill) -> bytes:
    place = piece["place"]
    return bytes.fromhex(piece[0]) if place is None else fill(place[1:-1])
