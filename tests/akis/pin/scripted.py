"""A card of the first generation, as little of it as a PIN needs: answers by instruction, and what was sent."""

from __future__ import annotations

from collections.abc import Callable

from akis.card import Card
from akis.pin import Pin, Puk
from akis.profile.load import load
from akis.transport.base import Transport

SELECT, VERIFY, CHANGE, LOGOUT = "A4", "20", "24", "1A"
Answer = str | Callable[[], str] | BaseException


def fci(flags: str = "02") -> str:
    """What SELECT of the signature DF answers; ``flags`` is its tag 90, with the length if it is not one byte."""
    value = flags if len(flags) != 2 else f"01{flags}"
    inner = f"83023D0090{value}"
    return f"6F{len(inner) // 2:02X}{inner}9000"


class Scripted(Transport):
    """Answers each instruction as it is told, 9000 where it is not told; keeps what was ``sent``, as hex."""

    atr = bytes.fromhex("3BBA11008131FE4D55454B41452056312E30AE")

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = {SELECT: fci()} | {
            name.removeprefix("x"): say for name, say in answers.items()
        }
        self.sent: list[str] = []

    def transmit(self, command: bytes) -> bytes:
        text = command.hex().upper()
        self.sent.append(text)
        answer = self.answers.get(text[2:4], "9000")
        if isinstance(answer, BaseException):
            raise answer
        return bytes.fromhex(answer if isinstance(answer, str) else answer())

    def reset(self) -> bytes:
        return self.atr

    def close(self) -> None:
        pass

    @property
    def pin_commands(self) -> list[str]:
        """What was sent with a PIN in it."""
        return [text for text in self.sent if text[2:4] in (VERIFY, CHANGE, "2C")]


def first_generation(**answers: Answer) -> tuple[Scripted, Pin, Puk]:
    """Card, PIN and PUK; ``xA4="6A82"`` has every SELECT answered so."""
    way = Scripted(**answers)
    card = Card(way, load("akis-1"))
    return way, Pin(card), Puk(card)
