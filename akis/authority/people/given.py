"""Holders, cards and certificates as a file gives them, checked field by field, before any database is asked."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from akis.authority.people.fields import CARD, COLUMNS, HOLDER, checked
from akis.authority.people.file import NOTHING, Entry, PeopleError, Problems, read_entries
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


def read_people(path: Path, form: Literal["csv", "json"] | None = None) -> list[GivenHolder]:
    """The holders of a file (:func:`read_entries`), checked, their passwords hashed, which takes a while.

    :class:`PeopleError` otherwise, with all that is wrong with the file by itself.
    """
    problems = Problems()
    return given_people(read_entries(path, form, problems), problems)


def given_people(entries: Iterable[Entry], problems: Problems | None = None) -> list[GivenHolder]:
    """The holders that these entries give together; :class:`PeopleError`, also where there are ``problems`` already."""
    people = _Gathering(Problems() if problems is None else problems)
    for entry in entries:
        people.add(entry)
    people.hash_passwords()
    return list(people.holders.values())


class _Gathering:
    """Puts together what several entries say of one holder or card, and notes what does not go together."""

    def __init__(self, problems: Problems) -> None:
        self.holders: dict[str, GivenHolder] = {}
        self._problems = problems
        self._owners: dict[str, str] = {}
        self._said: dict[tuple[str, str], tuple[Any, str]] = {}
        self._passwords: dict[str, tuple[str, str]] = {}

    def add(self, entry: Entry) -> None:
        where, fields = entry.where, entry.fields
        # Whoever has no name is checked all the same.
        holder = GivenHolder(where, "")
        with self._problems.noted():
            name = checked("name", fields.get("name", ""), where)
            holder = self.holders.setdefault(name, GivenHolder(where, name))
        self._take(holder.values, HOLDER, entry, holder.name)
        with self._problems.noted():
            if "password" in holder.values and "password_hash" in holder.values:
                raise PeopleError(f"{where}, password: there is a password_hash as well{NOTHING}")
        if "serial" in fields:
            with self._problems.noted():
                self._add_card(holder, entry)
            return
        with self._problems.noted():
            stray = next((name for name in CARD if name in fields), "certificate" if entry.certificates else None)
            if stray is not None:
                raise PeopleError(f"{where}, {stray}: there is no serial of the card it is for{NOTHING}")

    def _add_card(self, holder: GivenHolder, entry: Entry) -> None:
        serial = checked("serial", entry.fields["serial"], entry.where)
        if self._owners.setdefault(serial, holder.name) != holder.name:
            raise PeopleError(f"{entry.where}, serial: this card is given to two holders{NOTHING}")
        card = holder.cards.setdefault(serial, GivenCard(entry.where, serial))
        self._take(card.values, CARD, entry, serial)
        known = {certificate.der for certificate in card.certificates}
        found: list[GivenCertificate] = []
        for text in entry.certificates:
            with self._problems.noted():
                found.append(_certificate(text, entry))
        card.certificates += [certificate for certificate in found if certificate.der not in known]

    def _take(self, values: dict[str, Any], fields: Iterable[str], entry: Entry, whose: str) -> None:
        for name in fields:
            if name in entry.fields:
                with self._problems.noted():
                    self._take_one(values, name, entry, whose)

    def _take_one(self, values: dict[str, Any], name: str, entry: Entry, whose: str) -> None:
        value = checked(name, entry.fields[name], entry.where)
        if whose:
            said, before = self._said.setdefault((whose, name), (value, entry.where))
            if said != value:
                raise PeopleError(f"{entry.where}, {name}: {before} says something else{NOTHING}")
        values[COLUMNS.get(name, name)] = value
        if name == "password":
            self._passwords[whose] = value, entry.where

    def hash_passwords(self) -> None:
        """At the very end, since it takes long, and only where all the rest is right: :class:`PeopleError`."""
        self._problems.refuse()
        for name, (password, where) in self._passwords.items():
            values = self.holders[name].values
            del values["password"]
            with self._problems.noted():
                values["password_hash"] = _hashed(password, where)
        self._problems.refuse()


def _hashed(password: str, where: str) -> str:
    from akis.authority.passwords import hash_password

    try:
        return hash_password(password)
    except AkisError as error:
        raise PeopleError(f"{where}, password: {error}{NOTHING}") from None


def _certificate(text: str, entry: Entry) -> GivenCertificate:
    where = f"{entry.where}, certificate"
    raw = text.encode("utf-8", "replace") if "-----BEGIN" in text else _bytes_of(entry, text, where)
    found = read_certificate(_der(raw, where))
    begins, ends = found.validity.begins, found.validity.ends
    if not found.whole or found.holder is None or begins is None or ends is None:
        why = next(iter(found.problems), "it is no certificate")
        raise PeopleError(f"{where}: it cannot be used: {why}{NOTHING}")
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
        raise PeopleError(f"{where}: {looked} ({why}){NOTHING}") from None
    if len(raw) > _LARGEST_CERTIFICATE:
        raise PeopleError(f"{where}: the file is too large for a certificate{NOTHING}")
    return raw


def _der(raw: bytes, where: str) -> bytes:
    """DER from PEM; what is no PEM is DER."""
    if b"-----BEGIN" not in raw:
        return raw
    found = _PEM.findall(raw.decode("utf-8", "replace"))
    if len(found) != 1:
        raise PeopleError(f"{where}: one PEM certificate is wanted, here are {len(found)}{NOTHING}")
    try:
        return ssl.PEM_cert_to_DER_cert(found[0])
    except ValueError:
        raise PeopleError(f"{where}: what is between the lines of PEM is damaged{NOTHING}") from None
