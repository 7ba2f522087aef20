"""``akis apdu`` on emulated cards: what is sent, what is shown, and when nothing is sent."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import CardRemoved
from tests.leaks import leaks
from tests.pcsc_service import InsertedCard
from tests.tools.somebody_types import Terminal
from tools.__main__ import main
from tools.exit_codes import Exit

PIN, WRONG, PUK = "123456", "918273", "87654321"
SELECT = "00A4040C:504B43532D3135=9000"
VERIFY = "00200081:{env:PIN}"
EMULATED = ("--reader", "emulator:")
INSIDE = ("--sm-keys", "emulator:akis-2.2/issuer")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PIN": PIN, "WRONG": WRONG, "PUK": PUK, "EMPTY": ""}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command that reaches a card, in hex."""
    commands: list[str] = []
    process = EmulatedCard.process

    def listen(card: EmulatedCard, raw: bytes) -> bytes:
        commands.append(raw.hex().upper())
        return process(card, raw)

    monkeypatch.setattr(EmulatedCard, "process", listen)
    return commands


class Run:
    """One run of the command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        try:
            self.code = main(["apdu", *arguments])
        except SystemExit as stopped:
            self.code = int(stopped.code or 0)
        self.out, self.err = capsys.readouterr()
        assert not leaks(self.out + self.err, [PIN, WRONG, PUK])

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)

    @property
    def headings(self) -> list[str]:
        return [line.strip("- ") for line in self.out.splitlines() if line.startswith("----")]

    @property
    def titles(self) -> list[str]:
        """The line of each exchange, without its time."""
        return [line.partition("  at ")[0].strip() for line in self.out.splitlines() if line[1:5].strip().isdigit()]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    return lambda *arguments: Run(capsys, *arguments)


def test_commands_go_out_as_written_and_every_field_is_named(run: Callable[..., Run], sent: list[str]) -> None:
    done = run(SELECT, "00CA0104/00=", "84/08", *EMULATED)
    assert done.code == 0
    assert sent == ["00A4040C07504B43532D3135", "00CA010400", "0084000008"]
    assert done.headings == ["command 1 of 3, 9000 expected", "command 2 of 3, 9000 expected", "command 3 of 3"]
    assert done.titles == ["1  SELECT", "2  GET DATA", "3  GET CHALLENGE"]
    assert '        data         50 4B 43 53 2D 31 35    "PKCS-15"\n' in done.out
    assert "        life cycle   A5                      operation\n" in done.out
    assert done.out.splitlines()[:3] == [
        "Reader ...: emulator, akis-2.2",
        "ATR ......: 3B9F978131FE4580655443D2210831C073F6218081055B",
        "Profile ..: AKİS 2.x",
    ]
    assert done.out.splitlines()[-1] == "3 commands, 3 exchanges; 2 expected status words came."
    assert max(map(len, done.out.splitlines())) <= 80


def test_plain_hex_goes_out_though_it_is_no_command(run: Callable[..., Run], sent: list[str]) -> None:
    done = run("00A40400093F00=67xx", "00B0000000000100", *EMULATED)
    assert sent[0] == "00A40400093F00"
    assert sent[1] == "00B0000000000100"
    assert "bytes that are no command" in done.titles[0]


def test_no_expectation_means_that_any_answer_will_do(run: Callable[..., Run], sent: list[str]) -> None:
    assert run("00A40000:1234", "84/08", *EMULATED).code == 0
    assert len(sent) == 2


class TestExpectations:
    def test_the_first_that_does_not_come_ends_the_run(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run(SELECT, "00A40000:1234=9000", "84/08", "84/08", *EMULATED)
        assert done.code == Exit.DIFFERS
        assert len(sent) == 2
        assert done.err == (
            "akis: command 2, SELECT: 9000 was expected, the card answered 6A82, file or application not found; "
            "2 commands more not sent\n"
        )
        assert done.headings[-1] == "command 2 of 4, 9000 expected, which did not come"

    def test_wildcards(self, run: Callable[..., Run]) -> None:
        assert run(SELECT, "00200081:{env:WRONG}=63cx", "--yes", *EMULATED).code == 0
        assert run("00A40000:1234=6Axx", "00A40000:1234=xxxx", *EMULATED).code == 0
        assert run("00A40000:1234=6Bxx", *EMULATED).code == Exit.DIFFERS

    def test_in_json(self, run: Callable[..., Run]) -> None:
        done = run("00A40000:1234=9000", *EMULATED, "--json")
        assert done.code == Exit.DIFFERS
        assert done.report["outcome"] == "differs"
        assert done.report["message"] in done.err
        [command] = done.report["commands"]
        assert (command["expected"], command["sw"], command["fits"]) == ("9000", "6A82", False)


class TestHelp:
    """What akis sends besides what was written: a card that answers 61XX and 6CXX."""

    @pytest.fixture(autouse=True)
    def card(self, monkeypatch: pytest.MonkeyPatch, sent: list[str]) -> list[str]:
        def process(_: EmulatedCard, raw: bytes) -> bytes:
            sent.append(raw.hex().upper())
            answers = {"00B0000000": "6C03", "00B0000003": "0102036102", "00C0000002": "04059000"}
            return bytes.fromhex(answers[raw.hex().upper()])

        monkeypatch.setattr(EmulatedCard, "process", process)
        return sent

    def test_is_shown_as_such(self, run: Callable[..., Run], card: list[str]) -> None:
        done = run("B0/00=9000", *EMULATED)
        assert done.code == 0
        assert card == ["00B0000000", "00B0000003", "00C0000002"]
        assert done.titles[0] == "~   1  READ BINARY"
        assert "2  READ BINARY, sent again by akis, with the Le that the card asks for" in done.out
        assert "3  GET RESPONSE, goes on with the answer to 2, sent by akis" in done.out
        exchanges = run("B0/00", "--json", *EMULATED).report["commands"][0]["exchanges"]
        assert [exchange["by"] for exchange in exchanges] == ["written", "akis", "akis"]

    def test_is_not_given_where_nobody_wants_it(self, run: Callable[..., Run], card: list[str]) -> None:
        assert run("B0/00=6C03", "B0/03=61xx", "00C00000/02=", "--no-get-response", *EMULATED).code == 0
        assert card == ["00B0000000", "00B0000003", "00C0000002"]


class TestScripts:
    SCRIPT = f"# a card of ours\n{SELECT}\n\n84/08 = 9000  # a challenge\n"

    def test_from_a_file(self, run: Callable[..., Run], sent: list[str], tmp_path: Path) -> None:
        script = tmp_path / "commands.apdu"
        script.write_text(self.SCRIPT)
        assert run("--script", str(script), *EMULATED).code == 0
        assert sent == ["00A4040C07504B43532D3135", "0084000008"]

    def test_from_standard_input(
        self, run: Callable[..., Run], sent: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(self.SCRIPT.encode())))
        assert run("-", *EMULATED).code == 0
        assert len(sent) == 2

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (b"84/08\nnonsense\n", "line 2 of the script is not [CLA]INS[P1P2][:DATA][/LE][=SW], nor a command in"),
            (b"# nothing\n", "there is no command to send"),
            (b"\xff\xfe", "is no text in UTF-8"),
            (b"#" * ((1 << 20) + 1), "has more than 1048576 bytes"),
        ],
    )
    def test_nothing_is_sent_of_one_that_is_wrong(
        self, run: Callable[..., Run], sent: list[str], tmp_path: Path, content: bytes, complaint: str
    ) -> None:
        script = tmp_path / "commands.apdu"
        script.write_bytes(content)
        done = run("--script", str(script), *EMULATED)
        assert (done.code, sent) == (Exit.USAGE, [])
        assert complaint in done.err

    def test_one_that_is_not_there(self, run: Callable[..., Run], tmp_path: Path) -> None:
        done = run("--script", str(tmp_path / "none"), *EMULATED)
        assert done.code == Exit.USAGE
        assert "cannot be read: No such file or directory" in done.err

    @pytest.mark.parametrize("words", [(), ("84", "-"), ("84", "--script", "x")])
    def test_either_commands_or_a_script(self, run: Callable[..., Run], words: tuple[str, ...]) -> None:
        assert run(*words, *EMULATED).code == Exit.USAGE


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


class TestInsideASecureSession:
    def test_plain_and_wire_are_shown(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run("00CA0104/00=", "00200081:{env:PIN}=9000", "--yes", *INSIDE, *EMULATED)
        assert done.code == 0, done.err
        assert done.headings[0] == "the secure session is opened"
        assert done.titles[-4:] == [
            "6  GET DATA, in plain",
            "6  GET DATA, secure messaging",
            "7  VERIFY, in plain",
            "7  VERIFY, secure messaging",
        ]
        assert " ".join(done.out.split()).count("sent by akis to open the session") == 5
        assert [command[:4] for command in sent[-2:]] == ["0CCA", "0C20"]
        assert "DO'87'" in done.out
        assert done.out.splitlines()[-1] == "2 commands, 7 exchanges; 2 expected status words came."

    def test_the_expected_status_word_is_the_authenticated_one(self, run: Callable[..., Run]) -> None:
        assert run("00200081:{env:WRONG}=63C2", "--yes", *INSIDE, *EMULATED).code == 0

    def test_in_json(self, run: Callable[..., Run]) -> None:
        report = run("00CA0104/00", "--json", *INSIDE, *EMULATED).report
        opening, command = report["commands"]
        assert opening["number"] is None
        assert {exchange["by"] for exchange in opening["exchanges"]} == {"akis"}
        assert [(shown["plain"], shown["by"]) for shown in command["exchanges"]] == [
            (True, "written"),
            (False, "written"),
        ]
        assert [shown["command"]["bytes"][:5] for shown in command["exchanges"]] == ["00 CA", "0C CA"]

    def test_what_is_too_long_is_cut_and_shown_as_such(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run("00D60000:" + "AB" * 300, *INSIDE, *EMULATED)
        assert done.code == 0
        assert [command[:4] for command in sent[-2:]] == ["1CD6", "0CD6"]
        assert "link 1 of a chain" in done.out

    @pytest.mark.parametrize(
        ("command", "complaint"),
        [
            ("00A40400093F00", "cannot go inside a secure session"),
            ("0CCA0104:8E081122334455667788/00", "is protected already"),
        ],
    )
    def test_what_no_session_takes_is_refused_before(
        self, run: Callable[..., Run], sent: list[str], command: str, complaint: str
    ) -> None:
        done = run("84/08", command, *INSIDE, *EMULATED)
        assert (done.code, sent) == (Exit.USAGE, [])
        assert complaint in done.err

    def test_a_card_without_secure_messaging(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run("84/08", *INSIDE, "--reader", "emulator:akis-1.0")
        assert (done.code, sent) == (Exit.POLICY_REFUSED, [])

    def test_a_session_that_fails_shows_how_far_it_came(self, run: Callable[..., Run]) -> None:
        done = run("84/08", "--sm-keys", "emulator:akis-2.5/issuer", *EMULATED)
        assert done.code != 0
        assert done.titles[0].startswith("1  SELECT")


class TestDryRun:
    def test_shows_and_sends_nothing(self, run: Callable[..., Run], sent: list[str]) -> None:
        done = run(SELECT, VERIFY, "00200081", "00A40400093F00", "--dry-run")
        assert (done.code, sent) == (0, [])
        assert done.headings == [
            "command 1 of 4, 9000 expected",
            "command 2 of 4, can spend a try of the PIN",
            "command 3 of 4, on some cards can spend a try of the PIN",
            "command 4 of 4",
        ]
        assert "   → 00 20 00 81 06 ** ** ** ** ** **\n" in done.out
        assert "←" not in done.out
        assert done.out.splitlines()[-1] == "4 commands, of which nothing was sent."

    def test_in_json(self, run: Callable[..., Run]) -> None:
        report = run(SELECT, VERIFY, "--dry-run", "--json").report
        assert (report["dry_run"], report["outcome"]) == (True, "not sent")
        assert [command["tries_of"] for command in report["commands"]] == [None, "PIN"]
        assert report["commands"][0]["exchanges"][0]["command"]["bytes"] == "00 A4 04 0C 07 50 4B 43 53 2D 31 35"

    def test_it_does_not_look_for_a_reader(self, run: Callable[..., Run]) -> None:
        assert run("84/08", "--dry-run", "--reader", "no such reader").code == 0


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


class TestRecordings:
    @pytest.fixture
    def recorded(self, run: Callable[..., Run], tmp_path: Path) -> str:
        trace = tmp_path / "session.jsonl"
        assert run(SELECT, "00CA0104/00", "--trace", str(trace), *EMULATED).code == 0
        return f"replay:{trace}"

    def test_a_recording_in_a_cards_place(self, run: Callable[..., Run], recorded: str) -> None:
        assert run(SELECT, "00CA0104/00=", "--reader", recorded).code == 0

    def test_another_command_than_was_recorded(self, run: Callable[..., Run], recorded: str) -> None:
        assert run(SELECT, "84/08", "--reader", recorded).code == Exit.DIFFERS

    def test_another_status_word_than_was_expected(self, run: Callable[..., Run], recorded: str) -> None:
        done = run("00A4040C:504B43532D3135=6Axx", "00CA0104/00", "--reader", recorded)
        assert done.code == Exit.DIFFERS
        assert done.err.startswith("akis: command 1, SELECT: 6Axx was expected, the card answered 9000, done")
        assert done.err.count("akis: ") == 1


def test_through_the_pcsc_service(run: Callable[..., Run], inserted: InsertedCard, sent: list[str]) -> None:
    done = run(SELECT, "00A40400093F00=67xx", "00200081:{env:WRONG}=63C2", "--yes", "--reader", inserted.reader)
    assert done.code == 0, done.err
    assert sent[:2] == ["00A4040C07504B43532D3135", "00A40400093F00"]


def test_all_goes_in_one_transaction(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    process = EmulatedCard.process

    @contextmanager
    def transaction(_: EmulatorTransport) -> Any:
        seen.append("begin")
        yield
        seen.append("end")

    def listen(card: EmulatedCard, raw: bytes) -> bytes:
        seen.append("sent")
        return process(card, raw)

    monkeypatch.setattr(EmulatorTransport, "transaction", transaction)
    monkeypatch.setattr(EmulatedCard, "process", listen)
    assert run("84/08", "84/08", *EMULATED).code == 0
    assert seen == ["begin", "sent", "sent", "end"]
