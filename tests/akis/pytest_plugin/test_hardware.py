"""Real cards: used only when their serial number is on the list, and asked for nothing else before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from akis.emulator import EmulatedCard, pyscard_reader
from tests.akis.pytest_plugin.runs import run
from tests.akis.regress.recorded import PIN, raw, recorded, written
from tests.pcsc_service import InsertedCard

pytest_plugins = ["pytester"]

SERIAL = "414B49530202000000000001"
GET_SERIAL, VERIFY = bytes.fromhex("00CA010600"), bytes.fromhex("00200081")
SELECT, IS_VERIFIED = "00A4040C07504B43532D3135", "00200081"
VERIFY_PIN = f"002000810{len(PIN)}{PIN.encode().hex()}"
READER = ["--akis-hardware", "akis emulator 0"]
ALLOWED = [*READER, "--akis-serial", SERIAL]

OWN_TESTS = """
from akis.pin import Pin
import pytest

def test_card(akis_card):
    akis_card.select_application()
    assert Pin(akis_card).tries_left() == 3

def test_replay(akis_replay):
    akis_replay("state.jsonl")

@pytest.mark.akis_card("akis-2.5,blocked")
def test_emulated(akis_card):
    akis_card.select_application()
    assert Pin(akis_card).tries_left() == 0

def test_without():
    pass
"""


class Watched(EmulatedCard):
    """Remembers what was sent to it."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.sent: list[bytes] = []

    def process(self, raw: bytes) -> bytes:
        self.sent.append(raw)
        return super().process(raw)


@pytest.fixture
def card() -> Iterator[Watched]:
    """A card in a reader of PC/SC, which nobody can tell from a real one."""
    watched = Watched.named()
    assert isinstance(watched, Watched)
    pyscard_reader.install(watched)
    yield watched
    pyscard_reader.uninstall()


@pytest.fixture
def place(pytester: pytest.Pytester) -> Path:
    """Tests of somebody's own, and two traces in a directory: one reads, the other compares the PIN."""
    pytester.makepyfile(test_own=OWN_TESTS)
    traces = pytester.mkdir("traces")
    reads = recorded(raw(SELECT, IS_VERIFIED))
    written(reads, pytester.path / "state.jsonl")
    written(reads, traces / "state.jsonl")
    written(recorded(raw(SELECT, VERIFY_PIN)), traces / "verify.jsonl")
    return pytester.path


@pytest.mark.usefixtures("place")
class TestOnACard:
    """With ``place`` as the directory."""

    def test_without_the_option_no_reader_is_touched(self, pytester: pytest.Pytester, card: Watched) -> None:
        run(pytester, "--akis-traces", "traces", "--akis-serial", SERIAL).assert_outcomes(passed=6)
        assert not card.sent

    def test_a_card_on_the_list_is_used(self, pytester: pytest.Pytester, card: Watched) -> None:
        run(pytester, *ALLOWED).assert_outcomes(passed=4)
        assert set(card.sent) > {GET_SERIAL, bytes.fromhex(SELECT)}

    def test_the_list_may_be_in_the_ini_file(self, pytester: pytest.Pytester, card: Watched) -> None:
        pytester.makeini("[pytest]\nakis_serials =\n  0000\n  414b4953 0202 000000000001\n")
        run(pytester, *READER).assert_outcomes(passed=4)
        assert card.sent

    @pytest.mark.parametrize("serials", [[], ["--akis-serial", SERIAL[:-1] + "2"], ["--akis-serial", SERIAL[:-2]]])
    def test_any_other_card_is_asked_for_its_serial_number_and_nothing_else(
        self, pytester: pytest.Pytester, card: Watched, serials: list[str]
    ) -> None:
        result = run(pytester, *READER, *serials, "--akis-traces", "traces")
        result.assert_outcomes(passed=2, errors=4)
        assert set(card.sent) == {GET_SERIAL}
        said = [line for line in result.outlines if line.startswith("the card in")]
        assert (
            said
            == [
                f"the card in akis emulator 0 has serial number {SERIAL}, which is not one that tests may use; nothing "
                f"else was sent. --akis-serial {SERIAL}, or akis_serials in the ini file, allows it"
            ]
            * 4
        )
        assert "Traceback" not in result.stdout.str()

    def test_a_card_that_does_not_say_its_serial_number(self, pytester: pytest.Pytester, card: Watched) -> None:
        card.instead[0xCA] = 0x6A88
        run(pytester, *ALLOWED, "--akis-traces", "traces").assert_outcomes(passed=2, errors=4)
        assert set(card.sent) == {GET_SERIAL}

    def test_a_reader_that_is_not_there(self, pytester: pytest.Pytester, card: Watched) -> None:
        result = run(pytester, "--akis-hardware", "other", "--akis-serial", SERIAL)
        result.assert_outcomes(passed=2, errors=2)
        result.stdout.fnmatch_lines(["there is no reader 'other'; *"])
        assert not card.sent

    def test_the_target_of_traces_is_guarded_in_the_same_way(self, pytester: pytest.Pytester, card: Watched) -> None:
        arguments = ["--akis-traces", "traces", "--akis-reader", "akis emulator 0", "-k", "traces and state"]
        run(pytester, *arguments).assert_outcomes(errors=1, deselected=5)
        assert set(card.sent) == {GET_SERIAL}
        run(pytester, *arguments, "--akis-serial", SERIAL).assert_outcomes(passed=1, deselected=5)
        assert bytes.fromhex(SELECT) in card.sent

    def test_traces_may_stay_on_emulated_cards(self, pytester: pytest.Pytester, card: Watched) -> None:
        arguments = ["--akis-traces", "traces", "--akis-reader", "emulator:", "-k", "traces"]
        run(pytester, *ALLOWED, *arguments).assert_outcomes(passed=2, deselected=4)
        assert not card.sent

    def test_a_test_that_names_the_reader_itself_is_refused(self, pytester: pytest.Pytester, card: Watched) -> None:
        pytester.makepyfile(test_named="def test_it(akis_replay): akis_replay('state.jsonl', 'akis emulator 0')")
        result = run(pytester, "test_named.py")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["E *PolicyRefused: the card in akis emulator 0 has serial number *"])
        assert set(card.sent) == {GET_SERIAL}

    def test_no_session_compares_the_pin_unless_it_may(
        self, pytester: pytest.Pytester, card: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CARD_PIN", PIN)
        arguments = [*ALLOWED, "--akis-traces", "traces", "--akis-secret", "pin=env:CARD_PIN", "-k", "traces"]
        result = run(pytester, *arguments)
        result.assert_outcomes(passed=1, errors=1, deselected=4)
        result.stdout.fnmatch_lines(["*nothing was sent, --akis-allow-pin-commands lets them through"])
        assert not pins_sent(card)
        run(pytester, *arguments, "--akis-allow-pin-commands").assert_outcomes(passed=2, deselected=4)
        assert pins_sent(card) == [bytes.fromhex(VERIFY_PIN)]

    def test_the_last_try_is_never_spent(
        self, pytester: pytest.Pytester, card: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CARD_PIN", PIN)
        pyscard_reader.uninstall()
        last = Watched(card.personality, EmulatedCard.named("akis-2.2", "last-try").memory)
        pyscard_reader.install(last)
        arguments = [
            *ALLOWED,
            "--akis-traces",
            "traces",
            "--akis-secret",
            "pin=env:CARD_PIN",
            "-k",
            "traces and verify",
        ]
        result = run(pytester, *arguments, "--akis-allow-pin-commands")
        result.assert_outcomes(errors=1, deselected=5)
        result.stdout.fnmatch_lines(["*--allow-last-try of `akis replay` lets it through"])
        assert len(last.sent) > 1
        assert not pins_sent(last)


@pytest.mark.slow
def test_several_workers_get_no_real_card(pytester: pytest.Pytester, place: Path) -> None:
    pytester.makeconftest(
        "from akis.emulator import EmulatedCard, pyscard_reader\npyscard_reader.install(EmulatedCard.named())"
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *ALLOWED, "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: a real card takes one test at a time; run pytest without -n, or with -n 1"])
    pytester.runpytest_subprocess("-p", "no:cacheprovider", *ALLOWED, "-n", "1").assert_outcomes(passed=4)
    # One that a test names itself shows only when it runs.
    (place / "test_named.py").write_text("def test_it(akis_replay): akis_replay('state.jsonl', 'akis emulator 0')")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *ALLOWED[2:], "-n", "2", "test_named.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *PolicyRefused: a real card takes one test at a time; *"])


def test_through_a_pcsc_service(pytester: pytest.Pytester, inserted: InsertedCard) -> None:
    pytester.makepyfile("def test_card(akis_card):\n    assert akis_card.serial()[:4] == b'AKIS'")
    reader = ["--akis-hardware", inserted.reader]
    run(pytester, *reader, "--akis-serial", SERIAL).assert_outcomes(passed=1)
    run(pytester, *reader).assert_outcomes(errors=1)


def pins_sent(card: Watched) -> list[bytes]:
    return [command for command in card.sent if command.startswith(VERIFY) and len(command) > len(VERIFY)]
