"""Holders and cards come from a file, all of them or none."""

from __future__ import annotations

import csv
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from akis.authority.passwords import password_fits
from akis.authority.people.database import (
    Imported,
    find_card,
    find_holder,
    import_people,
    known_card,
    known_holder,
    list_holders,
    lock_holder,
    revoke_card,
)
from akis.authority.people.file import FIELDS, PeopleError
from akis.authority.people.given import read_people
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, IssuedCard, IssuedCertificate
from tests.akis.pkcs15.made import BEGINS, ENDS, certificate

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$bm90IGEgcmVhbCBoYXNo"
SERIAL, OTHER = "0A" * 12, "0B" * 12
AYSE = {
    "name": "ayşe",
    "full_name": "Ayşe Yılmaz",
    "phone": "+90 (532) 000-00 42",
    "second_factor": "sms",
    "password_hash": HASH,
    "serial": SERIAL.lower(),
    "card_label": "NES",
    "profile": "akis-2",
    "key_reference": "01",
    "algorithm": "8c",
}
MEHMET = {"name": "mehmet", "full_name": "Mehmet Öz", "second_factor": "password", "password_hash": HASH}
DER = certificate()
PEM = ssl.DER_cert_to_PEM_cert(DER)


def written(folder: Path, entries: list[dict[str, Any]], name: str = "people.json") -> Path:
    path = folder / name
    if path.suffix == ".json":
        path.write_text(json.dumps(entries), "utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, FIELDS, restval="")
            writer.writeheader()
            writer.writerows(entries)
    return path


def bring(store: Store, folder: Path, *entries: dict[str, Any], name: str = "people.json") -> Imported:
    people = read_people(written(folder, list(entries), name))
    with store.begin() as session:
        return import_people(session, people)


def refused(store: Store, folder: Path, *entries: dict[str, Any], name: str = "people.json") -> str:
    """The sentence, without the folder in it; and nothing was changed."""
    before = rows(store)
    with pytest.raises(PeopleError) as caught:
        bring(store, folder, *entries, name=name)
    assert rows(store) == before
    return str(caught.value).replace(f"{folder}/", "")


def rows(store: Store) -> list[int]:
    with store.read() as session:
        return [
            session.scalars(select(func.count()).select_from(table)).one()
            for table in (Holder, IssuedCard, IssuedCertificate)
        ]


@pytest.mark.parametrize("name", ["people.json", "people.csv"])
def test_a_holder_with_a_card_and_its_certificate(store: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / "ayşe.pem").write_text(PEM, "ascii")
    counts = bring(store, tmp_path, {**AYSE, "certificate": "ayşe.pem"}, name=name)
    assert counts == Imported(holders_new=1, cards_new=1, certificates_new=1)
    with store.read() as session:
        holder = find_holder(session, "ayşe")
        assert holder is not None
        assert (holder.full_name, holder.phone, holder.second_factor) == ("Ayşe Yılmaz", "+905320000042", "sms")
        assert (holder.password_hash, holder.locked) == (HASH, False)
        [card] = holder.cards
        assert (card.serial, card.label, card.profile) == (SERIAL, "NES", "akis-2")
        assert (card.key_reference, card.algorithm, card.revoked) == (0x01, 0x8C, False)
        [found] = card.certificates
        assert (found.der, found.subject) == (DER, "Işıl İĞNECİOĞLU ÇAĞDAŞ")
        assert (found.not_before, found.not_after) == (BEGINS, ENDS)


def test_certificates_come_in_files_and_in_the_json_itself(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.der").write_bytes(DER)
    other = certificate(serial=7)
    with_text = "Subject: CN=somebody\n" + ssl.DER_cert_to_PEM_cert(other)
    assert bring(store, tmp_path, {**AYSE, "certificate": ["a.der", with_text, PEM]}).certificates_new == 2
    with store.read() as session:
        assert set(session.scalars(select(IssuedCertificate.der))) == {DER, other}


def test_two_cards_are_two_entries(store: Store, tmp_path: Path) -> None:
    second = {**AYSE, "serial": OTHER, "card_label": "spare"}
    assert bring(store, tmp_path, AYSE, second, name="people.csv") == Imported(holders_new=1, cards_new=2)
    with store.read() as session:
        holder = find_holder(session, "ayşe")
        assert holder is not None
        assert [card.label for card in holder.cards] == ["NES", "spare"]


def test_two_certificates_of_a_card_are_two_entries_of_a_csv(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.der").write_bytes(DER)
    (tmp_path / "b.der").write_bytes(certificate(serial=7))
    second = {"name": "ayşe", "serial": SERIAL, "certificate": "b.der"}
    counts = bring(store, tmp_path, {**AYSE, "certificate": "a.der"}, second, name="people.csv")
    assert counts == Imported(holders_new=1, cards_new=1, certificates_new=2)


def test_a_password_is_kept_as_its_hash(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, {**MEHMET, "password_hash": None, "password": " çok gizli "})
    with store.read() as session:
        holder = find_holder(session, "mehmet")
        assert holder is not None
        assert password_fits(holder.password_hash, " çok gizli ")
        assert not password_fits(holder.password_hash, "çok gizli")


def test_the_same_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    entry = {**AYSE, "certificate": PEM}
    bring(store, tmp_path, entry)
    assert bring(store, tmp_path, entry) == Imported(holders_same=1, cards_same=1)
    assert rows(store) == [1, 1, 1]


def test_what_is_given_is_changed_and_the_rest_is_kept(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, {**AYSE, "certificate": PEM})
    with store.begin() as session:
        lock_holder(session, "ayşe", True)
        revoke_card(session, SERIAL)
    newer = ssl.DER_cert_to_PEM_cert(certificate(serial=7))
    change = {"name": "ayşe", "full_name": "Ayşe Öz", "serial": SERIAL, "key_reference": "2", "certificate": newer}
    counts = bring(store, tmp_path, change)
    assert counts == Imported(holders_changed=1, cards_changed=1, certificates_new=1, certificates_removed=1)
    with store.read() as session:
        card = find_card(session, SERIAL.lower())
        assert card is not None
        assert (card.holder.full_name, card.holder.phone, card.holder.locked) == ("Ayşe Öz", "+905320000042", True)
        assert (card.key_reference, card.label, card.revoked) == (2, "NES", True)


def test_a_card_stays_with_whom_it_belongs_to(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, AYSE)
    sentence = refused(store, tmp_path, {**MEHMET, "name": "new"}, {**MEHMET, "serial": SERIAL})
    assert sentence == "people.json, entry 2, serial: this card belongs to 'ayşe' already; nothing was imported"


def test_nothing_is_left_of_an_import_whose_error_somebody_catches(store: Store, tmp_path: Path) -> None:
    people = read_people(written(tmp_path, [AYSE, {**MEHMET, "full_name": None}]))
    with store.begin() as session, pytest.raises(PeopleError):
        import_people(session, people)
    assert rows(store) == [0, 0, 0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "name: 1 to 64 characters are wanted, all of them printable"),
        ({"name": "a\nb"}, "name: 1 to 64 characters are wanted, all of them printable"),
        ({"full_name": "x" * 201}, "full_name: 1 to 200 characters are wanted, all of them printable"),
        ({"full_name": ""}, "full_name: it is missing, and a new holder needs it"),
        ({"phone": "0532 000 00 42"}, "phone: a number with its country is wanted, such as +90 532 000 00 42"),
        ({"phone": ""}, "phone: the second factor sms needs it"),
        ({"second_factor": "SMS"}, "second_factor: sms or password is wanted"),
        ({"second_factor": "password", "password_hash": ""}, "password: the second factor password needs it"),
        ({"password_hash": "5f4dcc3b5aa7"}, "password_hash: an argon2id hash is wanted, $argon2id$v=…$m=…,t=…,p=…$…$…"),
        ({"password": "s3cret-and-more"}, "password: there is a password_hash as well"),
        ({"password_hash": "", "password": "s3cret!"}, "password: 8 to 1024 characters are wanted"),
        ({"serial": "0A" * 11}, "serial: 24 digits in hex are wanted"),
        ({"serial": ""}, "card_label: there is no serial of the card it is for"),
        ({"card_label": ""}, "card_label: it is missing, and a new card needs it"),
        (
            {"profile": "akis-1"},
            "profile: a profile whose PIN can be reset by secure messaging is wanted: akis-2",
        ),
        ({"key_reference": "00"}, "key_reference: one byte in hex is wanted, 01 to FF"),
        ({"key_reference": "100"}, "key_reference: one byte in hex is wanted, 01 to FF"),
        ({"algorithm": "8D"}, "algorithm: one of 0C, 8C, AC, AD, AE is wanted"),
    ],
)
@pytest.mark.parametrize("name", ["people.json", "people.csv"])
def test_a_sentence_names_entry_and_field(
    sqlite_store: Store, tmp_path: Path, changes: dict[str, str], sentence: str, name: str
) -> None:
    first, entry = {**MEHMET, "name": "first"}, {**AYSE, **changes}
    lines = json.dumps(list(entry.values()), ensure_ascii=False).count("\\n")
    where = f"{name}, " + ("entry 2" if name == "people.json" else f"line {3 + lines}")
    assert refused(sqlite_store, tmp_path, first, entry, name=name) == f"{where}, {sentence}; nothing was imported"


def test_what_two_entries_say_goes_together(sqlite_store: Store, tmp_path: Path) -> None:
    sentence = refused(sqlite_store, tmp_path, AYSE, {**AYSE, "phone": "+90 532 000 00 43"})
    expected = "people.json, entry 2, phone: people.json, entry 1 says something else; nothing was imported"
    assert sentence == expected
    sentence = refused(sqlite_store, tmp_path, AYSE, {**MEHMET, "serial": SERIAL})
    assert sentence == "people.json, entry 2, serial: this card is given to two holders; nothing was imported"
    assert bring(sqlite_store, tmp_path, AYSE, {"name": "ayşe", "phone": "+905320000042"}).holders_new == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("missing.pem", "the file, looked for in {folder}, cannot be read (No such file or directory)"),
        ("other.der", "it cannot be used: these are not the bytes of a certificate"),
        ("cut.der", "it cannot be used: it is cut off, 8 bytes are missing"),
        ("large.der", "the file is too large for a certificate"),
        (PEM + PEM, "one PEM certificate is wanted, here are 2"),
        (PEM.replace("END", "AND"), "one PEM certificate is wanted, here are 0"),
        ("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----", "what is between the lines of PEM is damaged"),
        ("a\0b", "the file, looked for in {folder}, cannot be read (that is no name of a file)"),
    ],
)
def test_certificates_that_are_none(sqlite_store: Store, tmp_path: Path, given: str, why: str) -> None:
    (tmp_path / "other.der").write_bytes(b"no certificate")
    (tmp_path / "cut.der").write_bytes(DER[:-8])
    (tmp_path / "large.der").write_bytes(bytes(0x10001))
    with pytest.raises(PeopleError) as caught:
        bring(sqlite_store, tmp_path, {**AYSE, "certificate": given})
    where = f"{tmp_path / 'people.json'}, entry 1, certificate"
    assert str(caught.value) == f"{where}: {why.format(folder=tmp_path)}; nothing was imported"
    assert rows(sqlite_store) == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("people.json", "[", "people.json, line 1: not JSON (Expecting value)"),
        ("people.json", "{}", "people.json: a list of objects is wanted"),
        ("people.json", "[1]", "people.json: a list of objects is wanted"),
        ("people.json", "[" * 100_000, "people.json: not JSON"),
        ("people.json", f"[{'1' * 5000}]", "people.json: not JSON"),
        ("people.json", '[{"name": 1}]', "people.json, entry 1, name: text in quotes is wanted"),
        ("people.json", '[{"nmae": "a"}]', "people.json, entry 1: 'nmae' is no field; did you mean name? there are"),
        (
            "people.json",
            '[{"full_name": "a"}]',
            "people.json, entry 1: the field name is missing; nothing was imported",
        ),
        ("people.csv", "", "people.csv, line 1: the field name is missing; nothing was imported"),
        ("people.csv", "full_name;phone\na;b\n", "people.csv, line 1: the field name is missing; nothing was imported"),
        ("people.csv", "name;pin;puk\n", "people.csv, line 1: 'pin', 'puk' are no fields; "),
        ("people.csv", "name,full_name\n", "people.csv holds nobody; nothing was imported"),
        ("people.json", "[]", "people.json holds nobody; nothing was imported"),
        ("people.csv", "name,name\n", "people.csv, line 1: a field is there twice"),
        ("people.csv", "name,pone\n", "people.csv, line 1: 'pone' is no field; did you mean phone? there are"),
        ("people.csv", "name\na,b\n", "people.csv, line 2: more cells than the heading has"),
        ("people.csv", 'name\n"a"b\n', "people.csv, line 2: not CSV ("),
        ("people.csv", 'name\n"a\n', "people.csv, line 2: not CSV ("),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(PeopleError) as caught:
        read_people(tmp_path / name)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(sentence)


def test_all_that_is_wrong_is_told_at_once(store: Store, tmp_path: Path) -> None:
    wrong = [
        {**AYSE, "phone": "0532", "serial": "00"},
        {"nmae": "ali"},
        {**MEHMET, "second_factor": "fax", "full_name": None},
    ]
    assert refused(store, tmp_path, *wrong).splitlines() == [
        "there are 4 mistakes, so nothing was imported:",
        "  people.json, entry 1, phone: a number with its country is wanted, such as +90 532 000 00 42",
        "  people.json, entry 1, serial: 24 digits in hex are wanted",
        "  people.json, entry 2: 'nmae' is no field; did you mean name? there are " + ", ".join(FIELDS),
        "  people.json, entry 3, second_factor: sms or password is wanted",
    ]


def test_so_is_what_only_the_database_tells(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, AYSE)
    wrong = [
        {**MEHMET, "full_name": None},
        {**MEHMET, "name": "ali", "serial": SERIAL},
        {"name": "ayşe", "serial": OTHER},
    ]
    assert refused(store, tmp_path, *wrong).splitlines() == [
        "there are 3 mistakes, so nothing was imported:",
        "  people.json, entry 2, serial: this card belongs to 'ayşe' already",
        "  people.json, entry 3, card_label: it is missing, and a new card needs it",
        "  people.json, entry 1, full_name: it is missing, and a new holder needs it",
    ]


def test_of_very_many_mistakes_the_first_are_told(sqlite_store: Store, tmp_path: Path) -> None:
    lines = refused(
        sqlite_store, tmp_path, *({"name": f"n{number}", "phone": "1"} for number in range(25))
    ).splitlines()
    assert (lines[0], len(lines), lines[-1]) == (
        "there are 25 mistakes, so nothing was imported:",
        22,
        "  and 5 more",
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"cannot be read \(No such file"):
        read_people(tmp_path / "people.csv")
    (tmp_path / "people.csv").write_bytes("name\nayşe\n".encode("iso8859-9"))
    with pytest.raises(PeopleError, match="not text in UTF-8"):
        read_people(tmp_path / "people.csv")


def test_a_csv_of_a_turkish_spreadsheet(tmp_path: Path) -> None:
    text = "\ufeffname;full_name;second_factor;phone\r\nayşe;Yılmaz, Ayşe;sms;+905320000042\r\n;;;\r\n\r\n"
    (tmp_path / "people.csv").write_text(text, "utf-8", newline="")
    [holder] = read_people(tmp_path / "people.csv")
    assert (holder.name, holder.values["full_name"]) == ("ayşe", "Yılmaz, Ayşe")


@pytest.mark.parametrize(
    "entry",
    [
        {**AYSE, "password": "s3cret"},
        {**AYSE, "password": "s3cret-s3cret"},
        {**AYSE, "password_hash": "s3cret"},
        {"name": "ayşe", "second_factor": "s3cret"},
        {"name": "ayşe", "phone": "s3cret"},
        {"name": "ayşe", "password": "s3cret" * 300},
        {"name": "ayşe", "password": ["s3cret"]},
        {**AYSE, "certificate": "s3cret"},
    ],
)
def test_no_sentence_shows_a_password(sqlite_store: Store, tmp_path: Path, entry: dict[str, Any]) -> None:
    assert "s3cret" not in refused(sqlite_store, tmp_path, entry)


def test_what_was_read_shows_nothing(tmp_path: Path) -> None:
    people = read_people(written(tmp_path, [{**AYSE, "certificate": PEM}]))
    assert HASH not in repr(people)


def test_a_holder_is_locked_and_let_in_again(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, AYSE)
    for locked, changed in ((True, True), (True, False), (False, True), (False, False)):
        with store.begin() as session:
            assert lock_holder(session, "ayşe", locked) is changed
        with store.read() as session:
            assert session.scalars(select(Holder.locked)).one() is locked


def test_a_card_is_revoked_once(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, AYSE)
    with store.begin() as session:
        assert revoke_card(session, SERIAL.lower())
        assert not revoke_card(session, SERIAL)
    with store.read() as session:
        assert session.scalars(select(IssuedCard.revoked)).one()


def test_those_whom_nobody_knows(sqlite_store: Store) -> None:
    with sqlite_store.begin() as session:
        assert find_holder(session, "ayşe") is None
        assert find_card(session, SERIAL) is None
        with pytest.raises(PeopleError, match="no holder named 'ayşe'"):
            lock_holder(session, "ayşe", True)
        with pytest.raises(PeopleError, match="no card with the serial number"):
            revoke_card(session, SERIAL)


def test_who_there_is_and_what_cards_they_have(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, AYSE, MEHMET)
    with store.read() as session:
        holders = list_holders(session)
        card = known_card(session, SERIAL.lower())
        again = known_holder(session, "mehmet")
    assert [(holder.name, [card.serial for card in holder.cards]) for holder in holders] == [
        ("ayşe", [SERIAL]),
        ("mehmet", []),
    ]
    assert (card.holder.name, card.certificates, again.cards) == ("ayşe", [], [])
    with store.read() as session, pytest.raises(PeopleError, match="no holder named 'ali'"):
        known_holder(session, "ali")
    with store.read() as session, pytest.raises(PeopleError, match="no card with the serial number '00'"):
        known_card(session, "00")
