"""DER objects put together by hand, so that a test says what is in them and not how long they are."""

from __future__ import annotations


def der(tag: int, *parts: str | bytes) -> bytes:
    """One object of this tag byte around its parts, which are hex or bytes; up to 65535 bytes."""
    content = b"".join(bytes.fromhex(part) if isinstance(part, str) else part for part in parts)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    if length < 0x100:
        return bytes((tag, 0x81, length)) + content
    return bytes((tag, 0x82)) + length.to_bytes(2, "big") + content
