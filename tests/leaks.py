"""Finds secrets in text, in every form that code gives bytes: to be asked of all that is printed, logged or raised."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterable, Iterator
from functools import cache

Secrets = Iterable[str | bytes]


def leaks(text: str, secrets: Secrets) -> list[str]:
    """What of ``secrets`` is in ``text``, each as ``FORM, TEXT: found``; an empty list when nothing is.

    A secret given as text is a PIN or PUK and is looked for in all PIN encodings; one given as bytes is a key.
    """
    # As it is, and with the line breaks and indents of what was wrapped taken out.
    places = {text, " ".join(text.split())}
    folded = {place.lower() for place in places}
    found = []
    for secret in secrets:
        for name, needle, exact in _needles(secret):
            if any(needle in place for place in (places if exact else folded)):
                found.append(f"{name}: {needle}")
    return found


def silent(said: str | BaseException, secrets: Secrets) -> None:
    """Nothing of ``secrets`` is in what was said; an exception is made to say all it can."""
    __tracebackhide__ = True
    found = leaks(said if isinstance(said, str) else "\n".join(texts(said)), secrets)
    assert not found, found


def texts(error: BaseException) -> Iterator[str]:
    """All that an exception can be made to say, and all that it was raised from, suppressed or not."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield from (str(current), repr(current), repr(current.args), repr(vars(current)), f"{current}")
        yield from getattr(current, "__notes__", ())
        yield "".join(traceback.format_exception(current))
        waiting += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]


@cache
def _needles(secret: str | bytes) -> tuple[tuple[str, str, bool], ...]:
    """What to look for: its name, the text, and whether upper and lower case differ, which they do in base64 only."""
    needles = [
        (f"{form}, {how}", needle if how.startswith("base64") else needle.lower(), how.startswith("base64"))
        for form, value in _as_bytes(secret)
        for how, needle in _as_text(value)
    ]
    return tuple(dict.fromkeys(needles))


def _as_bytes(secret: str | bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes that stand for a secret on a card."""
    if isinstance(secret, bytes):
        yield "raw", secret
        return
    yield "ASCII", secret.encode("ascii")
    if secret.isdecimal():
        nibbles = secret + "F" * (len(secret) % 2)
        yield "digits", bytes(int(digit) for digit in secret)
        yield "BCD", bytes.fromhex(nibbles)
        if 4 <= len(secret) <= 12:
            yield "ISO 9564-1 format 2", bytes.fromhex(f"2{len(secret):X}{secret.ljust(14, 'F')}")


def _as_text(value: bytes) -> Iterator[tuple[str, str]]:
    """The texts that stand for bytes in a program's output."""
    yield "characters", value.decode("latin-1")
    yield "bytes repr", repr(value)[2:-1]
    yield "JSON", json.dumps(value.decode("latin-1"))[1:-1]
    for between in ("", " ", ":", "-", "_", ",", "\\x", " 0x", ", 0x", ",0x"):
        yield "hex", between.join(f"{byte:02x}" for byte in value)
    yield "hex in pairs", " ".join(value[at : at + 2].hex() for at in range(0, len(value), 2))
    for between in (", ", ",", " "):
        yield "decimal", between.join(map(str, value))
    for before in range(3):  # a longer text holds it in one of three alignments
        whole = base64.b64encode(bytes(before) + value)
        first, end = -(-before * 8 // 6), (before + len(value)) * 8 // 6
        if end - first >= 5:  # four letters turn up in words, "MANAGE" among them
            yield "base64", whole[first:end].decode("ascii")
            yield "base64 for URLs", whole[first:end].translate(bytes.maketrans(b"+/", b"-_")).decode("ascii")
