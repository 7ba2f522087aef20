"""The command line itself: finding subcommands, start-up, and what becomes of errors."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from akis import errors
from tools.__main__ import main
from tools.authority import ACTIONS
from tools.commands import SUBCOMMANDS, Subcommand
from tools.exit_codes import Exit, exit_code

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("asn1crypto", "construct", "cryptography", "prompt_toolkit", "rich", "smartcard")
HEAVY += ("alembic", "argon2", "fastapi", "httpx", "pkcs11", "psycopg", "sqlalchemy", "uvicorn", "websockets")

CODES = [
    (errors.AkisError("odd"), 1),
    (errors.CodecError("cut off", 3), 1),
    (errors.InvalidArgument("too long"), 2),
    (errors.WrongType("not bytes"), 2),
    (errors.ProfileError("akis.toml: no such field"), 2),
    (errors.NoReader("no reader"), 3),
    (errors.NoCard("no card"), 3),
    (errors.CardRemoved("the card was removed"), 3),
    (errors.CardError("SELECT refused", 0x6A82), 4),
    (errors.PinRefused("PIN", 2), 5),
    (errors.PinBlocked("PIN"), 6),
    (errors.PinOutcomeUnknown("PIN", "the card was removed"), 7),
    (errors.SecureMessagingError("wrong MAC"), 8),
    (errors.PolicyRefused("one try left"), 9),
    (errors.PinFormatError("too short"), 9),
    (errors.AuthorityUnreachable("nothing answers"), 11),
    (errors.AuthorityRefused("code_expired", "this code has expired"), 11),
]


Run = Callable[[argparse.Namespace], int]
Trial = Callable[[Run], None]


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Trial:
    """Makes ``akis trial --count N`` a subcommand that does what the test says."""

    def set_up(run: Run) -> None:
        def configure(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--count", type=int, default=0)

        monkeypatch.setitem(SUBCOMMANDS, "trial", Subcommand("trial", "try it"))
        monkeypatch.setitem(sys.modules, "tools.trial", SimpleNamespace(configure=configure, run=run))

    return set_up


def test_a_subcommand_gets_its_arguments_and_gives_the_exit_code(trial: Trial) -> None:
    trial(lambda args: args.count)
    assert main(["trial", "--count", "10"]) == Exit.DIFFERS


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"akis {version('akis')}\n"


@pytest.mark.parametrize("argv", [["--version", "--json"], ["--json", "--version"]])
def test_versions_for_programs(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["command"]) == (1, "version")
    assert {name: said["versions"][name] for name in ("akis", "Python", "pyscard", "cryptography", "construct")} == {
        "Python": platform.python_version(),
        **{name: version(name) for name in ("akis", "pyscard", "cryptography", "construct")},
    }
    assert "pcsc-lite" in said["versions"]


@pytest.mark.parametrize("argv", [[], ["no-such-thing"], ["--json"], ["--no-such-option"], ["--vers"]])
def test_usage_errors(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == Exit.USAGE
    assert "akis: error: " in capsys.readouterr().err


def test_help_lists_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(name in out for name in SUBCOMMANDS)


@pytest.mark.parametrize(
    "argv",
    [["--help"], *([name, "--help"] for name in SUBCOMMANDS), *(["authority", name, "--help"] for name in ACTIONS)],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    code = f"""
import sys
from tools.__main__ import main
try:
    main({argv})
except SystemExit:
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stderr == "[]\n"


@pytest.mark.parametrize(("error", "code"), CODES, ids=[type(error).__name__ for error, _ in CODES])
def test_an_error_is_one_sentence_and_an_exit_code(
    trial: Trial, error: errors.AkisError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise error

    trial(run)
    assert main(["trial"]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.removesuffix("\n").split("; ")[0] == f"akis: {error}".split("; ")[0], "more than advice was added"


def test_an_unexpected_error_is_not_hidden(trial: Trial) -> None:
    trial(lambda args: 1 // args.count)
    with pytest.raises(ZeroDivisionError):
        main(["trial"])
    assert exit_code(ZeroDivisionError()) == Exit.UNEXPECTED


def test_ctrl_c_is_quiet(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    def run(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    trial(run)
    assert main(["trial"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_stops_reading_is_no_drama() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as stdout:
        run = subprocess.run(
            [sys.executable, "-m", "tools", "--version"], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True
        )
    assert (run.returncode, run.stderr) == (Exit.BROKEN_PIPE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_cannot_be_written_hides_no_outcome() -> None:
    arguments = ["pin", "verify", "--json", "--reader", "emulator:", "--pin", "env:WRONG_PIN"]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "tools", *arguments],
            cwd=ROOT,
            env={**os.environ, "WRONG_PIN": "999999"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert run.returncode == Exit.PIN_REFUSED
    assert "wrong PIN, 2 tries left" in run.stderr
