"""Holders, cards and certificates as a file gives them, checked field by field, before any database is asked."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from akis.authority.people_fields import CARD, COLUMNS, HOLDER, checked
from akis.authority.people_file import Entry, PeopleError, read_entries
from akis.errors import AkisError
from akis.pkcs15.certificate import read_certificate

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_LARGEST_CERTIFICATE = 0x10000


@dataclass(frozen=True, slots=True, repr=False)
class GivenCertificate:
    """A certificate, with what is shown of it."""

    der: bytes
    subject: str
    not_before: datetime
    not_after: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256, lower case hex."""
        return hashlib.sha256(self.der).hexdigest()


@dataclass(slots=True, repr=False)
class GivenCard:
    """A card by its serial number; ``values`` go by the names of columns (:class:`IssuedCard`)."""

    where: str
    serial: str
    values: dict[str, Any] = field(default_factory=dict)
    certificates: list[GivenCertificate] = field(default_factory=list)


@dataclass(slots=True, repr=False)
class GivenHolder:
    """A holder by the name; ``values`` go by the names of columns (:class:`Holder`)."""

    where: str
    name: str
    values: dict[str, Any] = field(default_factory=dict)
    cards: dict[str, GivenCard] = field(default_factory=dict)


def read_people(path: Path) -> list[GivenHolder]:
    """The holders of a file, checked, their passwords hashed, which takes a while; :class:`PeopleError` otherwise."""
    return given_people(read_entries(path))


def given_people(entries: Iterable[Entry]) -> list[GivenHolder]:
    """The holders that these entries give together."""
    people = _Gathering()
    for entry in entries:
        people.add(entry)
    people.hash_passwords()
    return list(people.holders.values())


class _Gathering:
    """Puts together what several entries say of one holder or card, and refuses what does not go together."""

    def __init__(self) -> None:
        self.holders: dict[str, GivenHolder] = {}
        self._owners: dict[str, str] = {}
        self._said: dict[tuple[str, str], tuple[Any, str]] = {}
        self._passwords: dict[str, tuple[str, str]] = {}

    def add(self, entry: Entry) -> None:
        where, fields = entry.where, entry.fields
        name = checked("name", fields.get("name", ""), where)
        holder = self.holders.setdefault(name, GivenHolder(where, name))
        self._take(holder.values, HOLDER, entry, name)
        if "password" in holder.values and "password_hash" in holder.values:
            raise PeopleError(f"{where}, password: there is a password_hash as well; nothing was imported")
        if "serial" in fields:
            self._add_card(holder, entry)
        elif stray := next((name for name in CARD if name in fields), "certificate" if entry.certificates else None):
            raise PeopleError(f"{where}, {stray}: there is no serial of the card it is for; nothing was imported")

    def _add_card(self, holder: GivenHolder, entry: Entry) -> None:
        serial = checked("serial", entry.fields["serial"], entry.where)
        if self._owners.setdefault(serial, holder.name) != holder.name:
            raise PeopleError(f"{entry.where}, serial: this card is given to two holders; nothing was imported")
        card = holder.cards.setdefault(serial, GivenCard(entry.where, serial))
        self._take(card.values, CARD, entry, serial)
        known = {certificate.der for certificate in card.certificates}
        found = [_certificate(text, entry) for text in entry.certificates]
        card.certificates += [certificate for certificate in found if certificate.der not in known]

    def _take(self, values: dict[str, Any], fields: Iterable[str], entry: Entry, whose: str) -> None:
        for name in fields:
            if name not in entry.fields:
                continue
            value = checked(name, entry.fields[name], entry.where)
            said, before = self._said.setdefault((whose, name), (value, entry.where))
            if said != value:
                raise PeopleError(f"{entry.where}, {name}: {before} says something else; nothing was imported")
            values[COLUMNS.get(name, name)] = value
            if name == "password":
                self._passwords[whose] = value, entry.where

    def hash_passwords(self) -> None:
        """At the very end, since it takes long."""
        from akis.authority.passwords import hash_password

        for name, (password, where) in self._passwords.items():
            values = self.holders[name].values
            del values["password"]
            try:
                values["password_hash"] = hash_password(password)
            except AkisError as error:
                raise PeopleError(f"{where}, password: {error}; nothing was imported") from None


def _certificate(text: str, entry: Entry) -> GivenCertificate:
    where = f"{entry.where}, certificate"
    raw = text.encode("utf-8", "replace") if "-----BEGIN" in text else _bytes_of(entry, text, where)
    found = read_certificate(_der(raw, where))
    begins, ends = found.validity.begins, found.validity.ends
    if not found.whole or found.holder is None or begins is None or ends is None:
        why = next(iter(found.problems), "it is no certificate")
        raise PeopleError(f"{where}: it cannot be used: {why}; nothing was imported")
    subject = "".join(letter for letter in found.holder.common_name if letter.isprintable())
    return GivenCertificate(found.der, subject[:400] or found.serial_text or "-", begins, ends)


def _bytes_of(entry: Entry, name: str, where: str) -> bytes:
    try:
        with (entry.folder / name).open("rb") as stream:
            raw = stream.read(_LARGEST_CERTIFICATE + 1)
    except (OSError, ValueError) as error:
        # The name itself is not repeated: in a file whose columns have slipped it may be a password.
        why = (error.strerror if isinstance(error, OSError) else None) or "that is no name of a file"
        looked = f"the file, looked for in {entry.folder.absolute()}, cannot be read"
        raise PeopleError(f"{where}: {looked} ({why}); nothing was imported") from None
    if len(raw) > _LARGEST_CERTIFICATE:
        raise PeopleError(f"{where}: the file is too large for a certificate; nothing was imported")
    return raw


def _der(raw: bytes, where: str) -> bytes:
    """DER from PEM; what is no PEM is DER."""
    if b"-----BEGIN" not in raw:
        return raw
    found = _PEM.findall(raw.decode("utf-8", "replace"))
    if len(found) != 1:
        raise PeopleError(f"{where}: one PEM certificate is wanted, here are {len(found)}; nothing was imported")
    try:
        return ssl.PEM_cert_to_DER_cert(found[0])
    except ValueError:
        raise PeopleError(f"{where}: what is between the lines of PEM is damaged; nothing was imported") from None
