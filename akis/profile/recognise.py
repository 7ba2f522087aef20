"""Which card an ATR speaks of, how sure that is, and which profile describes it.

A label that was published counts before what the bytes say by rule, and each is told from the other: ``source`` is one
of :data:`akis.profile.model.SOURCES`.
"""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec.atr import Atr, Convention
from akis.codec.historical import LifeCycle
from akis.errors import CodecError
from akis.profile.known_cards import KNOWN_CARDS, KnownCard
from akis.profile.version import card_version

FIRST, SECOND = "akis-1", "akis-2"
_PROFILES = {1: FIRST, 2: SECOND}
NO_AKIS = "not an AKİS card, by its ATR"
_UNREMARKABLE = (None, LifeCycle.ACTIVATED, LifeCycle.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RecognisedCard:
    """What is known of a card by its ATR alone; None where neither label nor rule says it.

    ``generation`` is 1 or 2, ``version`` text such as ``2.2.8``. ``life_cycle`` is what the ATR says of its phase, in
    words, ``remark`` what was said of cards with this very ATR. ``contactless``: a reader made this ATR up for a card
    without contacts. ``source`` says how sure it is that this is such a card, and ``profile`` names the profile for it;
    both are None for any other.
    """

    family: str | None
    version: str | None
    chip: str | None
    life_cycle: str | None
    remark: str | None
    contactless: bool
    source: str | None
    profile: str | None

    @property
    def generation(self) -> int | None:
        """1 or 2; cards of the same one have the same commands, as far as is known."""
        return next((number for number, name in _PROFILES.items() if name == self.profile), None)

    @property
    def name(self) -> str:
        """Family, version and chip in one line, ``AKİS 2.2.8, Infineon``; empty where nobody said any of them."""
        return ", ".join(filter(None, (" ".join(filter(None, (self.family, self.version))), self.chip)))

    @property
    def label(self) -> str:
        """All that is known, in one line; of a card that is unknown, that it is none."""
        if self.source is None:
            return NO_AKIS
        phase = None if self.life_cycle is None else f"{self.life_cycle} state"
        return ", ".join(filter(None, (self.name, phase, self.remark)))


def recognise(atr: bytes) -> RecognisedCard:
    """The card with this ATR; raises :class:`CodecError` where the bytes are no ATR."""
    read = Atr.from_bytes(atr)
    found, source, profile = _known(read, bytes(atr).hex().upper())
    status = read.historical.status
    phase = None if status is None or status.life_cycle in _UNREMARKABLE else status.life_cycle
    return RecognisedCard(
        family=found.family,
        version=found.version,
        chip=found.chip,
        life_cycle=None if phase is None else phase.value,
        remark=found.remark,
        contactless=_is_contactless(read),
        source=source,
        profile=profile,
    )


def profile_for(atr: bytes) -> str | None:
    """The name of the profile for a card with this ATR; None for a card, or for bytes, that nobody knows."""
    try:
        return recognise(atr).profile
    except CodecError:
        return None


def _known(read: Atr, text: str) -> tuple[KnownCard, str | None, str | None]:
    """The card, how sure that is, and its profile."""
    rule = card_version(read)
    major = None if rule is None else rule.major
    known = KNOWN_CARDS.get(text)
    if known is not None:
        # The one label without a version is of a card of the second generation, by its pre-issuing data.
        return known, "reported", SECOND if major is None else _PROFILES.get(major)
    if rule is None or major not in _PROFILES:
        return KnownCard(None, None, None), None, None
    return KnownCard(rule.family, rule.text, rule.chip), "inferred", _PROFILES[major]


def _is_contactless(read: Atr) -> bool:
    # PC/SC part 3, §3.1.3.2.3: 3B 8n 80 01, historical bytes, check byte.
    tds = [group.td for group in read.groups]
    nothing_else = all(group.ta is group.tb is group.tc is None for group in read.groups)
    return read.convention is Convention.DIRECT and tds == [0x80, 0x01, None] and nothing_else
