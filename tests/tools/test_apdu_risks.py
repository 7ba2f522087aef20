"""``akis apdu`` and the tries of a card: what is asked about first, what is unknown after, and what stays hidden."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from akis.emulator import EmulatedCard
from akis.errors import CardRemoved
from tests.leaks import leaks
from tests.tools.apdu_runs import EMULATED, PIN, PUK, SELECT, VERIFY, WRONG, Run, listen, set_values
from tests.tools.somebody_types import Terminal
from tools.exit_codes import Exit


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    set_values(monkeypatch)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return listen(monkeypatch)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    return lambda *arguments: Run(capsys, *arguments)


class TestRisks:
    @pytest.mark.parametrize(
        ("command", "what", "option"),
        [
            (VERIFY, "VERIFY, compares the PIN", "--yes"),
            ("80200081:{env:PIN}", "VERIFY, compares the PIN", "--yes"),
            ("10200081:313233", "VERIFY, compares the PIN", "--yes"),
            ("0020008106313233", "VERIFY, malformed, compares the PIN", "--yes"),
            ("0C200081:8E081122334455667788/00", "VERIFY, compares the PIN", "--yes"),
            ("00200081", "VERIFY, may compare the PIN on some cards", "--yes"),
            ("00240201:{env:PIN}", "CHANGE REFERENCE DATA, compares the PIN", "--yes"),
            ("00820000:1122/48", "MUTUAL AUTHENTICATE, proves a key", "--yes"),
            ("00200082:{env:PUK}", "VERIFY, compares the PUK", "--accept-puk-risk"),
            ("002C0081:{env:PUK}{env:PIN}", "RESET RETRY COUNTER, compares the PUK", "--accept-puk-risk"),
        ],
    )
    def test_without_a_yes_nothing_at_all_is_sent(
        self, run: Callable[..., Run], sent: list[str], command: str, what: str, option: str
    ) -> None:
        done = run(SELECT, command, *EMULATED)
        assert (done.code, done.out, sent) == (Exit.POLICY_REFUSED, "", [])
        assert f"Command 2, {what}" in done.err
        assert f"nothing was sent, {option} lets it through" in done.err
        assert run(SELECT, command, option, *EMULATED).code == 0
        assert len(sent) == 2

    def test_a_yes_for_the_pin_is_none_for_the_puk(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run("002C0181:{env:PUK}", "--yes", *EMULATED)
        assert (done.code, sent) == (Exit.POLICY_REFUSED, [])

    def test_what_is_harmless_needs_none(self, run: Callable[..., Run]) -> None:
        assert run(SELECT, "0020FF81", "002C0381", "00240181:32343638", "84/08", *EMULATED).code == 0

    def test_on_akis_1_a_new_value_alone_is_an_old_one_too(self, run: Callable[..., Run]) -> None:
        done = run("00240101:0431323334", "--reader", "emulator:akis-1.0")
        assert done.code == Exit.POLICY_REFUSED
        assert "may compare the PIN on some cards, and spend a try" in done.err

    def test_a_lost_answer_leaves_the_outcome_unknown(
        self, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def pulled(_: EmulatedCard, raw: bytes) -> bytes:
            if raw[1] == 0x20:
                raise CardRemoved("the card was taken out; put it back")
            return b"\x90\x00"

        monkeypatch.setattr(EmulatedCard, "process", pulled)
        done = run(SELECT, VERIFY, "84/08", "--yes", *EMULATED)
        assert done.code == Exit.PIN_OUTCOME_UNKNOWN
        assert "its outcome is unknown: the card was taken out; it was not sent again" in done.err
        assert "   X no answer, CardRemoved" in done.out
        in_json = run(SELECT, VERIFY, "--yes", "--json", *EMULATED)
        assert in_json.report["error"]["kind"] == "PinOutcomeUnknown"
        assert in_json.report["commands"][1]["exchanges"][0]["error"]["kind"] == "CardRemoved"

    def test_a_lost_answer_to_another_command_is_no_question_of_the_pin(
        self, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def pulled(_: EmulatedCard, raw: bytes) -> bytes:
            raise CardRemoved("the card was taken out; put it back")

        monkeypatch.setattr(EmulatedCard, "process", pulled)
        assert run("84/08", *EMULATED).code == Exit.NO_CARD


class TestAsking:
    def test_a_word_lets_it_through(self) -> None:
        terminal = Terminal("apdu", SELECT, "00200081:{env:WRONG}=63C2", *EMULATED)
        terminal.answer("Type SEND to go on: ", "SEND")
        assert terminal.end() == 0
        assert "Command 2, VERIFY, compares the PIN: a wrong one spends a try." in terminal.shown
        assert not leaks(terminal.shown, [WRONG])

    @pytest.mark.parametrize(
        ("command", "prompt", "typed"),
        [
            (VERIFY, "Type SEND to go on: ", "yes"),
            ("002C0181:{env:PUK}", "Type DESTROY to go on: ", "SEND"),
        ],
    )
    def test_any_other_does_not(self, command: str, prompt: str, typed: str) -> None:
        terminal = Terminal("apdu", SELECT, command, *EMULATED)
        terminal.answer(prompt, typed)
        assert terminal.end() == Exit.POLICY_REFUSED
        assert "nothing was sent" in " ".join(terminal.lines)
        assert "GET DATA" not in terminal.shown


class TestSecrets:
    def test_a_value_from_the_environment_goes_to_pin_commands_alone(
        self, run: Callable[..., Run], sent: list[str]
    ) -> None:
        done = run("00D60000:{env:PIN}", *EMULATED)
        assert (done.code, sent) == (Exit.USAGE, [])
        assert "UPDATE BINARY shows its data" in done.err

    def test_one_that_is_not_there(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run("00200081:{env:EMPTY}", "--yes", *EMULATED)
        assert (done.code, sent) == (Exit.USAGE, [])
        assert "from env:EMPTY is empty or not there" in done.err

    def test_pins_are_hidden_in_what_is_printed_and_recorded(self, run: Callable[..., Run], tmp_path: Path) -> None:
        trace = tmp_path / "session.jsonl"
        digits = PIN.encode().hex()
        words = (SELECT, f"00200081:{digits}=9000", f"002C0181:{PUK.encode().hex()}")
        assert run(*words, "--yes", "--accept-puk-risk", "--trace", str(trace), *EMULATED).code == 0
        assert not leaks(trace.read_text(), [PIN, PUK])
        assert len(trace.read_text().splitlines()) == 4
        assert run(*words, "--yes", "--accept-puk-risk", "--json", *EMULATED).code == 0

    def test_one_inside_envelope_is_hidden_too(self, run: Callable[..., Run]) -> None:
        digits = PIN.encode().hex()
        for command in (f"00C20000:0020008106{digits}", f"10C20000:002000810A{digits}"):
            assert f"{'** ' * 5}**" in run(command, "--dry-run").out
            assert run(command, *EMULATED).code == Exit.POLICY_REFUSED
