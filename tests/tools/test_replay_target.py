"""``--reader replay:FILE``: a recorded session in the place of the card, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.akis_process import key_file
from tools.__main__ import main

ISSUER, TERMINAL = ("--sm-keys", "emulator:akis-2.2/issuer"), ("--sm-keys", "emulator:akis-2.2/terminal")
HIDDEN = "Note: the recording hides its PINs and PUKs, so those given now were compared with nothing."
SECRETS = {"PIN": "123456", "WRONG": "111111", "NEW": "2468", "OTHER": "1357", "LONG": "24680"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


class Run:
    """One run of the command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        self.code = main(arguments)
        self.out, self.err = capsys.readouterr()

    @property
    def complaint(self) -> str:
        """The last line that it said."""
        return self.err.splitlines()[-1].removeprefix("akis: ")


def record(capsys: pytest.CaptureFixture[str], path: Path, card: str, *arguments: str) -> Run:
    run = Run(capsys, *arguments, "--reader", card, "--trace", str(path))
    assert path.exists()
    return run


@pytest.mark.parametrize(
    ("card", "arguments"),
    [
        ("emulator:", ("info",)),
        ("emulator:akis-2.5,last-try", ("info", "--json")),
        ("emulator:,dead", ("info",)),
        ("emulator:", ("pin", "status")),
        ("emulator:,extended", ("pin", "status", "--json")),
        ("emulator:", ("pin", "status", *TERMINAL)),
        ("emulator:", ("pin", "verify", "--pin", "env:PIN")),
        ("emulator:", ("pin", "verify", "--pin", "env:WRONG")),
        ("emulator:,blocked", ("pin", "verify", "--pin", "env:PIN")),
        ("emulator:,20=6982", ("pin", "verify", "--pin", "env:PIN")),
        ("emulator:akis-2.5", ("pin", "change", "--pin", "env:PIN", "--new-pin", "env:NEW")),
        ("emulator:,blocked", ("pin", "unblock", "--new-pin", "env:NEW", *ISSUER)),
        ("emulator:,blocked,extended", ("pin", "unblock", "--new-pin", "env:NEW", *ISSUER)),
        ("emulator:akis-2.5,new", ("pin", "unblock", "--new-pin", "env:NEW", "--sm-keys", "emulator:akis-2.5/issuer")),
        ("emulator:,24=6985", ("pin", "unblock", "--new-pin", "env:NEW", *ISSUER)),
    ],
)
def test_what_was_recorded_ends_the_same_way(
    card: str, arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trace"
    first = record(capsys, path, card, *arguments)
    again = Run(capsys, *arguments, "--reader", f"replay:{path}")
    said = again.err.splitlines()
    sends_pin = arguments[:2] not in (("info",), ("info", "--json"), ("pin", "status")) and card != "emulator:,blocked"
    assert said.count(HIDDEN) == (sends_pin or "unblock" in arguments)
    assert (again.code, [line for line in said if line != HIDDEN]) == (first.code, first.err.splitlines())
    name = "emulator, akis-2.5" if "2.5" in card else "emulator, akis-2.2"
    assert again.out.replace(f"replay:{path}", name) == first.out


def test_any_pin_of_the_same_length_will_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trace"
    record(capsys, path, "emulator:,blocked", "pin", "unblock", "--new-pin", "env:NEW", *ISSUER)
    unblock = ("pin", "unblock", "--reader", f"replay:{path}", *ISSUER, "--new-pin")
    assert Run(capsys, *unblock, "env:OTHER").code == 0
    run = Run(capsys, *unblock, "env:LONG")
    assert run.code == 10
    assert run.complaint.startswith("exchange 7, CHANGE REFERENCE DATA: length: ")


def test_keys_may_come_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trace"
    unblock = ("pin", "unblock", "--new-pin", "env:NEW", "--sm-keys", str(key_file(tmp_path / "keys")))
    assert record(capsys, path, "emulator:,blocked", *unblock).code == 0
    assert Run(capsys, *unblock, "--reader", f"replay:{path}").code == 0
    other = key_file(tmp_path / "other", enc="00" * 16, mac="11" * 16)
    run = Run(capsys, *unblock[:-1], str(other), "--reader", f"replay:{path}")
    assert run.code == 2
    assert run.complaint == (
        "exchange 5, MUTUAL AUTHENTICATE: the keys given do not open the recorded authentication; "
        "name those of its session"
    )


class TestDifferences:
    def test_another_command(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "trace"
        record(capsys, path, "emulator:", "info")
        run = Run(capsys, "pin", "status", "--reader", f"replay:{path}")
        assert (run.code, run.out) == (10, "")
        assert run.complaint.startswith("exchange 2, GET DATA: INS: recorded CA")
        assert run.complaint.endswith(
            "; this recording holds other commands than were asked for now, so use it with the tool and the options "
            "that made it"
        )

    def test_exchanges_that_were_not_asked_for(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "trace"
        record(capsys, path, "emulator:", "pin", "status")
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines, lines[-1], lines[-2]]))
        run = Run(capsys, "pin", "status", "--reader", f"replay:{path}")
        assert (run.code, run.out) == (10, "")
        assert run.complaint == "2 recorded exchanges were not asked for; the next is exchange 4, GET DATA"

    def test_one_after_the_pin_was_accepted(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "trace"
        record(capsys, path, "emulator:", "pin", "verify", "--pin", "env:PIN")
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
        run = Run(capsys, "pin", "verify", "--reader", f"replay:{path}", "--pin", "env:PIN")
        assert (run.code, run.out) == (10, "")
        assert run.complaint.endswith("recorded nothing more, now GET DATA")

    def test_one_at_the_pin_itself(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "trace"
        record(capsys, path, "emulator:", "pin", "verify", "--pin", "env:PIN")
        run = Run(capsys, "pin", "verify", "--reader", f"replay:{path}", "--pin", "env:LONG", "--json")
        assert run.code == 10
        assert '"kind": "ReplayDiffers"' in run.out
        assert "other commands" not in run.err
        assert not any(secret in run.out + run.err for secret in SECRETS.values())

    def test_a_session_where_none_was_recorded(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "trace"
        record(capsys, path, "emulator:", "pin", "status")
        run = Run(capsys, "pin", "status", "--reader", f"replay:{path}", *ISSUER)
        assert run.code == 10
        assert run.complaint.startswith("exchange 2, GET DATA: INS: recorded CB")


def test_what_is_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "damaged"
    record(capsys, damaged, "emulator:", "pin", "status")
    damaged.write_text(damaged.read_text() + "nothing\n")
    (tmp_path / "text").write_text("nothing\n")
    for name in ("missing", "text", "damaged", "."):
        run = Run(capsys, "pin", "status", "--reader", f"replay:{tmp_path / name}")
        assert (run.code, run.out) == (2, ""), name
        assert len(run.err.splitlines()) == 1
    assert Run(capsys, "info", "--reader", "replay:").complaint == "replay: names no trace; write replay:FILE"


def test_the_help_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["info", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "replay:FILE, a recorded session" in shown
    assert "emulator:[NAME][,STATE][,extended][,INS=SW]" in shown
