"""``akis apdu`` on emulated cards: what is sent and what is shown."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from akis.emulator import EmulatedCard, EmulatorTransport
from tests.pcsc_service import InsertedCard
from tests.tools.apdu_runs import EMULATED, INSIDE, SELECT, VERIFY, Run, listen, set_values
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
