"""``akis pin`` on emulated cards: outcomes, exit codes, and what is said before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from akis.emulator import EmulatedCard, EmulatorTransport
from tools.__main__ import main

ISSUER, TERMINAL = ("--sm-keys", "emulator:akis-2.2/issuer"), ("--sm-keys", "emulator:akis-2.2/terminal")
SECRETS = {"PIN": "123456", "WRONG": "111111", "NEW": "2468", "PUK": "87654321", "WRONG_PUK": "00000000", "EMPTY": ""}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every command that reaches a card."""
    commands: list[bytes] = []
    process = EmulatedCard.process

    def listen(card: EmulatedCard, raw: bytes) -> bytes:
        commands.append(raw)
        return process(card, raw)

    monkeypatch.setattr(EmulatedCard, "process", listen)
    return commands


class Run:
    """One run of the command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        try:
            self.code = main(["pin", *arguments])
        except SystemExit as stopped:
            self.code = int(stopped.code or 0)
        self.out, self.err = capsys.readouterr()

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)


def test_status(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "status", "--reader", "emulator:,last-try")
    assert (run.code, run.out) == (0, "PIN tries left: 1\nPUK tries left: 3\n")
    assert Run(capsys, "status", "--reader", "emulator:", "--json").report["tries_left"] == {"PIN": 3, "PUK": 3}


@pytest.mark.parametrize("session", [(), TERMINAL])
def test_verify(capsys: pytest.CaptureFixture[str], session: tuple[str, ...]) -> None:
    run = Run(capsys, "verify", "--reader", "emulator:", "--pin", "env:PIN", *session)
    assert (run.code, run.out) == (0, "The PIN is right.\n")
    assert run.err == "VERIFY compares the PIN: a wrong one spends a try, 3 left.\n"


@pytest.mark.parametrize(
    ("reader", "pin", "code", "says"),
    [
        ("emulator:", "env:WRONG", 5, "wrong PIN, 2 tries left"),
        ("emulator:,blocked", "env:PIN", 6, "the PIN is blocked"),
        ("emulator:,last-try", "env:PIN", 9, "nothing was sent, --allow-last-try lets it through all the same"),
        ("emulator:,new", "env:PIN", 4, "6984"),
        ("emulator:", "env:PUK", 5, "wrong PIN"),
        ("emulator:", "env:EMPTY", 2, "empty or not there"),
        ("emulator:", "123456", 2, "never as an argument"),
        ("emulator:visa", "env:PIN", 2, "no personality 'visa'"),
    ],
)
def test_verify_that_fails(capsys: pytest.CaptureFixture[str], reader: str, pin: str, code: int, says: str) -> None:
    run = Run(capsys, "verify", "--reader", reader, "--pin", pin)
    assert run.code == code
    assert run.out == ""
    assert says in run.err.splitlines()[-1]


def test_no_try_is_announced_where_the_pin_is_blocked(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "verify", "--reader", "emulator:,blocked", "--pin", "env:PIN")
    assert run.err == "akis: the PIN is blocked; `akis pin unblock` puts a new one in force\n"


def test_the_last_try_on_explicit_wish(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "verify", "--reader", "emulator:,last-try", "--pin", "env:PIN", "--allow-last-try")
    assert run.code == 0


def test_json_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "verify", "--reader", "emulator:", "--pin", "env:WRONG", "--json")
    assert run.code == 5
    assert run.report["error"] == {"kind": "PinRefused", "message": "wrong PIN, 2 tries left", "tries_left": 2}


def test_change(capsys: pytest.CaptureFixture[str], sent: list[bytes]) -> None:
    run = Run(capsys, "change", "--reader", "emulator:", "--pin", "env:PIN", "--new-pin", "env:NEW")
    assert (run.code, run.out) == (0, "The PIN was changed.\n")
    assert "CHANGE REFERENCE DATA compares the old PIN" in run.err
    assert [command[1] for command in sent].count(0x24) == 1


def test_unblock_inside_secure_messaging(capsys: pytest.CaptureFixture[str], sent: list[bytes]) -> None:
    run = Run(capsys, "unblock", "--reader", "emulator:,blocked", "--new-pin", "env:NEW", *ISSUER, "--json")
    assert run.code == 0
    assert run.report["tries_left"] == {"PIN": 3, "PUK": 3}
    assert "RESET RETRY COUNTER to a random transport PIN, CHANGE REFERENCE DATA" in run.err
    pin_commands = [command for command in sent if command[1] in (0x20, 0x24, 0x2C)]
    assert [command[:4].hex() for command in pin_commands] == ["0c2c0281", "0c240081", "0c200081"]


def test_unblock_without_keys_sends_nothing(capsys: pytest.CaptureFixture[str], sent: list[bytes]) -> None:
    run = Run(capsys, "unblock", "--reader", "emulator:,blocked", "--new-pin", "env:NEW")
    assert run.code == 2
    assert "--sm-keys" in run.err
    assert sent == []


def test_the_terminal_may_not_unblock(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "unblock", "--reader", "emulator:,blocked", "--new-pin", "env:NEW", *TERMINAL)
    assert run.code == 4
    assert "6982" in run.err


def test_keys_of_another_card(capsys: pytest.CaptureFixture[str]) -> None:
    other = ("--sm-keys", "emulator:akis-2.5/issuer")
    run = Run(capsys, "unblock", "--reader", "emulator:,blocked", "--new-pin", "env:NEW", *other)
    assert (run.code, "6A80" in run.err) == (4, True)


def test_open_key_files_reach_no_card(capsys: pytest.CaptureFixture[str], sent: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text("")
    path.chmod(0o644)
    run = Run(capsys, "unblock", "--reader", "emulator:", "--new-pin", "env:NEW", "--sm-keys", str(path))
    assert (run.code, sent) == (9, [])
    assert "chmod 600" in run.err


def puk(capsys: pytest.CaptureFixture[str], *more: str, code: str = "env:PUK") -> Run:
    return Run(
        capsys, "unblock", "--reader", "emulator:,blocked", "--use-puk", "--puk", code, "--new-pin", "env:NEW", *more
    )


def test_the_puk_needs_its_risk_confirmed(capsys: pytest.CaptureFixture[str], sent: list[bytes]) -> None:
    run = puk(capsys)
    assert (run.code, sent) == (9, [])
    assert "the PUK was not used" in run.err


def test_the_puk_with_its_risk_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    run = puk(capsys, "--accept-puk-risk")
    assert (run.code, run.out) == (0, "The PIN is unblocked by the PUK, the new one in force.\n")
    assert "RESET RETRY COUNTER compares the PUK: a wrong one spends a try, 3 left." in run.err


def test_a_wrong_puk(capsys: pytest.CaptureFixture[str]) -> None:
    run = puk(capsys, "--accept-puk-risk", code="env:WRONG_PUK")
    assert (run.code, "wrong PUK, 2 tries left" in run.err) == (5, True)


def test_a_lost_answer_is_an_unknown_outcome(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    transmit = EmulatorTransport.transmit

    def lose(transport: EmulatorTransport, command: bytes) -> bytes:
        if command[1] == 0x20:
            transport.remove()
        return transmit(transport, command)

    monkeypatch.setattr(EmulatorTransport, "transmit", lose)
    run = Run(capsys, "verify", "--reader", "emulator:", "--pin", "env:PIN")
    assert run.code == 7
    assert "outcome is unknown" in run.err


def test_a_card_gone_after_it_accepted_is_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    transmit = EmulatorTransport.transmit

    def vanish(transport: EmulatorTransport, command: bytes) -> bytes:
        answer = transmit(transport, command)
        if command[1] == 0x24:
            transport.remove()
        return answer

    monkeypatch.setattr(EmulatorTransport, "transmit", vanish)
    run = Run(capsys, "change", "--reader", "emulator:", "--pin", "env:PIN", "--new-pin", "env:NEW", "--json")
    assert (run.code, run.report["tries_left"]) == (0, {"PIN": None, "PUK": None})


def test_no_secret_is_ever_printed(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        Run(capsys, "verify", "--reader", "emulator:", "--pin", "env:WRONG", "--json"),
        Run(capsys, "change", "--reader", "emulator:", "--pin", "env:PIN", "--new-pin", "env:NEW"),
        puk(capsys, "--accept-puk-risk", code="env:WRONG_PUK"),
    ]
    for run in runs:
        for secret in filter(None, SECRETS.values()):
            assert secret not in run.out + run.err


@pytest.mark.parametrize("short", ["--allow", "--allow-last", "--accept"])
def test_permissions_are_written_out(capsys: pytest.CaptureFixture[str], sent: list[bytes], short: str) -> None:
    run = Run(capsys, "verify", "--reader", "emulator:,last-try", "--pin", "env:PIN", short)
    assert (run.code, sent) == (2, [])


def test_a_pin_as_an_argument_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(capsys, "verify", "246813")
    assert run.code == 2
    assert "246813" not in run.err


def test_an_interruption_after_the_command_left_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    transmit = EmulatorTransport.transmit

    def interrupt(transport: EmulatorTransport, command: bytes) -> bytes:
        answer = transmit(transport, command)
        if command[1] == 0x20:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(EmulatorTransport, "transmit", interrupt)
    run = Run(capsys, "verify", "--reader", "emulator:", "--pin", "env:PIN")
    assert run.code == 130
    assert "its outcome is unknown: look at `akis pin status`" in run.err
