"""Listing files: by DIRECTORY where the card has it, else by what PKCS #15 and the profile name; never by writing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.file_path import path_text
from akis.conversation.list_files import MOST_FILES
from akis.errors import CardError, CodecError, InvalidArgument
from akis.files import Files
from akis.pkcs15.applications import PKCS15_AID, Application
from akis.pkcs15.certificate_entries import CertificateEntry
from akis.pkcs15.object_directory import Listing
from akis.pkcs15.path import Path
from akis.profile.load import load
from tests.akis.card.answers import Answers
from tests.akis.files.file_card import DF, FIRST_GENERATION, FileCard, some
from tests.bench import bench

HARMLESS = {0xA4, 0xB0, 0xB1, 0xB2, 0x18}
"""SELECT, READ BINARY, READ RECORD, DIRECTORY."""
FILLER = b"\xff" * 9


def shown(listed) -> list[str]:
    return [f"{path_text(file.path)} {file.name}".rstrip() for file in listed]


class TestByDirectory:
    def card(self, kind: type[FileCard] = FileCard) -> FileCard:
        storey = {(): DF, (0x2F00,): some(3), (0x3D00,): DF, (0x3D00, 0x2F10): some(9), (0x3D00, 0x3D01): DF}
        return kind({**storey, (0x3D00, 0x3D01, 0x2F02): [b"A"]}, atr=FIRST_GENERATION)

    def test_tree(self):
        card = self.card()
        listed = card.driver().tree()
        expected = [
            "3F00 MF",
            "2F00 EF.DIR",
            "3D00",
            "3D00/2F10 certificate, by the profile",
            "3D00/3D01",
            "3D00/3D01/2F02",
        ]
        assert shown(listed) == expected
        assert [file.control.structure for file in listed] == [
            *("DF", "transparent", "DF", "transparent", "DF", "linear-fixed")
        ]
        assert {command.ins for command in card.sent} == {0xA4, 0x18}
        assert card.log.count("8018000000") == 3

    def test_a_branch(self):
        assert shown(self.card().driver().tree((0x3D00, 0x3D01))) == ["3D00/3D01", "3D00/3D01/2F02"]

    def test_one_storey(self):
        card = self.card()
        assert shown(card.driver().list((0x3D00,))) == ["3D00/2F10 certificate, by the profile", "3D00/3D01"]
        assert card.log.count("8018000000") == 1

    def test_no_such_df(self):
        with pytest.raises(CardError, match="6A82"):
            self.card().driver().tree((0x4000,))

    def test_a_card_without_directory_says_so(self):
        card = self.card()
        card.refuse = {0x18: 0x6D00}
        with pytest.raises(CardError, match="DIRECTORY failed: 6D00"):
            card.driver().list()

    def test_a_file_that_may_not_be_selected_is_listed_with_the_reason(self):
        class Shy(FileCard):
            def _select(self, asked):
                answer = super()._select(asked)
                return answer.__class__(sw=0x6982) if asked.data == b"\x2f\x00" else answer

        [shy] = [file for file in self.card(Shy).driver().tree() if file.path == (0x2F00,)]
        assert (shy.control, shy.sw) == (None, 0x6982)

    def test_a_card_of_endless_directories_is_not_followed(self):
        class Endless(FileCard):
            def _select(self, asked):
                answer = super()._select(asked.replace(p1=0, data=b"\x3f\x00"))
                self.files[(0x3D00,)] = self.files[(0x3D01,)] = self.files[(0x3D02,)] = DF
                return answer

        card = Endless({(): DF}, atr=FIRST_GENERATION)
        with pytest.raises(CodecError, match=f"more than {MOST_FILES} files"):
            card.driver().tree()
        assert len(card.sent) < 3 * MOST_FILES


def pkcs15_card() -> FileCard:
    """A card whose directories name files that no standard has a place for."""
    ef_dir = Application(PKCS15_AID, "Signature", Path.of(0x3F00, 0x4100)).to_bytes()
    odf = b"".join(
        listing.to_bytes()
        for listing in (
            Listing("private keys", Path.of(0x4402)),
            Listing("certificates", Path.of(0x3F00, 0x4100, 0x4403)),
            Listing("authentication objects", Path.of(0x4401)),
            Listing("public keys", Path.of(0x4409)),  # named, and not there
        )
    )
    cdf = CertificateEntry(label="İmza", id=b"\x01", path=Path.of(0x4310)).to_bytes()
    files = {
        (): DF,
        (0x2F00,): bytearray(ef_dir + FILLER),
        (0x4100,): DF,
        (0x4100, 0x5031): bytearray(odf + FILLER),
        (0x4100, 0x4401): some(5),
        (0x4100, 0x4402): some(5),
        (0x4100, 0x4403): bytearray(cdf + FILLER),
        (0x4100, 0x4310): some(700),
        (0x4100, 0x9999): some(5),
    }
    return FileCard(files)


class TestKnownFiles:
    def test_what_the_directories_name(self):
        card = pkcs15_card()
        assert shown(card.driver().tree()) == [
            "3F00 MF",
            "2F00 EF.DIR",
            "4100 Signature",
            "4100/4310 certificate, İmza",
            "4100/4401 EF.AODF",
            "4100/4402 EF.PrKDF",
            "4100/4403 EF.CDF",
            "4100/5031 EF.ODF",
        ]
        assert {command.ins for command in card.sent} <= HARMLESS

    def test_what_the_profile_names(self):
        files = {(): DF, (0x3D00,): DF, (0x3D00, 0x2F10): some(9), (0x3D00, 0x2F12): some(9)}
        profile = replace(load("akis-2"), certificates=((0x3D00, 0x2F10), (0x3D00, 0x2F11)))
        listed = Files(Card(FileCard(files), profile)).tree()
        assert shown(listed) == ["3F00 MF", "3D00", "3D00/2F10 certificate, by the profile"]

    def test_one_storey_and_a_branch(self):
        assert shown(pkcs15_card().driver().list()) == ["2F00 EF.DIR", "4100 Signature"]
        assert len(pkcs15_card().driver().list((0x4100,))) == 5
        branch = shown(pkcs15_card().driver().tree((0x4100,)))
        assert (branch[0], len(branch)) == ("4100 Signature", 6)

    def test_what_is_not_there_and_what_is_no_df(self):
        with pytest.raises(CardError, match="6A82"):
            pkcs15_card().driver().list((0x4200,))
        with pytest.raises(InvalidArgument, match="2F00 is no DF"):
            pkcs15_card().driver().list((0x2F00,))
        with pytest.raises(InvalidArgument, match="4100/4310 is no DF"):
            pkcs15_card().driver().tree((0x4100, 0x4310))

    @pytest.mark.parametrize("refused", [0x6982, 0x6985, 0x6D00])
    def test_files_that_nobody_may_read_are_listed_as_far_as_they_are_known(self, refused):
        card = pkcs15_card()
        card.refuse = {0xB0: refused}
        assert shown(card.driver().tree()) == ["3F00 MF", "2F00 EF.DIR"]

    @pytest.mark.parametrize("content", [b"", b"\xff" * 30, b"\x61\x7f", b"\x30\x03\x04\x01", bytes(40)])
    def test_damaged_directories_leave_the_rest(self, content):
        card = pkcs15_card()
        card.files[(0x4100, 0x5031)] = bytearray(content)
        assert shown(card.driver().tree()) == ["3F00 MF", "2F00 EF.DIR", "4100 Signature", "4100/5031 EF.ODF"]

    def test_ef_dir_in_records(self):
        card = pkcs15_card()
        card.files[(0x2F00,)] = [bytes(card.files[(0x2F00,)][: -len(FILLER)])]
        assert "4100/4401 EF.AODF" in shown(card.driver().tree())

    def test_a_card_that_answers_the_same_to_everything(self):
        for answer in (b"\x90\x00", b"\x6d\x00", b"\x69\x82", b"\x61\x02\x90\x00", bytes(300) + b"\x90\x00"):
            wire = Answers(answer)
            Files(Card(wire, load("akis-2"))).tree()
            assert {raw[1] for raw in wire.sent} <= HARMLESS

    def test_no_try_is_spent_and_nothing_changes_on_the_emulated_cards(self):
        for suite in ("akis-2.2", "akis-2.5"):
            for role in (None, "issuer"):
                on = bench(suite)
                if role:
                    on.open(role)
                before, sent = on.emulated.save(), len(on.wire.sent)
                paths = [path_text(file.path) for file in Files(on.card).tree()]
                assert {"3F00", "2F00", "3D00", "3D00/5032"} <= set(paths)
                assert on.emulated.save() == before
                assert {raw[1] for raw in on.wire.sent[sent:]} <= HARMLESS


@pytest.mark.parametrize(
    ("atr", "itself"),
    [
        ("3BBA11008131FE4D55454B41452056312E30AE", True),
        ("3B9F968131FE45806755454B41451292318073B3A1806A", True),
        ("3B9F978131FE4580655443D2210831C073F6218081055B", False),
        ("3B00", False),
        ("", False),
        ("FFFF", False),
    ],
)
def test_who_lists_itself_is_known_by_the_atr(atr, itself):
    wire = Answers()
    wire.atr = bytes.fromhex(atr)
    assert Files(Card(wire, load("akis-2"))).lists_itself is itself
    assert Files(Card(wire, load("akis-2")), directory=not itself).lists_itself is not itself
