"""A session with everything a trace can hold, for the tests of what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from akis.trace.entries import Entry, Event, Exchanged, Failure, Header, Kept, Wire

ATR = bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B")
HOSTILE = '<script>alert("x")</script>\x1b[31m\u202e'


def wire(text: str, *masks: tuple[int, int, str]) -> Wire:
    return Wire.from_text(text.replace(" ", ""), masks)


def exchanged(command: Wire | str, answer: Wire | str | None, start: int | None = None, took: int = 40) -> Exchanged:
    """An exchange, from hex; without an answer the card was removed."""
    sent = wire(command) if isinstance(command, str) else command
    got = wire(answer) if isinstance(answer, str) else answer
    failure = None if got is not None else Failure("CardRemoved", "the card was removed")
    return Exchanged(sent, got, start, took if start is not None else None, failure)


WRONG_PIN = exchanged(wire("00200081 06 ************", (5, 6, "wrong-pin")), "63C2", 900)
SESSION = Kept(
    Header(ATR, "T=1", "Reader 00 00", profile="akis-2", created="2026-02-03T04:05:06Z", slots=("pin",)),
    (
        exchanged("00A40400 07 504B43532D3135 00", "6F13 820138 83023D00 8407504B43532D3135 8A0105 9000", 100, 76),
        exchanged("00840000 08", wire("CE68809F21A4CC5F9000", (0, 8, "challenge")), 300),
        exchanged("00CB3FFF 06 4D04BF810180 00", "BF810109 9A0103 9B0102 800106 9000", 500),
        WRONG_PIN,
        exchanged(
            "0C200081 15 870901F96B94DA14B56CA5 8E08991E5AB8DF626001 00", "99029000 8E08D84433222EE7A583 9000", 1300
        ),
        exchanged("102A9E9A 02 AABB", "9000", 1500),
        exchanged("002A9E9A 01 CC 00", "6104", 1700),
        exchanged("00C00000 04", wire("A1A2A3A49000", (0, 4, "signature")), 1900),
        exchanged("00B00000 00", "AABB6282", 2100),
        exchanged("00B00000 00", None, 2_500_000, 3_000_000),
        Event("removed", 5_500_001),
        Event("inserted", 6_000_000),
        Event("reset", 6_000_100, ATR),
        exchanged("00FF", "90", 6_100_000),
        exchanged("00B00000 000000", "00" * 300 + "9000", 6_200_000),
    ),
)


@dataclass(frozen=True)
class Repeated:
    """The exchanges of a session again and again; nothing of it is in memory but those."""

    times: int
    header: Header = SESSION.header

    def entries(self) -> Iterator[Entry]:
        for _ in range(self.times):
            yield from SESSION.kept
