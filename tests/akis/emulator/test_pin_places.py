"""Where PIN commands are taken: in the application, and by some cards inside a session only."""

from __future__ import annotations

import pytest

from tests.akis.emulator.cards import (
    ISSUER,
    NEW,
    PIN,
    PUK,
    TERMINAL,
    WRONG,
    Way,
    card_in,
    observe,
    open_session,
    plain_way,
    prepare,
    protected_way,
    state,
)


class TestPlaces:
    """References 81 and 82 exist only while DF PKCS-15 is current; leaving it ends what was verified in it."""

    @pytest.mark.parametrize(
        "command",
        [
            "00200081",
            f"00200081 06 {PIN}",
            "0020FF81",
            f"00240081 0B {PIN}{NEW}",
            f"00240181 05 {NEW}",
            f"002C0281 05 {NEW}",
            "002C0381",
            "00200082",
            "00CB3FFF 06 4D04BF810180 00",
            "00CB3FFF 06 4D04BF810280 00",
        ],
    )
    @pytest.mark.parametrize("protected", [False, True])
    def test_not_there_in_the_mf(self, command, protected):
        card = card_in("active 2")
        send: Way = protected_way(card, open_session(card)) if protected else plain_way(card)
        assert send("00A4000C 02 3F00") == "9000"
        assert send(command) == "6A88"
        assert send("00A4040C 07 504B43532D3135") == "9000"
        assert observe(card, send) == state("active 2")

    @pytest.mark.parametrize(
        ("select", "kept"),
        [
            ("00A4000C 02 3F00", False),
            ("00A4000C 02 2F00", False),
            ("00A4080C 02 2F00", False),
            ("00A4030C", False),
            ("00A4020C 02 5032", True),
            ("00A4000C 02 3D00", True),
            ("00A4040C 07 504B43532D3135", True),
        ],
    )
    @pytest.mark.parametrize("protected", [False, True])
    def test_leaving_the_application_ends_verification(self, select, kept, protected):
        card = card_in("active 3")
        send: Way = protected_way(card, open_session(card)) if protected else plain_way(card)
        prepare(card, "active 3 verified puk-verified", send)
        assert send(select) == "9000"
        assert send("00A4040C 07 504B43532D3135") == "9000"
        assert observe(card, send) == state("active 3 verified puk-verified" if kept else "active 3")

    def test_a_file_that_is_not_there_ends_nothing(self):
        card = card_in("active 3")
        send = plain_way(card)
        prepare(card, "active 3 verified", send)
        assert send("00A40000 02 1234") == "6A82"
        assert observe(card, send) == state("active 3 verified")


class TestOverSecureMessagingOnly:
    """A personality may take PIN commands inside a session only."""

    @pytest.mark.parametrize(
        "command",
        [
            "00200081",
            f"00200081 06 {PIN}",
            f"00200081 06 {WRONG}",
            "00200081 03 313233",
            "0020FF81",
            f"00240081 0B {PIN}{NEW}",
            f"002C0081 0D {PUK}{NEW}",
            f"002C0181 08 {PUK}",
            "002C0381",
            f"00200082 08 {PUK}",
        ],
    )
    def test_plain(self, command):
        card = card_in("active 2", pin_over_sm_only=True)
        assert plain_way(card)(command) == "6982"
        assert observe(card, protected_way(card, open_session(card, TERMINAL))) == state("active 2")

    @pytest.mark.parametrize("key", [ISSUER, TERMINAL])
    def test_protected(self, key):
        card = card_in("active 2", pin_over_sm_only=True)
        send = protected_way(card, open_session(card, key))
        assert send(f"00200081 06 {PIN}") == "9000"
        assert send(f"00240081 0B {PIN}{NEW}") == "9000"
        assert send(f"002C0181 08 {PUK}") == "9000"
        assert observe(card, send) == state(f"active 3 = {NEW}")

    def test_counters_are_read_in_the_clear(self):
        card = card_in("active 2", pin_over_sm_only=True)
        assert plain_way(card)("00CB3FFF 06 4D04BF810180 00") == "BF8101099A01039B01028001069000"
