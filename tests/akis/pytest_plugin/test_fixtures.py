"""The fixtures, in tests as anybody may write them."""

from __future__ import annotations

import pytest

from akis.card import Card
from akis.pin import Pin
from tests.akis.pytest_plugin.runs import run
from tests.akis.regress.recorded import named, recorded, unblock, verify_wrong_then_right, written
from tests.leaks import silent

pytest_plugins = ["pytester"]


def read_counter(card: Card) -> None:
    card.select_application()
    assert Pin(card).tries_left() == 3


def test_emulated_cards(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from akis.emulator import EmulatedCard

        def test_cards(akis_emulator):
            blocked, other = akis_emulator("akis-2.5,blocked,24=6985"), akis_emulator()
            assert isinstance(blocked, EmulatedCard)
            assert (blocked.personality.name, blocked.instead) == ("akis-2.5", {0x24: 0x6985})
            assert other.personality.name == "akis-2.2"
            assert akis_emulator() is not other
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_each_test_has_a_card_of_its_own_which_is_closed_at_its_end(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from akis.errors import PinRefused, TransportError
        from akis.pin import Pin

        cards = []

        @pytest.mark.parametrize("time", [1, 2])
        def test_one_try_is_spent(akis_card, time):
            cards.append(akis_card)
            akis_card.select_application()
            assert Pin(akis_card).tries_left() == 3
            with pytest.raises(PinRefused):
                Pin(akis_card).verify("000000")

        @pytest.mark.akis_card("akis-2.5,blocked")
        def test_marked(akis_card):
            akis_card.select_application()
            assert Pin(akis_card).tries_left() == 0
            assert akis_card.serial()[4:6] == b"\\x02\\x05"

        def test_closed():
            for card in cards:
                with pytest.raises(TransportError, match="closed"):
                    card.serial()
        """
    )
    run(pytester, "--strict-markers").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("'akis-9'", "there is no personality 'akis-9'; did you mean akis-2.5? *"),
        ("'akis-2.2,broken'", "no card state 'broken'; *"),
        ("", "the marker akis_card names one emulated card, *"),
        ("name='akis-2.2'", "the marker akis_card names one emulated card, *"),
        ("22", "the marker akis_card names one emulated card, *"),
    ],
)
def test_a_marker_that_names_no_card_is_an_error(pytester: pytest.Pytester, marker: str, says: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.akis_card({marker})\ndef test_marked(akis_card): pass")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])


def test_a_session_is_played_to_the_card_it_was_recorded_from_or_another(pytester: pytest.Pytester) -> None:
    session = recorded(unblock, "akis-2.2,blocked", seed="5EED")
    written(session, pytester.path / "unblock.jsonl")
    written(named(session, personality=None), pytester.path / "unknown.jsonl")
    pytester.makepyfile(
        """
        import pytest
        from akis.errors import ReplayDiffers, TraceError

        def test_same(akis_replay):
            outcome = akis_replay("unblock.jsonl")
            assert (outcome.verdict, outcome.mode) == ("passed", "masked")
            assert akis_replay("unblock.jsonl", mode="rekey").mode == "rekey"

        def test_another(akis_replay):
            with pytest.raises(ReplayDiffers, match="answer to reset"):
                akis_replay("unblock.jsonl", "emulator:akis-2.5,blocked")

        def test_unlike(akis_replay):
            akis_replay("unblock.jsonl", "emulator:,2C=6985")

        def test_missing(akis_replay):
            akis_replay("missing.jsonl")

        def test_unknown(akis_replay):
            akis_replay("unknown.jsonl")
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            '>       akis_replay("unblock.jsonl", "emulator:,2C=6985")',
            "E       akis.errors.ReplayDiffers: exchange *, RESET RETRY COUNTER*: *6985*",
            '>       akis_replay("missing.jsonl")',
            "E       akis.errors.TraceError: *missing.jsonl cannot be read: *",
            "E       akis.errors.InvalidArgument: *such as --akis-reader emulator:akis-2.2",
        ]
    )
    assert "akis/regress" not in result.stdout.str()  # the report ends in the test itself


@pytest.mark.parametrize("options", [[], ["--tb=long", "--showlocals", "-vv"], ["--tb=native"], ["--tb=short"]])
def test_no_report_shows_a_pin_that_the_library_held(pytester: pytest.Pytester, options: list[str]) -> None:
    written(recorded(read_counter), pytester.path / "counter.jsonl")
    pytester.makepyfile(
        test_pins="""
        import os
        from akis.pin import Pin

        def verify(card):
            card.select_application()
            Pin(card).verify(os.environ["CARD_PIN"])

        def test_refused(akis_card):
            verify(akis_card)

        def test_outcome_unknown(akis_replay):
            verify(akis_replay.card("counter.jsonl"))

        def test_not_recorded(akis_replay):
            way = akis_replay.card("counter.jsonl").transport
            way.transmit(bytes.fromhex("0020008108") + os.environ["CARD_PIN"].encode())
        """
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARD_PIN", "48291573")
        result = run(pytester, *options)
    result.assert_outcomes(failed=3)
    silent(result.stdout.str(), ["48291573"])
    assert "wrong PIN, 2 tries left" in result.stdout.str()
    assert "its outcome is unknown: exchange 3: recorded nothing more, now VERIFY" in result.stdout.str()
    assert "exchange 1, SELECT: INS: recorded A4 (SELECT), now 20 (VERIFY)" in result.stdout.str()


def test_names_start_from_the_file_of_the_test(pytester: pytest.Pytester) -> None:
    place = pytester.mkdir("below")
    written(recorded(verify_wrong_then_right), place / "verify.jsonl")
    (place / "test_below.py").write_text(
        "from pathlib import Path\n"
        "def test_one(akis_replay): akis_replay('verify.jsonl')\n"
        "def test_two(akis_replay): akis_replay(Path(__file__).parent / 'verify.jsonl')\n"
    )
    run(pytester).assert_outcomes(passed=2)


def test_fixtures_and_markers_say_what_they_are(pytester: pytest.Pytester) -> None:
    shown = run(pytester, "--fixtures", "-v").stdout.str()
    for name in ("akis_card", "akis_emulator", "akis_replay"):
        assert name in shown
    assert 'akis_emulator("akis-2.5,blocked")' in shown
    assert "no docstring available" not in shown.partition("fixtures defined from akis.pytest_plugin")[2]
    assert "akis_card(card)" in run(pytester, "--markers").stdout.str()
