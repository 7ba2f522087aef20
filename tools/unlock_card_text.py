"""A card as its holder knows it: its label, its number, where it is, and what its certificates are good for."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from .language import _

if TYPE_CHECKING:
    from akis.profile.model import PinRules
    from akis.unlock.cards import FoundCard
    from akis.unlock.opened import CardCertificate


def card_text(found: FoundCard, now: datetime) -> str:
    """The card, a fact a line."""
    card = found.card
    certificates = (f"{one.subject}, {validity(one, now)}" for one in card.certificates)
    lines = [
        card.label,
        _("Serial number: {}").format(card.serial.hex().upper()),
        _("Reader: {}").format(found.place),
        # A card has several for one person; what else they differ in, the authority does not say.
        *(_("Certificate: {}").format(text) for text in dict.fromkeys(certificates)),
    ]
    return "\n".join(lines)


def validity(certificate: CardCertificate, now: datetime) -> str:
    """Whether the certificate is valid at ``now``, and until or from when, by the clock of this place."""
    if now < certificate.not_before:
        return _("not valid yet, only from {}").format(_day(certificate.not_before))
    if now > certificate.not_after:
        return _("expired since {}").format(_day(certificate.not_after))
    return _("valid until {}").format(_day(certificate.not_after))


def pin_size(rules: PinRules) -> str:
    """How long a PIN is, and of what."""
    digits = rules.characters == "digits"
    if rules.minimum == rules.maximum:
        return (_("{} digits") if digits else _("{} characters")).format(rules.minimum)
    text = _("{} to {} digits") if digits else _("{} to {} characters")
    return text.format(rules.minimum, rules.maximum)


def _day(moment: datetime) -> str:
    # A certificate may end with the last second there is (RFC 5280 §4.1.2.5), which other places call the year 10000.
    with suppress(OverflowError, OSError, ValueError):
        moment = moment.astimezone()
    return moment.strftime(_("%Y-%m-%d"))
