"""Issuers of every kind: on either database, with the master key in a file or in an HSM, and one card to unlock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from akis.authority.demo.data import MASTER_KEY, demo_card
from akis.authority.keys.open import open_master_key
from akis.emulator.personality import Personality, load_personality
from tests.postgres import PostgresServer
from tests.softhsm import SoftHsm
from tests.unlock.whole import cards
from tests.unlock.whole.service import Service

_HSM_PIN = "HSM_PIN"


@dataclass(frozen=True)
class Case:
    """Which database, where the master key is, which card in which state, and where the code comes from.

    With its ``key`` "born in the HSM" nobody has ever seen the master key, the holder comes from a file, and the card
    takes PINs only inside secure messaging; else they are the demo's, ``card`` is its name, and the key is imported.
    """

    database: Literal["sqlite", "postgresql"]
    key: Literal["in a file", "in the HSM", "born in the HSM"]
    card: str
    state: Literal["new", "blocked", "last-try"]
    code: Literal["portal", "operator"]

    def __str__(self) -> str:
        return f"{self.card} {self.state}, {self.database}, key {self.key}, code of the {self.code}"


@dataclass(frozen=True)
class Issuer:
    """An authority that runs, and its card: ``file`` is its personality."""

    service: Service
    file: Path
    holder: str
    password: str
    second_factor: str
    master: bytes | None
    hsm_pin: str | None

    @property
    def card(self) -> Personality:
        return load_personality(str(self.file))

    @property
    def keys(self) -> list[str | bytes]:
        """The master key, where it is known, the PIN of the HSM, and the card's own keys."""
        issuers = self.card.key("issuer")
        return [key for key in (self.master, self.hsm_pin, issuers.enc, issuers.mac) if key is not None]


@contextmanager
def issuer(case: Case, folder: Path, request: pytest.FixtureRequest) -> Iterator[Issuer]:
    """The issuer of this case, its data in ``folder``."""
    with _database(case, request) as url:
        if case.key == "born in the HSM":
            made = _with_its_own_key(case, folder, url, request)
        else:
            made = _demo(case, folder, url, request)
        with made.service:
            yield made


@contextmanager
def _database(case: Case, request: pytest.FixtureRequest) -> Iterator[str]:
    if case.database == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def _demo(case: Case, folder: Path, url: str, request: pytest.FixtureRequest) -> Issuer:
    keys: tuple[str, ...] = ()
    hsm_pin = None
    if case.key == "in the HSM":
        hsm: SoftHsm = request.getfixturevalue("soft_hsm")
        hsm.import_key(MASTER_KEY)
        keys, hsm_pin = _options(hsm, request), hsm.pin
    service = Service(folder, url, keys)
    service.report("demo-data", "--cards", service.cards)
    holder = demo_card(case.card).holder
    file = service.cards / f"{case.card}.toml"
    return Issuer(service, file, holder.name, holder.password, holder.second_factor, MASTER_KEY, hsm_pin)


def _with_its_own_key(case: Case, folder: Path, url: str, request: pytest.FixtureRequest) -> Issuer:
    hsm: SoftHsm = request.getfixturevalue("soft_hsm")
    hsm.new_key()
    keys = _options(hsm, request)
    service = Service(folder, url, keys)
    file = folder / "card.toml"
    master = open_master_key(hsm.uri(), f"env:{_HSM_PIN}")
    card = cards.personalised(master, case.card, file, pin_over_sm_only=True)
    master.close()
    service.report("migrate")
    service.report("import", cards.people_file(folder / "people.csv", card))
    return Issuer(service, file, cards.HOLDER, cards.PASSWORD, "sms", None, hsm.pin)


def _options(hsm: SoftHsm, request: pytest.FixtureRequest) -> tuple[str, ...]:
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    patch.setenv(_HSM_PIN, hsm.pin)
    return "--master-key", hsm.uri(), "--master-key-pin", f"env:{_HSM_PIN}"
