"""The detector of secrets itself: it finds what is there, and nothing else."""

import base64
import json

import pytest

from akis.codec import pin_block
from akis.errors import TransportError
from tests.leaks import leaks, texts
from tests.secrets.story import K_MAC, KEY, NEW_PIN, PIN, PINS, PUK, halves


class TestLeaks:
    """The detector itself: it finds what is there, and nothing else."""

    @pytest.mark.parametrize(
        "text",
        [
            "48291573",
            "the PIN 48291573 is wrong",
            "3438323931353733",
            "34 38 32 39 31 35 37 33",
            "34:38:32:39:31:35:37:33",
            "0x34, 0x38, 0x32, 0x39, 0x31, 0x35, 0x37, 0x33",
            r"b'\x00 \x00\x81\x0848291573'",
            "[52, 56, 50, 57, 49, 53, 55, 51]",
            "bytearray(b'48291573')",
            base64.b64encode(b"48291573").decode(),
            base64.b64encode(b"x48291573").decode(),
            base64.b64encode(b"xy48291573z").decode(),
            "\x04\x08\x02\x09\x01\x05\x07\x03",
            repr(b"\x04\x08\x02\x09\x01\x05\x07\x03"),
            json.dumps("\x04\x08\x02\x09\x01\x05\x07\x03"),
            "0408020901050703",
            "04 08 02 09 01 05 07 03",
            "[4, 8, 2, 9, 1, 5, 7, 3]",
            repr(b"\x48\x29\x15\x73"),
            "\x48\x29\x15\x73",
            "48 29 15 73",
            "[72, 41, 21, 115]",
            "2848291573FFFFFF",
            "28 48 29 15 73 FF FF FF",
            "284829 1573ffffff".replace(" ", ""),
            repr(bytes.fromhex("2848291573FFFFFF")),
            "00 20 00 81 08 34 38 32 39\n            31 35 37 33",
            "3438 3239 3135 3733",
        ],
    )
    def test_finds_a_pin(self, text):
        assert leaks(text, [PIN])
        assert not leaks(text, [NEW_PIN, PUK])

    @pytest.mark.parametrize(
        "text",
        [
            "8ff38a7e52566100faf06cd75910d24f",
            "8F F3 8A 7E 52 56 61 00 FA F0 6C D7 59 10 D2 4F",
            "8F:F3:8A:7E:52:56:61:00:FA:F0:6C:D7:59:10:D2:4F",
            str(list(KEY)),
            str(KEY),
            repr(bytearray(KEY)),
            base64.b64encode(KEY).decode(),
            base64.urlsafe_b64encode(b"!" + KEY).decode(),
            KEY.decode("latin-1"),
            json.dumps({"key": KEY.decode("latin-1")}),
        ],
    )
    def test_finds_a_key(self, text):
        assert leaks(text, [KEY])
        assert not leaks(text, [K_MAC])

    def test_finds_an_odd_pin_in_bcd_and_format_2(self):
        for encoding in ("ascii", "digits", "bcd", "iso9564-2"):
            for shown in (repr, bytes.hex, list):
                assert leaks(str(shown(pin_block.encode(NEW_PIN.encode(), encoding))), [NEW_PIN]), (encoding, shown)

    def test_says_what_it_found(self):
        assert "BCD, hex: 48 29 15 73" in leaks("48 29 15 73", [PIN])
        assert leaks("x 8FF38A7E52566100FAF06CD75910D24F", [PIN, KEY]) == ["raw, hex: " + KEY.hex()]

    def test_harmless_text_is_harmless(self):
        for text in ("", "wrong PIN, 2 tries left", "00 20 00 81 08 ** ** ** ** ** ** ** **", "9000", "4829 tries"):
            assert leaks(text, [*PINS, *halves(KEY)]) == []

    def test_errors_are_looked_at_from_all_sides(self):
        def cause():
            raise ValueError(b"48291573")

        def suppressed():
            try:
                cause()
            except ValueError:
                raise TransportError("gone") from None

        def chained():
            try:
                cause()
            except ValueError as error:
                raise TransportError("gone") from error

        def noted():
            error = TransportError("gone")
            error.add_note("sent 0020008108 3438323931353733")
            raise error

        def attribute():
            error = TransportError("gone")
            error.command = [52, 56, 50, 57, 49, 53, 55, 51]
            raise error

        def grouped():
            raise ExceptionGroup("several", [TransportError("gone"), ValueError(PIN)])

        for raises in (cause, suppressed, chained, noted, attribute, grouped):
            with pytest.raises(Exception) as caught:  # noqa: PT011
                raises()
            assert any(leaks(text, [PIN]) for text in texts(caught.value)), raises
