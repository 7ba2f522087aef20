"""Identity, files and classes: SELECT, READ BINARY, GET DATA, and commands the card does not know."""

from __future__ import annotations

import pytest

from akis.codec import tlv
from akis.emulator import EmulatedCard
from tests.akis.emulator.cards import (
    LIFE_CYCLE,
    SELECT,
    SN_IFD,
    card_in,
    driver,
    open_session,
    personality,
    plain_way,
    protected_way,
    raw,
)

FCI_DF = "6F13 820138 83023D00 8407504B43532D3135 8A0105"
FCI_MF = "6F0A 820138 83023F00 8A0105"
DIR = "611D 4F0C A000000063504B43532D3135 50{label} 51023D00"


def tight(text: str) -> str:
    return text.replace(" ", "")


def fci_ef(fid: str, size: int, life_cycle: str = "05") -> str:
    return f"6F0E 8002{size:04X} 820101 8302{fid} 8A01{life_cycle}"


@pytest.fixture(params=[False, True], ids=["plain", "protected"])
def send(request):
    """A way to a card whose MF is current."""
    card = EmulatedCard(personality())
    return protected_way(card, open_session(card)) if request.param else plain_way(card)


class TestIdentity:
    def test_atr(self):
        card = EmulatedCard.named()
        assert card.atr.hex().upper() == "3B9F978131FE4580655443D2210831C073F6218081055B"
        assert card.reset() == card.atr

    @pytest.mark.parametrize(
        ("algorithm", "serial"), [(0x0C, "414B49530202000000000001"), (0xAC, "414B49530205000000000001")]
    )
    def test_serial(self, algorithm, serial):
        card = card_in("active 3", algorithm)
        answer = raw(card, "00CA010600")
        assert len(answer) == 2 * 0x4D + 4
        assert answer[2 * 55 : 2 * 67] == serial
        assert raw(card, "00A4020C025032") == "9000"
        content = tlv.parse(bytes.fromhex(raw(card, "00B0000000")[:-4]))[0]
        assert content.children[1].content.hex().upper() == serial
        assert driver(card).serial().hex().upper() == serial

    @pytest.mark.parametrize(
        ("given", "byte", "name", "lcs"), [("active 3", "A5", "operation", "05"), ("dead", "AA", "death", "0C")]
    )
    def test_life_cycle(self, given, byte, name, lcs):
        card = card_in(given)
        if given == "dead":
            assert raw(card, "00200082083030303030303030") == "63C0"
        answer = raw(card, LIFE_CYCLE)
        assert (len(answer), answer[12:14]) == (24, byte)
        assert raw(card, SELECT) == tight(FCI_DF[:-2] + lcs) + "9000"
        assert driver(card).life_cycle() == name
        assert driver(card).select_application().life_cycle == int(lcs, 16)

    def test_administration(self):
        card = EmulatedCard(personality())
        card.memory.life_cycle = 0xA0
        assert raw(card, LIFE_CYCLE)[12:14] == "A0"
        assert driver(card).life_cycle() == "administration"

    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("00CA0106 4C", "6C4D"),
            ("00CA0106 01", "6C4D"),
            ("00CA0104 09", "6C0A"),
            ("00CA0106", "6700"),
            ("00CA0106 01 00 00", "6700"),
            ("00CA0105 00", "6A88"),
            ("00CA9F7F 00", "6A88"),
        ],
    )
    def test_get_data_otherwise(self, send, command, answer):
        assert send(command) == answer

    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("00CB3FFF 06 4D04BF810180 00", "BF8101099A01039B01038001069000"),
            ("00CB3FFF 06 4D04BF810280 00", "BF8102099A01039B01038001089000"),
            ("00CB3FFF 06 4D04BF810380 00", "6A88"),
            ("00CB3FFF 06 4D04BF810180 0C", "6C0D"),
            ("00CB3FFF 06 4D04BF810180", "6700"),
            ("00CB3F00 06 4D04BF810180 00", "6A86"),
            ("00CB3FFF 05 4D04BF8101 00", "6A80"),
            ("00CB3FFF 06 5C04BF810180 00", "6A80"),
            ("00CB3FFF 00", "6A80"),
            ("00CB3FFF 08 4D04BF810180 4D00 00", "6A80"),
            ("00CB3FFF 05 4D03BF8101 00", "6A88"),
        ],
    )
    def test_get_data_of_pin_objects(self, send, command, answer):
        assert send(SELECT).endswith("9000")
        assert send(command) == answer


class TestSelect:
    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            (SELECT, FCI_DF + "9000"),
            ("00A40400 0C A000000063504B43532D3135 00", FCI_DF + "9000"),
            ("00A40404 07 504B43532D3135 00", "62" + FCI_DF[2:] + "9000"),
            ("00A4040C 07 504B43532D3135", "9000"),
            ("00A40400 07 504B43532D3135", "9000"),
            ("00A40400 07 504B43532D3135 14", "6C15"),
            ("00A40400 07 504B43532D3135 15", FCI_DF + "9000"),
            ("00A40400 07 504B43532D3136 00", "6A82"),
            ("00A40400 00", "6A82"),
            ("00A40000 02 3F00 00", FCI_MF + "9000"),
            ("00A40000 00", FCI_MF + "9000"),
            ("00A40000 02 3D00 00", FCI_DF + "9000"),
            ("00A40100 02 3D00 00", FCI_DF + "9000"),
            ("00A40100 02 2F00 00", "6A82"),
            ("00A40200 02 3D00 00", "6A82"),
            ("00A40800 02 3D00 00", FCI_DF + "9000"),
            ("00A40900 02 3D00 00", FCI_DF + "9000"),
            ("00A40800 04 3D005034 00", "6A82"),
            ("00A40800 04 2F005032 00", "6A82"),
            ("00A40800 00", "6A80"),
            ("00A40800 03 3D0050 00", "6A80"),
            ("00A40000 02 1234 00", "6A82"),
            ("00A40000 02 5032 00", "6A82"),
            ("00A40200 02 2F00 00", None),
            ("00A40500 02 3F00 00", "6A86"),
            ("00A40700", "6A86"),
            ("00A40001 02 3F00 00", "6A86"),
        ],
    )
    def test_from_the_mf(self, send, command, answer):
        got = send(command)
        assert got == tight(answer or fci_ef("2F00", (len(self.content(send)) // 2)) + "9000")

    @staticmethod
    def content(send):
        return send("00B0000000")[:-4]

    def test_below_the_application(self, send):
        assert send(SELECT).endswith("9000")
        assert send("00A4020C 02 5032") == "9000"
        size = len(self.content(send)) // 2
        for command in ("00A40200 02 5032 00", "00A40000 02 5032 00", "00A40800 04 3D005032 00", "00A40900 02 5032 00"):
            assert send(command) == tight(fci_ef("5032", size)) + "9000"
        assert send("00A40300 00") == tight(FCI_MF) + "9000"
        assert send("00A40000 02 5032 00") == "6A82"

    @pytest.mark.parametrize(
        ("algorithm", "serial", "label"),
        [
            (0x0C, "414B49530202000000000001", b"AKIS 2.2 emulator"),
            (0xAC, "414B49530205000000000001", b"AKIS 2.5 emulator"),
        ],
    )
    def test_token_information(self, algorithm, serial, label):
        """TokenInfo of PKCS #15: version 1, serial number, manufacturer, label, and what it wants and can."""
        card = card_in("active 3", algorithm)
        assert raw(card, "00A4020C 02 5032") == "9000"
        login_required_and_random_numbers = "03 02 0560"
        inner = f"020100 040C{serial} 0C04{b'AKIS'.hex()} 8011{label.hex()} {login_required_and_random_numbers}"
        assert raw(card, "00B0000000") == tight(f"302E {inner} 9000").upper()

    def test_files_of_a_dead_card(self):
        card = card_in("active 3 dead")
        assert raw(card, "00200082083030303030303030") == "63C0"
        assert raw(card, "00A40000 02 3F00 00") == tight(FCI_MF[:-2]) + "0C9000"
        assert raw(card, "00A40000 02 2F00 00").endswith("8A010C9000")


class TestReadBinary:
    def test_dir_names_the_application(self, send):
        assert send("00A4020C 02 2F00") == "9000"
        label = b"AKIS 2.2 emulator".hex().upper()
        inner = f"4F0C A000000063504B43532D3135 5011 {label} 51043F003D00"
        content = tight(f"61{len(bytes.fromhex(inner)):02X}" + inner)
        size = len(content) // 2
        assert send("00B0000000") == content + "9000"
        assert send(f"00B00000{size:02X}") == content + "9000"
        assert send("00B0000002") == content[:4] + "9000"
        assert send("00B0000402") == content[8:12] + "9000"
        # up to the end: what there is
        assert send(f"00B00000{size + 1:02X}") == content + "6282"
        assert send(f"00B000{size - 1:02X}10") == content[-2:] + "6282"
        # past the end
        assert send(f"00B000{size:02X}01") == "6B00"
        assert send(f"00B000{size:02X}00") == "6B00"
        assert send("00B07FFF01") == "6B00"
        # by short identifier; 2F00 has none, 5032 is 12 in its own DF
        assert send("00B0800001") == "6A82"
        assert send("00B0920001") == "6A82"
        assert send(SELECT).endswith("9000")
        assert send("00B0920001") == "309000"
        assert send("00B0000101")[2:] == "9000"

    @pytest.mark.parametrize(
        ("command", "answer"), [("00B0000010", "6986"), ("00B00000", "6700"), ("00B00000 01 00 10", "6700")]
    )
    def test_refused(self, send, command, answer):
        assert send(command) == answer

    def test_a_df_has_no_content(self, send):
        assert send("00A4020C 02 2F00") == "9000"
        assert send(SELECT).endswith("9000")
        assert send("00B0000001") == "6986"


class TestUnknown:
    """Answered in the clear, whatever else the command says."""

    @pytest.mark.parametrize(
        ("cla", "answer"),
        [
            *((cla, "6881") for cla in ("01", "02", "03", "0D", "0F", "11", "1D", "40", "4C", "60", "7F")),
            *((cla, "6E00") for cla in ("20", "2C", "3F", "80", "8C", "90", "A0", "C0", "FE", "FF")),
            *((cla, "6882") for cla in ("04", "08", "14", "18")),
            *((cla, "6985") for cla in ("0C", "1C")),
        ],
    )
    def test_classes(self, cla, answer):
        card = card_in("active 3")
        assert raw(card, cla + "200081") == answer
        assert raw(card, cla + "20008106313233343536") == answer

    def test_instructions(self, send):
        known = {0x20, 0x22, 0x24, 0x2A, 0x2C, 0x82, 0x84, 0xA4, 0xB0, 0xB1, 0xB2, 0xCA, 0xCB, 0xD6, 0xD7, 0xDC, 0xE2}
        for ins in range(0x100):
            assert (send(f"00{ins:02X}FFFE") == "6D00") is (ins not in known), f"{ins:02X}"

    @pytest.mark.parametrize(
        "command",
        ["", "00", "0020", "002000", "00200081 06 31", "00200081 01 31 00 00", "00200081 00 0000"],
    )
    def test_lengths(self, command):
        assert raw(card_in("active 3"), command) == "6700"


def test_sn_ifd_is_the_terminals_own():
    emulated = card_in("active 3")
    card = driver(emulated)
    for sn_ifd in (SN_IFD, bytes(8), b"\xff" * 8):
        assert card.open_session(emulated.personality.key("issuer").device_keys(0x0C), sn_ifd).alive
