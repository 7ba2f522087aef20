"""Files of an akis-1.0 card listed, made and deleted, and the phase of its life."""

from __future__ import annotations

import json

import pytest

from akis.emulator import EmulatedCard
from akis.emulator.memory import Memory
from akis.errors import ProfileError
from tests.akis.emulator.cards import Way, plain_way
from tests.akis.emulator.file_cards import SELECT_1_0 as SELECT
from tests.akis.emulator.file_cards import VERIFY, first_generation

OF_APPLICATION = ["5032", "5031", "4401", "4402", "4404", "2F10", "4118", "4119"]


def listed(send: Way) -> list[str]:
    """The files of the current DF, EFs by their identifiers and DFs with a slash behind."""
    answer = bytes.fromhex(send("80180000 00"))
    entries = [answer[at : at + 20] for at in range(0, len(answer) - 2, 20)]
    assert all(not any(entry[3:]) for entry in entries)
    return [entry[1:3].hex().upper() + {0x2F: "", 0x3D: "/"}[entry[0]] for entry in entries]


@pytest.fixture
def send():
    """A way to a card with the PIN verified."""
    way = first_generation()
    way(SELECT)
    assert way(VERIFY) == "9000"
    return way


class TestDirectory:
    def test_mf_and_application(self):
        send = first_generation()
        assert listed(send) == ["2F00", "3D00/"]
        send(SELECT)
        assert listed(send) == OF_APPLICATION
        assert send("80180000") == "6700"
        assert send("80180100 00") == "6A86"

    def test_more_than_fits_into_one_answer(self, send):
        for number in range(6):
            assert send(f"801580B0 02 40{number:02X}") == "9000"
        first = send("80180000 00")
        assert (len(first), first[-4:]) == (2 * 256 + 4, "6118")
        assert send("00C00000 18") == "00" * 1 + "00" * 3 + "2F4005" + "00" * 17 + "9000"


class TestCreate:
    def test_a_transparent_file_grows_as_it_is_written(self, send):
        assert send("801580B0 02 2F1A") == "9000"
        assert listed(send) == [*OF_APPLICATION, "2F1A"]
        assert send("00B00000 00") == "6B00", "it is current, and empty"
        assert send("00D60000 02 4142") == "9000"
        assert send("00D60003 01 43") == "6B00", "a hole"
        assert send("00D60001 02 5858") == "9000"
        assert send("00B00000 00") == "4158589000"
        assert send("00A40200 02 2F1A 00") == "6F0E" + "80020003" + "820101" + "83022F1A" + "900102" + "9000"

    @pytest.mark.parametrize(
        ("command", "descriptor"),
        [("801541B0 03 2F1A 02", "02"), ("801543B0 03 2F1A 02", "06"), ("801545B0 02 2F1A", "04")],
    )
    def test_files_with_records(self, send, command, descriptor):
        assert send(command) == "9000"
        for record in ("4141", "4242"):
            assert send(f"00E20000 02 {record}") == "9000"
        assert send("00B20104 00") == ("4242" if descriptor == "06" else "4141") + "9000"
        assert f"8205{descriptor}21" in send("00A40200 02 2F1A 00")

    def test_access_in_p2(self, send):
        assert send("80158034 02 2F1A") == "9000"
        assert send("00D60000 01 41") == "9000"
        send("801A0000")
        assert [send("00D60000 01 42"), send("00B00000 00")] == ["6982", "6982"]
        send(VERIFY)
        assert send("801580 24 02 2F1B") == "9000"
        assert send("00D60000 01 41") == "9000"
        send("801A0000")
        assert [send("00D60000 01 42"), send("00B00000 00")] == ["6982", "419000"]

    def test_a_df_with_a_file_in_it(self, send):
        assert send("801000B0 02 3D01") == "9000"
        assert listed(send) == [*OF_APPLICATION, "3D01/"], "the application is current still"
        assert send("80090002") == "9000"
        assert send("00A40000 02 3D01 00").endswith("9000")
        assert [send("801580B0 02 2F1A"), send("801580B0 02 2F1A")] == ["9000", "6A89"]
        assert send("00A40800 06 3D003D012F1A 00").endswith("9000")
        assert send("00A40000 02 3D00 00").endswith("9000"), "the one above"

    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("801580B0 02 5031", "6A89"),
            ("801582B0 02 2F1A", "6A86"),
            ("801541B0 02 2F1A", "6700"),
            ("801541B0 03 2F1A 00", "6A80"),
            ("801580B0 03 2F1A 02", "6700"),
            ("801580B0 02 2F1A 00", "6700"),
            ("801580B0 02 3F00", "6A80"),
            ("801580B0 02 FFFF", "6A80"),
            ("801001B0 02 3D01", "6A86"),
            ("801000B0 03 3D0100", "6700"),
        ],
    )
    def test_what_is_refused(self, send, command, answer):
        assert send(command) == answer
        assert listed(send) == OF_APPLICATION

    def test_there_is_an_end_to_it(self, send):
        answers = [send(f"801580B0 02 40{number:02X}") for number in range(0x60)]
        assert set(answers) == {"9000", "6A84"}
        assert answers.count("9000") == 64 - len(OF_APPLICATION)
        for depth in range(10):
            answer = send(f"801000B0 02 3D{depth + 1:02X}") if depth else send("80160200 02 4000")
            send("80090002")
            send(f"00A40000 02 3D{depth + 1:02X} 00")
        assert answer == "6A84"

    def test_the_card_is_full_some_time(self, send):
        ends = set()
        for fid in ("2F1A", "2F1B", "2F1C", "2F1D", "2F1E"):
            send(f"801580B0 02 {fid}")
            offset = 0
            while offset + 240 < 0x8000 and (answer := send(f"00D6{offset:04X} F0 {'AA' * 240}")) == "9000":
                offset += 240
            ends.add(answer)
        assert ends == {"9000", "6A84"}


class TestDelete:
    def test_by_identifier_and_by_path(self, send):
        assert [send("80160200 02 2F10"), send("80160200 02 2F10")] == ["9000", "6A82"]
        assert [send("80160800 06 3F003D004118"), send("80160800 04 3D004119")] == ["9000", "9000"]
        assert listed(send) == OF_APPLICATION[:-3]
        assert send("00A40200 02 2F10 00") == "6A82"

    def test_what_was_current_is_no_more(self, send):
        send("00A4020C 02 2F10")
        send("80160200 02 2F10")
        assert send("00B00000 00") == "6986"
        send("801000B0 02 3D01")
        send("80090002")
        send("00A40000 02 3D01 00")
        send("801580B0 02 2F1A")
        assert send("80160800 04 3D003D01") == "9000"
        assert listed(send) == [fid for fid in OF_APPLICATION if fid != "2F10"]

    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("80160800 02 3D00", "6985"),
            ("80160800 02 3F00", "6985"),
            ("80160800 00", "6700"),
            ("80160200 03 2F1000", "6A80"),
            ("80160100 02 2F10", "6A86"),
            ("80160200 02 2F10 00", "6700"),
        ],
    )
    def test_what_is_refused(self, send, command, answer):
        assert send(command) == answer
        assert listed(send) == OF_APPLICATION


class TestPhase:
    def test_to_administration_and_back(self, send):
        assert [send("80090002"), send("00CA0104 0A")[12:14]] == ["9000", "A0"]
        send("00A40000 02 3F00 00")
        assert send("801580B0 02 2F01") == "9000", "without a PIN, in the MF"
        assert [send("80090001"), send("00CA0104 0A")[12:14]] == ["9000", "A5"]
        assert [send("801580B0 02 2F02"), send("80160200 02 2F01"), send("80090002")] == ["6982"] * 3
        assert [send("80090003"), send("80090102"), send("80090002 01 00")] == ["6A86", "6A86", "6700"]

    def test_a_card_without_a_pin_is_open(self):
        send = plain_way(EmulatedCard.named("akis-1.0", "new"))
        assert send("80090002") == "9000"

    def test_a_dead_card_has_nothing_of_this(self):
        send = plain_way(EmulatedCard.named("akis-1.0", "dead"))
        for command in ("80180000 00", "80090001", "801580B0 02 2F1A", "80160200 02 2F00", "801A0000"):
            assert send(command) == "6985"


class TestSaved:
    def test_files_survive(self, send):
        card = EmulatedCard.named("akis-1.0")
        way = plain_way(card)
        way(SELECT)
        way(VERIFY)
        way("801541B0 03 2F1A 02")
        way("00E20000 02 4142")
        way("80160200 02 2F10")
        again = EmulatedCard.restore(card.personality, card.save())
        copy = plain_way(again)
        copy(SELECT)
        assert listed(copy) == [*(fid for fid in OF_APPLICATION if fid != "2F10"), "2F1A"]
        assert copy("00A40200 02 2F1A 00") == way("00A40200 02 2F1A 00")
        assert copy("00B20104 00") == "41429000"
        assert again.save() == card.save()

    @pytest.mark.parametrize(
        "files",
        [
            None,
            {},
            [1],
            [{}],
            [{"path": [0x3D00], "type": "dfs"}],
            [{"path": [0x3D00, 0x2F10], "content": "00"}],
            [{"path": [0x2F00], "content": "0"}],
            [{"path": [0x2F00], "content": 0}],
            [{"path": [0x2F00], "size": "1"}],
            [{"path": [0x2F00], "colour": 1}],
            [{"path": "2F00"}],
            [{"path": [0x2F00]}, {"path": [0x2F00]}],
            [{"path": [0x2F00], "type": "cyclic", "records": ["00"], "record_length": 2}],
        ],
    )
    def test_files_that_are_none_are_refused(self, files):
        table = json.loads(EmulatedCard.named().save())
        with pytest.raises(ProfileError, match="not a saved card, or a damaged one"):
            Memory.restore(json.dumps({**table, "files": files}).encode())

    @pytest.mark.parametrize("dialect", ["1.1", 1.0, None, []])
    def test_a_dialect_that_is_none_is_refused(self, dialect):
        table = json.loads(EmulatedCard.named().save())
        with pytest.raises(ProfileError, match="not a saved card, or a damaged one"):
            Memory.restore(json.dumps({**table, "dialect": dialect}).encode())
