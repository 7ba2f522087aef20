"""Which commands can spend a try, judged by their bytes."""

from __future__ import annotations

import pytest

from akis.commands.risk import Risk, risk, risks, spends
from akis.profile.load import load


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("0020008106313233343536", "PIN"),
        ("0C200081158709010102030405060708 8E081122334455667788 00", "PIN"),
        ("0024008106313233343536", "PIN"),
        ("1020008103313233", "PIN"),
        ("0020008208313233343536373838"[:-2], "PUK"),
        ("002400820A31323334353637383131"[:30], "PUK"),
        ("002C00810C383736353433323132343638", "PUK"),
        ("002C01810838373635343332 31", "PUK"),
        ("00200081", ""),
        ("0020FF81", ""),
        ("0024018104 31323334", ""),
        ("002C02810431323334", ""),
        ("002C0381", ""),
        ("00A4040007504B43532D313500", ""),
        ("0020", ""),
        ("0026008106313233343536", "PIN"),
        ("0028008106313233343536", "PIN"),
        ("00280082083132333435363738", "PUK"),
        ("00260181", ""),
        ("0020FF8106313233343536", "PIN"),
        ("002000810631323334353637 38", "PIN"),
        ("002C00810C3837", "PUK"),
        ("002100820631323334353637 38", "PUK"),
        ("002C04810C383736353433323132343638", "PUK"),
    ],
)
def test_which_commands_can_spend_a_try(command: str, what: str) -> None:
    assert spends(bytes.fromhex(command)) == what


PIN, PUK, KEY = Risk("PIN"), Risk("PUK"), Risk("key")
MAY_BE_PIN, MAY_BE_PUK = Risk("PIN", sure=False), Risk("PUK", sure=False)


def of(command: str, profile: str | None = None) -> Risk | None:
    return risk(bytes.fromhex(command), None if profile is None else load(profile))


def chained(*commands: str) -> list[Risk | None]:
    return list(risks(map(bytes.fromhex, commands)))


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("0020008106313233343536", PIN),
        ("8020008106313233343536", PIN),
        ("0C200081158709010102030405060708 8E081122334455667788 00", PIN),
        ("6020008106313233343536", PIN),
        ("002100810831323334", PIN),
        ("0020008208313233343536373838"[:-2], PUK),
        ("002C00810C383736353433323132343638", PUK),
        ("00820000483132", KEY),
        ("0082000000", KEY),
        ("0086000004 7C028100", KEY),
        ("0087000004 7C028100", KEY),
        ("00A4040007504B43532D313500", None),
        ("0084000008", None),
        ("00880000081122334455667788", None),
        ("002C0281 04 31323334", None),
        ("0020FF81", None),
        ("801A0000", None),
        ("0020", None),
        ("", None),
    ],
)
def test_what_is_at_stake(command: str, found: Risk | None) -> None:
    assert of(command) == found


def test_a_question_that_some_cards_take_for_a_wrong_pin() -> None:
    assert of("00200081") == of("00200081", "akis-2") == MAY_BE_PIN
    assert of("00200082") == MAY_BE_PUK
    assert of("00260081") == MAY_BE_PIN


def test_akis_1_compares_an_old_value_where_the_standard_sends_a_new_one_alone() -> None:
    change = "002401010A 0431323334 0435363738"
    assert of(change, "akis-1") == of(change) == MAY_BE_PIN
    assert of(change, "akis-2") is None
    assert of("002402010A 0431323334 0435363738", "akis-1") == PIN
    assert of("002402020A 0431323334 0435363738", "akis-1") == PUK


def test_what_resetting_does_on_akis_1_is_not_known() -> None:
    assert of("002C0381", "akis-1") == MAY_BE_PUK
    assert of("002C0381", "akis-2") is None


class TestChains:
    def test_each_link_and_the_last_without_data(self) -> None:
        assert chained("1020008103313233", "0020008103343536") == [PIN, PIN]
        assert chained("1020008106313233343536", "00200081") == [PIN, PIN]

    def test_a_command_after_the_end_of_a_chain_stands_by_itself(self) -> None:
        assert chained("1020008103313233", "0020008103343536", "00200081") == [PIN, PIN, MAY_BE_PIN]

    def test_another_command_in_between_ends_it(self) -> None:
        assert chained("1020008103313233", "00A40000", "00200081") == [PIN, None, MAY_BE_PIN]


class TestEnvelope:
    def test_the_command_inside_counts(self) -> None:
        assert of("00C200000B 0020008106313233343536") == PIN
        assert of("00C200000D 002C008108 3132333431323334") == PUK
        assert of("00C2000007 00A40000023F00") is None
        assert of("00C2000000") is None

    def test_a_piece_may_be_a_piece_of_any(self) -> None:
        assert of("10C2000007 00200081063132") == MAY_BE_PIN

    def test_one_inside_the_other_is_not_followed(self) -> None:
        assert of("00C2000005 00C2000000") == MAY_BE_PIN
