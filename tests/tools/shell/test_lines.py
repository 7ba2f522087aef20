"""Scripts of the shell: what each command does on an emulated card, and where a script stops."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from akis.errors import SecureMessagingError
from tests.tools.apdu_runs import listen
from tests.tools.shell.shells import KEYS, Script, bench
from tools.__main__ import main
from tools.exit_codes import Exit
from tools.shell.lines import COMMANDS, do

README = Path(__file__).parents[3] / "README.md"
Run = Callable[..., Script]


def test_a_session_from_end_to_end(script: Run) -> None:
    done = script(
        "select 3D00",
        f"sm {KEYS}",
        "unblock --new-pin env:NEW",
        "apdu 00CA0106/00=9000",
        "status",
        "sm off",
        "verify --pin env:NEW",
        "reset",
        "expect 9000",
        reader="emulator:,blocked",
    )
    assert done.code == Exit.DONE
    assert "Secure session : open" in done.said("status")
    assert done.said("unblock --new-pin env:NEW") == ["The PIN is unblocked and the new one in force."]
    assert "secure messaging" in "\n".join(done.said("apdu 00CA0106/00=9000"))
    assert "VERIFY compares the PIN: a wrong one spends a try, 3 left." in done.err


def test_files_are_named_from_where_one_is(script: Run, tmp_path: Path) -> None:
    out = tmp_path / "odf.bin"
    done = script(
        "select 3D00",
        "cat 5031",
        "cat /3D00/5031",
        "select 5031",
        "cat",
        f"cat --out {out}",
        "select ..",
        "ls",
        "select --aid 504B43532D3135",
        "select 5032",
        "cat /2F00",
        "cat",
    )
    assert done.code == 0
    assert done.said("cat 5031") == done.said("cat /3D00/5031") == done.said("cat")
    assert out.read_bytes().hex(" ").upper()[:23] in done.said("cat")[0]
    assert any(line.startswith("3D00  PKCS-15  DF") for line in done.said("ls"))
    # What was read elsewhere does not change which file is current.
    assert "akis" in done.out.rpartition("> cat\n")[2].lower()


@pytest.mark.parametrize(
    ("lines", "code", "complaint"),
    [
        (["select 2FFF"], Exit.CARD_REFUSED, "line 1: SELECT of 2FFF failed: 6A82, file or application not found"),
        (["", "nonsense"], Exit.USAGE, "line 2: there is no such command; `help` lists them"),
        (["verify --pin env:WRONG"], Exit.PIN_REFUSED, "line 1: wrong PIN, 2 tries left"),
        (
            ["verify"],
            Exit.USAGE,
            "line 1: no terminal to ask for the PIN on; say where it comes from with --pin env:NAME",
        ),
        (
            ["unblock --use-puk"],
            Exit.POLICY_REFUSED,
            "line 1: the PUK was not used: its risk was not confirmed; nothing was sent",
        ),
        (
            ["apdu 84/08=6xxx"],
            Exit.DIFFERS,
            "line 1: command 1, GET CHALLENGE: 6xxx was expected, the card answered 9000, done",
        ),
        (["apdu 84/08", "expect 63Cx"], Exit.DIFFERS, "line 2: 63Cx was expected, the card answered 9000, done"),
        (["expect 9000"], Exit.USAGE, "line 1: the card has not answered anything yet"),
        (["cat 3D00"], Exit.USAGE, "line 1: 3D00 is a DF; `ls` lists what is in it"),
        (["select"], Exit.USAGE, "line 1: select takes a file, such as 3D00/2F10, or --aid HEX"),
        (["cat --recrod 1"], Exit.USAGE, "line 1: cat does not take that, or not in this form; see `help cat`"),
        (
            ["expect"],
            Exit.USAGE,
            "line 1: expect does not take that: the following arguments are required: SW; see `help expect`",
        ),
        (["cat '2F00"], Exit.USAGE, "line 1: a quotation mark in this line has no other end"),
        (["sm"], Exit.USAGE, "line 1: name the device keys, sm FILE, or give them to the whole shell with --sm-keys"),
        (["sm /no/such/file"], Exit.USAGE, "line 1: there is no such key file"),
        (["sm emulator:akis-2.5/issuer"], Exit.CARD_REFUSED, None),
        (["run /"], Exit.USAGE, "line 1: / cannot be read: Is a directory"),
        (["unblock"], Exit.USAGE, None),
        (["run /no/such/file"], Exit.USAGE, "line 1: there is no such script"),
        (["apdu 00200081:{env:PIN}"], Exit.POLICY_REFUSED, None),
    ],
)
def test_a_script_stops_at_the_first_error(script: Run, lines: list[str], code: Exit, complaint: str | None) -> None:
    done = script(*lines, "apdu 84/08")
    assert done.code == code
    assert done.out.count("> apdu 84/08\n") == lines.count("apdu 84/08")
    assert complaint is None or done.complaint == complaint
    assert "Traceback" not in done.err


def test_an_error_that_is_expected_is_none(script: Run) -> None:
    done = script("select 2FFF", "expect 6A82", "verify --pin env:WRONG", "", "# it counts", "expect 63Cx", "status")
    assert done.code == 0
    assert "PIN tries .....: 2" in done.said("status")


def test_an_error_that_is_not_the_expected_one(script: Run) -> None:
    done = script("select 2FFF", "expect 6A86", "status")
    assert (done.code, "> status" in done.out) == (Exit.DIFFERS, False)


def test_a_script_that_runs_another_has_its_exit_code(script: Run, tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.akis", tmp_path / "outer.akis"
    inner.write_text("apdu 84/08=9000\nexpect 6A82\napdu 84/08\n")
    outer.write_text(f"run {inner}\nstatus\n")
    done = script(f"run {outer}", "status")
    assert done.code == Exit.DIFFERS
    assert done.complaint == f"{inner}, line 2: 6A82 was expected, the card answered 9000, done"
    assert done.err.count("akis: ") == 1
    assert "> status" not in done.out


def test_a_script_that_runs_itself_comes_to_an_end(script: Run, tmp_path: Path) -> None:
    endless = tmp_path / "endless.akis"
    endless.write_text(f"run {endless}\n")
    done = script(f"run {endless}")
    assert (done.code, done.complaint.partition(": ")[2]) == (
        Exit.USAGE,
        "scripts run each other to a depth of 8 and no more",
    )


def test_exit_leaves_the_rest(script: Run) -> None:
    assert script("exit", "nonsense").code == 0


def test_help_knows_every_command(script: Run) -> None:
    done = script("help", *(f"help {command.name}" for command in COMMANDS))
    assert done.code == 0
    for command in COMMANDS:
        assert f"example: {command.example}" in done.said(f"help {command.name}")[-1]


def test_the_examples_are_understood(script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test.akis").write_text("apdu 84/08=9000\n")
    asks = ("verify", "change", "unblock", "exit")
    lines = [command.example for command in COMMANDS if command.name not in (*asks, "expect")]
    done = script(*lines, "verify --pin env:WRONG", "expect 63Cx")
    assert (done.code, done.err.count("akis: line")) == (0, 1)
    assert (tmp_path / "s.jsonl").is_file()


class TestSecretsOnALine:
    @pytest.mark.parametrize(
        "line",
        [
            "verify 123456",
            "verify --pin 123456",
            "verify --pin env:123456",
            "change 123456 61947385",
            "unblock --use-puk --puk 87654321",
            "apdu 00200081:313233343536",
            "apdu 0020008106313233343536",
            "apdu 00 20 00 81 06 31 32 33 34 35 36",
            "apdu 00200081083132333435",
            "apdu 10200081:313233",
            "apdu 00240081:{env:PIN}3132333435",
            "apdu 84/08 00200081:313233343536",
            "apdu --dry-run 00200081:313233343536",
            "123456",
        ],
    )
    def test_are_refused_and_reach_no_card(self, script: Run, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
        sent = listen(monkeypatch)
        done = script(line)
        assert (done.code, sent) == (Exit.USAGE, [])
        assert done.out == "", "a refused line is not shown again"

    @pytest.mark.parametrize(
        "line", ["apdu 00200081:{env:PIN}FFFF --yes", "apdu 00200081:04{env:PIN} --yes", "apdu 0020FF81", "apdu 84/08"]
    )
    def test_are_not_seen_where_there_are_none(self, script: Run, line: str) -> None:
        assert script(line).code == 0


def test_a_session_that_breaks_off_lets_nothing_out(script: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = listen(monkeypatch)
    done = script(f"sm {KEYS}", "apdu 84/08", "sm off", "apdu 84/08", "select /3D00")
    assert done.code == 0
    assert [raw[:2] for raw in sent[-3:]] == ["0C", "00", "00"]


def test_a_session_that_has_died_lets_nothing_out_until_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    on = bench()
    do(on, f"sm {KEYS}")
    assert on.card.session is not None
    on.card.session.close()
    sent = listen(monkeypatch)
    for line in ("apdu 84/08", "select app", "ls"):
        with pytest.raises(SecureMessagingError):
            do(on, line)
    assert (on.secure, sent) == ("dead", [])
    do(on, "sm off")
    do(on, "apdu 84/08")
    assert (on.secure, sent) == ("", ["0084000008"])


def test_the_example_of_the_readme(script: Run) -> None:
    [line] = [
        line for line in README.read_text("utf-8").splitlines() if line.endswith("| akis shell --reader emulator:")
    ]
    lines = shlex.split(line)[2:-5]
    assert lines[0] == "select app"
    done = script(*lines)
    assert (done.code, done.said(lines[-1])) == (0, ["6A82 came, as expected."])


def test_a_session_that_cannot_be_opened_is_none(script: Run) -> None:
    done = script("sm emulator:akis-2.5/issuer", "expect 6A80", "status")
    assert done.code == 0
    assert "Secure session : none" in done.said("status")
    assert "No secure session is open; what follows goes in the clear." in done.err


def test_what_another_directory_costs_is_said(script: Run) -> None:
    done = script("verify --pin env:PIN", "cat 5031", "status", "cat /2F00", "reset")
    assert "Verified ......: PIN" in done.said("status")
    assert "This left the DF, and the PIN is no longer verified." in done.err


def test_a_chain_over_two_lines_is_asked_about_at_its_end(script: Run) -> None:
    done = script("apdu 10200081:{env:PIN} --yes", "expect xxxx", "apdu 00200081")
    assert done.code == Exit.POLICY_REFUSED
    assert "Command 1, VERIFY" in done.err


def test_a_card_without_the_application(script: Run) -> None:
    done = script("status", "ls", reader="emulator:blank")
    assert done.code == 0
    assert not any(line.startswith("PIN tries") for line in done.said("status"))


def test_cards_of_the_first_generation(script: Run) -> None:
    done = script("ls", "select app", "verify --pin env:PIN --allow-last-try", "status", reader="emulator:akis-1.0")
    assert "Current file ..: 3D00" in done.said("status"), done.err


def test_input_that_is_no_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n")))
    assert main(["shell", "--reader", "emulator:"]) == Exit.USAGE
    assert capsys.readouterr().err == "akis: the script is no text in UTF-8\n"
