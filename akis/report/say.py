"""What text and page of a report have in common: its values in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
NOT_SAID = "not said"
HIDDEN = "left out"
"""Of what a redacted report does not say."""
_OPERATIONAL = "operational, "


def headline(report: Row) -> str:
    """What the card is."""
    version = report["identity"]["version"]
    return str(version) if version else "An unknown card"


def tries_left(counter: Row, report: Row) -> str:
    """``2 of 3``; the number that is not said is left out."""
    left, most = counter["left"], counter["most"]
    if left is None:
        return "unknown"
    if left == 1 and report["identity"]["pin_flags"] is not None:
        return "1, or none: a blocked PIN has the same flags"
    return f"{left}{'' if most is None else f' of {most}'}{' (blocked)' if left == 0 else ''}"


def size(file: Row) -> str:
    """Bytes, or records times bytes."""
    if file["record_length"] is not None:
        most = "up to " if file["kind"] == "linear-variable" else ""
        return f"{'?' if file['records'] is None else file['records']} × {most}{file['record_length']}"
    return "" if file["size"] is None else str(file["size"])


def refusal(file: Row) -> str:
    """That the card refuses to select it, where it does."""
    return "" if file["refused"] is None else f"refused, {file['refused']}"


def file_state(file: Row) -> str:
    """The life cycle in a word or two, and what AKİS 1.0 flags."""
    said = [] if file["life_cycle"] is None else [file["life_cycle"].removeprefix(_OPERATIONAL)]
    return ", ".join([*said, *(file["flags"] or ())])


def profile_in_words(identity: Row) -> str:
    """The profile, and why it is this one where that is worth a word."""
    return f"{identity['profile']}{' (for want of a better one)' if identity['profile_guessed'] else ''}"


def validity_in_words(certificate: Row) -> str:
    """From when to when, and what that means."""
    days = [(time or "unknown")[:10] for time in (certificate["begins"], certificate["ends"])]
    return f"{' to '.join(days)}: {certificate['validity_in_words']}"


def moment(time: str) -> str:
    """A time of a report, for people."""
    return time.replace("T", " ").replace("+00:00", " UTC")


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."
