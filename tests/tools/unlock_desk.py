"""A desk at which a PIN can be unlocked without network or reader: an authority that is played, and cards in readers.

The command line above it and the library beneath it are the real ones; what is played is :class:`AuthorityClient`, with
a real issuer's conversation behind it, and PC/SC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from akis import connect as connecting
from akis.connect import Connection
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import AkisError, AuthorityRefused, NoCard
from akis.secret import Secret
from akis.trace.entries import Header
from akis.transport.readers import Reader
from akis.transport.recording import Recording
from akis.transport.wrapper import TransportWrapper
from akis.unlock import cards
from akis.unlock.code import UnlockCode, check_digit
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Failed
from akis.unlock.opened import CardCertificate, HolderCard, OpenedUnlock, SecondFactor
from tests.akis.unlock.issuer import TRANSPORT_PIN, IssuerChannel, Said, issue_for, new_card, stored
from tools import unlock_flow

URL = "https://authority.example"
CODE = "41870293557206" + check_digit("41870293557206")
SMS, PASSWORD = "748213", "çok gizli parola"
NEW_PIN = "593827"
SECRETS = (CODE, SMS, NEW_PIN, TRANSPORT_PIN)
READER = "Desk Reader 00"
RESET, CHANGE, VERIFY = 7, 11, 14
"""The numbers of some of the commands that an unlock gives the card, counted from 1."""

Strike = Callable[[], None]
"""What happens once the card has done a command, before its answer is there."""


@dataclass
class Slot:
    """One reader: what is in it, and what PC/SC says of it."""

    card: EmulatedCard | None = None
    state: str = "card"
    error: AkisError | None = None


@dataclass
class Desk:
    """``slots`` are the readers by name; ``own`` the cards that the authority has for this holder.

    ``refusals`` are what the authority raises, by the name of the method, one a call until there is none left.
    ``strikes`` happen at a command of the unlock, by its number. ``asked`` is what reached the authority.
    """

    slots: dict[str, Slot] = field(default_factory=lambda: {READER: Slot(new_card())})
    own: list[HolderCard] = field(default_factory=list)
    factor: SecondFactor = field(default_factory=lambda: SecondFactor("sms", "… 42"))
    expires_in: int = 900
    refusals: dict[str, list[AkisError]] = field(default_factory=dict)
    strikes: dict[int, Strike] = field(default_factory=dict)
    alter: Callable[[Said], Said] = lambda said: said
    busy: list[int] = field(default_factory=list)
    """Seconds after which the authority says that it may be tried again, one a try."""
    sms_left: int = 3
    """How many the authority sends."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    looks: int = 0

    def __post_init__(self) -> None:
        if not self.own:
            self.own = [holder_card(slot.card) for slot in self.slots.values() if slot.card is not None]

    def patches(self) -> Mapping[tuple[object, str], object]:
        """What stands in for what, while somebody sits at this desk."""
        return {
            (unlock_flow, "AuthorityClient"): self.client,
            (cards, "_readers"): self.readers,
            (connecting, "connect"): self.connect,
        }

    def install(self) -> Self:
        """For the rest of this process."""
        for (place, name), stand_in in self.patches().items():
            setattr(place, name, stand_in)
        return self

    @property
    def card(self) -> EmulatedCard:
        """The card in the first reader."""
        card = next(iter(self.slots.values())).card
        assert card is not None
        return card

    @property
    def outcome(self) -> dict[str, Any]:
        """What came of it."""
        card = next(iter(self.slots.values())).card
        return {"asked": self.asked, "stored": card and stored(card), "reports": self.reports}

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.outcome), encoding="utf-8")

    # The authority.

    def client(self, url: str, ca: Path | None = None) -> Self:
        self.url, self.ca = url, ca
        self.reports: list[str] = []
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def open_unlock(self, code: UnlockCode) -> OpenedUnlock:
        self._heard("open_unlock", code.reveal())
        return OpenedUnlock(Secret(b"token"), self.expires_in, "Ayşe Yılmaz", tuple(self.own), self.factor)

    def choose_card(self, serial: bytes) -> SecondFactor:
        self._heard("choose_card", serial.hex())
        self.sms_left -= 1
        if self.sms_left < 0:
            raise AuthorityRefused(Kind.TOO_MANY, "no more SMS for this unlock")
        return self.factor

    def confirm(self, answer: Secret) -> None:
        text = answer.reveal().decode()
        self._heard("confirm", text)
        left = 2 - sum(1 for name, _ in self.asked[:-1] if name == "confirm")
        if text not in (SMS, PASSWORD):
            kind = Kind.SECOND_FACTOR_WRONG if left else Kind.SECOND_FACTOR_SPENT
            raise AuthorityRefused(kind, "wrong", tries_left=left)

    @contextmanager
    def exchange(self) -> Iterator[IssuerChannel]:
        self._heard("exchange", "")
        alter = self.alter
        if self.busy:
            failed = Failed(0, Kind.CARD_BUSY, "busy", Holds.AS_BEFORE, self.busy.pop(0))
            alter = lambda said: failed  # noqa: E731
        channel = IssuerChannel(issue_for(self.card.personality), alter)
        try:
            yield channel
        finally:
            self.reports += [report.holds.value for report in channel.reports]

    def _heard(self, name: str, what: str) -> None:
        self.asked.append((name, what))
        if self.refusals.get(name):
            raise self.refusals[name].pop(0)

    # The readers.

    def readers(self) -> list[Reader]:
        self.looks += 1
        return [
            Reader(number, name, None if slot.card is None else slot.card.atr, slot.state)
            for number, (name, slot) in enumerate(self.slots.items())
        ]

    def connect(
        self, target: str, *, exclusive: bool, leave_card: bool, recording: Recording | None = None
    ) -> Connection:
        slot = self.slots[target]
        if slot.error is not None:
            raise slot.error
        if slot.card is None:
            raise NoCard(f"there is no card in {target}; insert one")
        profile = slot.card.personality.card_profile()
        way = top = _Way(slot.card, self.strikes if exclusive else {})
        recorder = None
        if recording is not None:
            recorder = recording.around(way, Header(reader=target), profile, datetime.now(UTC))
            top = recorder  # type: ignore[assignment]
        return Connection(top, target, profile, way, recorder)


class _Way(TransportWrapper):
    """The way to a card, on which something may strike."""

    def __init__(self, card: EmulatedCard, strikes: Mapping[int, Strike]) -> None:
        super().__init__(EmulatorTransport(card))
        self._strikes = strikes
        self._count = 0

    def transmit(self, command: bytes) -> bytes:
        self._count += 1
        answer = self.inner.transmit(command)
        self._strikes.get(self._count, lambda: None)()
        return answer


def holder_card(card: EmulatedCard, label: str = "Ayşe's signature") -> HolderCard:
    """The card as the authority has it on record, with one certificate for ten years."""
    years = datetime(2020, 1, 1, 12, tzinfo=UTC), datetime(2099, 12, 31, 12, tzinfo=UTC)
    return HolderCard(card.personality.serial, label, "akis-2", (CardCertificate("CN=Ayşe Yılmaz", *years),))
