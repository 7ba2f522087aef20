"""What an import did, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akis.authority.people.database import Imported


def in_words(counts: Imported) -> Iterator[str]:
    """A line each for holders, cards and certificates."""
    for name, new, changed, same in (
        ("Holders", counts.holders_new, counts.holders_changed, counts.holders_same),
        ("Cards", counts.cards_new, counts.cards_changed, counts.cards_same),
    ):
        yield f"{name}: {new} new, {changed} changed, {same} as they were."
    yield f"Certificates: {counts.certificates_new} new, {counts.certificates_removed} removed."
