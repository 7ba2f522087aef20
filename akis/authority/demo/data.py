"""Invented holders and cards to try the whole of an unlock with. Everything here is published, never a secret.

The keys of the cards follow from :data:`MASTER_KEY` as those of real ones follow from an issuer's, so an emulated card
of :func:`demo_personality` and an authority with that master key get to know each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from cryptography import x509

from akis.authority.keys.card_keys import card_keys
from akis.authority.keys.file import FileMasterKey
from akis.emulator.factory_files import TOKEN_INFO
from akis.emulator.personality import CardKey, Personality, load_personality
from akis.emulator.seed import seeded
from akis.emulator.test_ca import CertificateAuthority, pem
from akis.emulator.test_ca import Holder as Subject
from akis.errors import InvalidArgument
from akis.secret import Secret

MASTER_KEY = b"akis demo: everybody knows this!"
"""An AES-256 key that is public. A card with keys that follow from it protects nothing."""
_OWN_BYTES = b"DEMO"


@dataclass(frozen=True, slots=True)
class DemoHolder:
    """A holder of demo cards; ``password`` is published, ``second_factor`` is "sms" or "password"."""

    name: str
    given_name: str
    surname: str
    number: str
    password: str
    second_factor: str
    phone: str | None = None

    @property
    def full_name(self) -> str:
        """Both names."""
        return f"{self.given_name} {self.surname}"


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card of one of them: ``kind`` names the emulated card it is like, ``number`` tells it from the others."""

    name: str
    kind: str
    number: int
    holder: DemoHolder
    label: str

    @property
    def serial(self) -> bytes:
        """12 bytes: the family and generation of its kind, DEMO, and its number."""
        return load_personality(self.kind).serial[:6] + _OWN_BYTES + self.number.to_bytes(2, "big")

    @property
    def key_reference(self) -> int:
        """Reference of the issuer's key on it."""
        return load_personality(self.kind).key("issuer").reference

    @property
    def algorithm(self) -> int:
        """Reference byte of the device authentication algorithm, the strongest that its kind has."""
        return load_personality(self.kind).key("issuer").algorithms[-1]


# The number that examples of Turkish identity numbers use, one made like it, and the telephone number of nobody.
AYSE = DemoHolder("ayse", "Ayşe", "Yılmaz", "10000000146", "ayse-demo-2580", "sms", "+90 555 000 00 42")
MEHMET = DemoHolder("mehmet", "Mehmet", "Demir", "10000000078", "mehmet-demo-1470", "password")
HOLDERS = (AYSE, MEHMET)
CARDS = (
    DemoCard("ayse-2.2", "akis-2.2", 1, AYSE, "Signature card (AKİS 2.2)"),
    DemoCard("ayse-2.5", "akis-2.5", 2, AYSE, "Second card (AKİS 2.5)"),
    DemoCard("mehmet-2.5", "akis-2.5", 3, MEHMET, "Signature card (AKİS 2.5)"),
    DemoCard("mehmet-2.2", "akis-2.2", 4, MEHMET, "Old card (AKİS 2.2)"),
)
_BY_KIND = {"akis-2.2": "ayse-2.2", "akis-2.5": "mehmet-2.5"}
"""What a kind alone stands for: one card of each, and each second factor."""


def demo_card(name: str) -> DemoCard:
    """The demo card of this name, or one of this kind; :class:`InvalidArgument` where there is none."""
    wanted = _BY_KIND.get(name, name)
    for card in CARDS:
        if card.name == wanted:
            return card
    raise InvalidArgument(f"there is no demo card {name!r}; there are {', '.join(card.name for card in CARDS)}")


def demo_personality(card: DemoCard) -> Personality:
    """What an emulated card of this is: like its kind, with its own serial number, issuer's key and certificates."""
    kind = load_personality(card.kind)
    titles = kind.certificates
    return replace(
        kind,
        name=card.name,
        serial=card.serial,
        keys=tuple(_own(key, card) if key.role == "issuer" else key for key in kind.keys),
        certificates={title: pem(made) for title, made in zip(titles, demo_certificates(card), strict=True)},
        files=tuple(entry for entry in kind.files if entry.path != TOKEN_INFO),
    )


def demo_certificates(card: DemoCard) -> tuple[x509.Certificate, ...]:
    """The certificates on it, from a certification authority that nobody trusts; the same ones all year."""
    return _certificates(datetime.now(UTC).year)[card.name]


def _own(key: CardKey, card: DemoCard) -> CardKey:
    keys = card_keys(FileMasterKey(Secret(MASTER_KEY)), card.serial, key.reference, card.algorithm)
    return replace(key, algorithms=(card.algorithm,), enc=keys.k_enc.reveal(), mac=keys.k_mac.reveal())


@cache
def _certificates(year: int) -> Mapping[str, tuple[x509.Certificate, ...]]:
    """Those of all cards, by the card's name: one authority numbers them all."""
    authority = CertificateAuthority(datetime(year, 1, 1, tzinfo=UTC), seeded("akis demo"))
    return {card.name: tuple(_issued(authority, card)) for card in CARDS}


def _issued(authority: CertificateAuthority, card: DemoCard) -> Iterator[x509.Certificate]:
    subject = Subject(card.holder.given_name, card.holder.surname, card.holder.number)
    for title, text in load_personality(card.kind).certificates.items():
        made = authority.qualified if title == "signature" else authority.ordinary
        yield made(x509.load_pem_x509_certificate(text.encode("ascii")).public_key(), subject)  # type: ignore[arg-type]
