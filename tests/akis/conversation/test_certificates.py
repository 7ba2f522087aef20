"""Certificates read from a card: by its own lists, by the profile's paths, and when some of it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FileControl
from akis.conversation.certificates import MOST, FoundCertificates, read_certificates
from akis.conversation.room import Room
from akis.pkcs15 import build
from akis.pkcs15.certificate_entries import CertificateEntry
from akis.pkcs15.object_directory import Listing
from akis.pkcs15.path import Path
from akis.profile.load import load
from tests.akis.pkcs15.by_hand import der
from tests.akis.pkcs15.made import certificate, qualified

FilePath = tuple[int, ...]
DF = (0x3D00,)
ODF, CDF = (0x3D00, 0x5031), (0x3D00, 0x4404)
ONE, TWO = certificate(), qualified()
PROFILE = replace(load("akis-2"), certificates=tuple((0x3D00, fid) for fid in range(0x2F10, 0x2F14)))


class Files:
    """The least of a card: SELECT by path and READ BINARY of these files; a status word in the place of one refuses."""

    def __init__(self, files: Mapping[FilePath, bytes | int]) -> None:
        self.files = dict(files)
        self.current = b""
        self.sent: list[CommandApdu] = []

    def answer(self, command: CommandApdu) -> ResponseApdu:
        self.sent.append(command)
        if command.ins == 0xA4:
            path = tuple(int.from_bytes(command.data[at : at + 2], "big") for at in range(0, len(command.data), 2))
            found = self.files.get(path, 0x6A82)
            if isinstance(found, int):
                return ResponseApdu(b"", found)
            self.current = found
            return ResponseApdu(FileControl(size=len(found), descriptor=0x01).to_bytes(), 0x9000)
        assert command.ins == 0xB0
        offset = command.p1 << 8 | command.p2
        piece = self.current[offset : offset + (command.ne or 0)]
        return ResponseApdu(piece, 0x9000 if len(piece) == command.ne else 0x6282)


def found_on(card: Files, profile=PROFILE) -> FoundCertificates:
    """What the conversation finds on it."""
    conversation = read_certificates(profile, Room.of(profile))
    command = next(conversation)
    while True:
        try:
            command = conversation.send(card.answer(command))
        except StopIteration as done:
            return done.value


def listed(*entries: CertificateEntry, base: FilePath = DF) -> dict[FilePath, bytes]:
    """EF.ODF and EF.CDF with these entries."""
    odf = Listing("certificates", Path.of(0x3F00, *base, 0x4404)).to_bytes()
    return {(*base, 0x5031): odf, (*base, 0x4404): b"".join(entry.to_bytes() for entry in entries)}


def entry(*fids: int, label: str = "", **more: int) -> CertificateEntry:
    return CertificateEntry(label=label, id=b"\x45", path=Path.of(*fids, **more))


def test_by_the_cards_own_list():
    files = {**listed(entry(0x3F00, 0x3D00, 0x2F11, label="İmza"), entry(0x2F10)), (0x3D00, 0x2F10): TWO}
    card = Files({**files, (0x3D00, 0x2F11): ONE + bytes(100)})
    found = found_on(card)
    assert found.by == "PKCS #15"
    assert [(item.path, item.label, item.id) for item in found.certificates] == [
        ((0x3D00, 0x2F11), "İmza", b"\x45"),
        ((0x3D00, 0x2F10), "", b"\x45"),
    ]
    assert [item.content for item in found.certificates] == [ONE + bytes(100), TWO]
    assert found.notes == ()


def test_nothing_but_selecting_and_reading_is_sent_and_nothing_outside_the_application():
    card = Files({**listed(entry(0x2F10)), (0x3D00, 0x2F10): ONE})
    found_on(card)
    assert {command.ins for command in card.sent} == {0xA4, 0xB0}
    assert all(command.data[:2] == b"\x3d\x00" for command in card.sent if command.ins == 0xA4)


def test_by_the_profiles_paths_up_to_the_first_that_is_not_there():
    card = Files({(0x3D00, 0x2F10): ONE, (0x3D00, 0x2F11): TWO + b"\xff" * 9, (0x3D00, 0x2F13): ONE})
    found = found_on(card)
    assert (found.by, found.notes) == ("paths of the profile", ())
    assert [item.path for item in found.certificates] == [(0x3D00, 0x2F10), (0x3D00, 0x2F11)]


def test_an_empty_file_at_a_path_is_no_certificate_and_not_the_end():
    card = Files({(0x3D00, 0x2F10): b"\xff" * 40, (0x3D00, 0x2F11): ONE})
    assert [item.path for item in found_on(card).certificates] == [(0x3D00, 0x2F11)]


def test_a_card_without_any():
    assert found_on(Files({})) == FoundCertificates("paths of the profile", ())
    assert found_on(Files({}), replace(PROFILE, certificates=())).certificates == ()


def test_a_file_that_is_refused_is_a_problem_and_not_the_end():
    card = Files({(0x3D00, 0x2F10): 0x6982, (0x3D00, 0x2F11): ONE})
    refused, read = found_on(card).certificates
    assert refused.content == b""
    assert refused.problem is not None
    assert "6982" in refused.problem
    assert read.problem is None


def test_an_application_elsewhere_is_found_by_ef_dir():
    files = {(0x2F00,): build.ef_dir("AKIS", (0x3F00, 0x5015)), **listed(entry(0x2F10), base=(0x5015,))}
    found = found_on(Files({**files, (0x5015, 0x2F10): ONE}))
    assert [item.path for item in found.certificates] == [(0x5015, 0x2F10)]


def test_a_list_inside_the_directory_and_a_certificate_inside_the_list():
    inside = der(0x30, "3000", "3003 0401 45", der(0xA1, der(0x30, der(0xA0, ONE))))
    found = found_on(Files({ODF: der(0xA4, der(0xA0, inside))}))
    assert [(item.path, item.content) for item in found.certificates] == [(None, ONE)]


def test_a_part_of_a_file():
    both = ONE + TWO
    entries = entry(0x2F20, index=0, length=len(ONE)), entry(0x2F20, index=len(ONE), length=len(TWO))
    found = found_on(Files({**listed(*entries), (0x3D00, 0x2F20): both}))
    assert [item.content for item in found.certificates] == [ONE, TWO]


@pytest.mark.parametrize("damaged", [{ODF: b"\x12\x34"}, {**listed(), CDF: b"\x30\x05"}, {**listed(), CDF: 0x6982}])
def test_a_damaged_list_is_told_and_the_paths_are_tried(damaged):
    found = found_on(Files({**damaged, (0x3D00, 0x2F10): ONE}))
    assert found.by == "paths of the profile"
    assert [item.path for item in found.certificates] == [(0x3D00, 0x2F10)]
    [note] = found.notes
    assert "cannot be used" in note


def test_what_the_list_names_and_the_card_does_not_have():
    gone, elsewhere = found_on(Files(listed(entry(0x2F10), entry(0x3F00, 0x3F00)))).certificates
    assert gone.problem is not None
    assert "6A82" in gone.problem
    assert elsewhere.problem == "the card names no file for it"


def test_an_endless_list_ends():
    entries = [entry(0x2F10)] * (MOST + 1)
    found = found_on(Files({**listed(*entries), (0x3D00, 0x2F10): ONE}))
    assert len(found.certificates) == MOST
    [note] = found.notes
    assert str(MOST) in note


def test_other_kinds_are_told():
    other = der(0xA1, "3000", "3003 0401 45", "A102 3000")
    found = found_on(Files({**listed(entry(0x2F10)), (0x3D00, 0x2F10): ONE} | {CDF: entry(0x2F10).to_bytes() + other}))
    assert len(found.certificates) == 1
    assert found.notes == ("the card lists a certificate of another kind (SPKI certificate), not read",)
