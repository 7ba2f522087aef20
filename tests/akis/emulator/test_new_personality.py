"""Another card of the same kind: what differs, what stays, and the file it is written to."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from akis.connect import connect
from akis.emulator import load_personality
from akis.emulator.new_personality import new_personality, write_new
from akis.emulator.state_file import StateFile
from akis.emulator.wanted import wanted
from akis.errors import InvalidArgument, ProfileError
from akis.pin import Pin
from tests.akis.emulator.cards import SELECT, raw

NOW = datetime(2026, 7, 1, tzinfo=UTC)
KINDS = ("akis-2.2", "akis-2.5", "akis-1.0", "blank")


def certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


@pytest.mark.parametrize("name", KINDS)
def test_everything_that_tells_two_cards_apart_is_new(name):
    kind = load_personality(name)
    made = new_personality(kind, "mine", NOW)
    assert (made.name, made.profile, made.dialect, made.atr) == ("mine", kind.profile, kind.dialect, kind.atr)
    assert (made.pin, made.puk, made.files) == (kind.pin, kind.puk, kind.files)
    assert made.serial[:6] == kind.serial[:6]
    assert made.serial != kind.serial
    for old, new in zip(kind.keys, made.keys, strict=True):
        assert (new.reference, new.role, new.algorithms) == (old.reference, old.role, old.algorithms)
        assert len({old.enc, old.mac, new.enc, new.mac}) == 4
    for old_key, new_key in zip(kind.sign_keys, made.sign_keys, strict=True):
        assert (new_key.reference, new_key.kind) == (old_key.reference, old_key.kind)
        assert new_key.private_key != old_key.private_key
    assert new_personality(kind, "mine", NOW).serial != made.serial


@pytest.mark.parametrize("name", ["akis-2.2", "akis-1.0"])
def test_certificates_belong_to_the_new_keys(name):
    made = new_personality(load_personality(name), "mine", NOW)
    found = [certificate(pem) for pem in made.certificates.values()]
    assert [item.public_key() for item in found] == [key.load().public_key() for key in made.sign_keys]
    assert {item.not_valid_before_utc for item in found} == {NOW}
    old = load_personality(name).certificates
    for title, item in zip(made.certificates, found, strict=True):
        before = {extension.oid for extension in certificate(old[title]).extensions}
        assert {extension.oid for extension in item.extensions} == before, "qualified stays qualified"


class TestFile:
    @pytest.mark.parametrize("name", KINDS)
    def test_what_is_written_is_the_card_and_only_its_owner_reads_it(self, tmp_path, name):
        path = tmp_path / "mine.toml"
        before = os.umask(0)
        try:
            made = write_new(load_personality(name), path)
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_personality(str(path)) == made
        assert wanted(f"{path}").personality == made

    def test_it_serves_like_any_other(self, tmp_path):
        path = tmp_path / "mine.toml"
        made = write_new(load_personality("akis-2.5"), path)
        with connect(f"emulator:{path},last-try").card() as card:
            card.select_application()
            assert card.serial() == made.serial
            key = made.key("issuer")
            with card.open_session(key.device_keys(key.algorithms[0]), bytes(8)):
                Pin(card).unblock(b"8642")  # and verifies it

    def test_a_state_file_of_it_is_not_one_of_its_kind(self, tmp_path):
        made = write_new(load_personality("akis-2.2"), tmp_path / "mine.toml")
        with StateFile(tmp_path / "card.state", made) as file:
            assert raw(file.card, SELECT).endswith("9000")
        with pytest.raises(ProfileError, match=r"holds a card of 'mine', not of akis-2\.2"):
            StateFile(tmp_path / "card.state", load_personality("akis-2.2"))

    def test_nothing_is_overwritten(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text("mine")
        with pytest.raises(InvalidArgument, match="is there already and was left as it is"):
            write_new(load_personality("blank"), path)
        (tmp_path / "link.toml").symlink_to("elsewhere.toml")
        with pytest.raises(InvalidArgument):
            write_new(load_personality("blank"), tmp_path / "link.toml")
        assert path.read_text() == "mine"
        assert not (tmp_path / "elsewhere.toml").exists()

    @pytest.mark.parametrize("name", ["mine", "mine.txt", "mine.toml.bak", ".toml"])
    def test_a_name_that_does_not_end_in_toml(self, tmp_path, name):
        with pytest.raises(InvalidArgument, match=r"whose name ends in \.toml"):
            write_new(load_personality("blank"), tmp_path / name)
        assert not list(tmp_path.iterdir())

    def test_a_folder_that_is_not_there(self):
        with pytest.raises(ProfileError, match=r"cannot be written \(No such file or directory\)"):
            write_new(load_personality("blank"), Path("/nowhere/mine.toml"))
