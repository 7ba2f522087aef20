"""``tools/bootstrap`` on made-up machines: what they have is what one directory, their whole PATH, holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BOOTSTRAP = ROOT / "tools/bootstrap"

# Answers questions as the real interpreter does, but a .venv it makes holds nothing except the two programs below.
PYTHON = f"""\
[ "$1" = -c ] && exec '{sys.executable}' "$@"
echo "python $*" >>"$LOG"
[ "$1 $2 $3" = "-m venv --clear" ] || exit 1
rm -rf "$4" && mkdir -p "$4/bin" && cp "$STUBS/pip" "$4/bin/python" && cp "$STUBS/akis" "$4/bin/akis"
"""
PIP = 'echo "python $*" >>"$LOG"; exit "${PIP_EXIT:-0}"'
AKIS = 'echo "akis $*"; pwd'


class Machine:
    """A machine with a shell, a checkout in a path with a space, and the programs it is given."""

    def __init__(self, place: Path) -> None:
        self.checkout = place / "a checkout"
        self.bin = place / "bin"
        self.stubs = place / "stubs"
        self.log = place / "log"
        for directory in (self.checkout / "tools", self.bin, self.stubs):
            directory.mkdir(parents=True)
        for name in ("tools/bootstrap", "setup.cfg", "pyproject.toml"):
            shutil.copy(ROOT / name, self.checkout / name)
        for name in ("cat", "cksum", "cp", "dirname", "env", "head", "ls", "mkdir", "mktemp", "rm", "sh"):
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.give("pip", PIP, self.stubs)
        self.give("akis", AKIS, self.stubs)
        self.give("python3", PYTHON)
        self.give("id", "echo 0")

    def give(self, name: str, script: str, directory: Path | None = None) -> None:
        """Put a program on this machine."""
        program = (directory or self.bin) / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def bootstrap(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "tools/bootstrap", *words],
            cwd=self.bin.parent,
            env={"PATH": str(self.bin), "LOG": str(self.log), "STUBS": str(self.stubs), **environment},
            capture_output=True,
            text=True,
        )

    def calls(self) -> list[str]:
        """What was called since the last time: Python for more than a question, and apt-get."""
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [call.replace(str(self.checkout), "CHECKOUT") for call in calls]


MAKE_VENV = "python -m venv --clear CHECKOUT/.venv"
PIP_INSTALL = "python -m pip install --quiet --disable-pip-version-check --editable CHECKOUT"
INSTALL = f"{PIP_INSTALL}[authority,unlock]"
INSTALL_TESTS = f"{PIP_INSTALL}[test]"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_is_a_program_any_shell_reads() -> None:
    assert os.access(BOOTSTRAP, os.X_OK)
    for shell in filter(shutil.which, ("sh", "dash", "bash")):
        subprocess.run([shell, "-n", BOOTSTRAP], check=True)


def test_usage(machine: Machine) -> None:
    bare, asked = machine.bootstrap(), machine.bootstrap("-h")
    assert (bare.returncode, bare.stdout) == (2, "")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert bare.stderr == asked.stdout
    assert asked.stdout.startswith("usage: tools/bootstrap COMMAND")
    assert machine.calls() == []


@pytest.mark.parametrize("script", ["exit 1", None], ids=["old", "missing"])
def test_python_too_old_or_missing(machine: Machine, script: str | None) -> None:
    (machine.bin / "python3").unlink()
    if script:
        machine.give("python3", script)
    run = machine.bootstrap("demo")
    assert run.returncode == 2
    assert run.stderr == (
        "bootstrap: python3 is missing or older than Python 3.11, which akis needs; PYTHON=... names another.\n"
    )


def test_the_interpreter_can_be_named(machine: Machine) -> None:
    (machine.bin / "python3").rename(machine.bin / "python3.99")
    assert machine.bootstrap("demo", PYTHON="python3.99").returncode == 0


def test_words_go_to_akis_in_the_directory_of_the_caller(machine: Machine) -> None:
    run = machine.bootstrap("demo", "--reader", "a b")
    assert run.returncode == 0
    assert run.stdout == f"akis demo --reader a b\n{machine.bin.parent}\n"


def test_without_apt_it_names_the_packages_and_goes_on(machine: Machine) -> None:
    run = machine.bootstrap("demo")
    sentence = run.stderr.splitlines()[0]
    assert sentence.startswith("bootstrap: there is no apt-get here, so please install what Debian calls ")
    assert " gcc swig" in sentence
    assert sentence.endswith("; going on without.")
    assert run.returncode == 0


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    machine.give("apt-get", 'echo "apt-get $DEBIAN_FRONTEND $*" >>"$LOG"; echo chatter; echo chatter >&2')
    machine.give("cc", "")
    run = machine.bootstrap("demo")
    update, install = machine.calls()[:2]
    assert update == "apt-get noninteractive update -qq"
    assert install.startswith("apt-get noninteractive install -qq -y --no-install-recommends ")
    assert "swig" in install
    assert "gcc" not in install
    assert "chatter" not in run.stdout + run.stderr


def test_when_apt_fails_it_shows_why_and_goes_on(machine: Machine) -> None:
    machine.give("apt-get", "echo no network >&2; exit 100")
    run = machine.bootstrap("demo")
    assert "no network\n" in run.stderr
    assert "bootstrap: apt-get could not install " in run.stderr
    assert run.returncode == 0


@pytest.mark.parametrize("sudo", [False, True])
def test_who_is_not_root_needs_sudo(machine: Machine, sudo: bool) -> None:
    machine.give("id", "echo 1000")
    machine.give("apt-get", 'echo "apt-get $*" >>"$LOG"')
    if sudo:
        machine.give("sudo", 'echo "sudo $*" >>"$LOG"; exec "$@"')
    run = machine.bootstrap("demo")
    assert run.returncode == 0
    if sudo:
        assert machine.calls()[:2] == [
            "sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq",
            "apt-get update -qq",
        ]
    else:
        assert run.stderr.startswith("bootstrap: neither root nor sudo, so please have ")
        assert machine.calls() == [MAKE_VENV, INSTALL]


def test_what_was_installed_once_is_not_installed_again(machine: Machine) -> None:
    machine.bootstrap("demo")
    assert machine.calls() == [MAKE_VENV, INSTALL]
    again = machine.bootstrap("demo")
    assert machine.calls() == []
    assert again.stderr == ""


def test_the_tests_need_more_and_the_command_is_content_with_it(machine: Machine) -> None:
    machine.bootstrap("demo")
    machine.calls()
    machine.bootstrap("test")
    assert machine.calls()[0] == INSTALL_TESTS
    machine.bootstrap("demo")
    assert machine.calls() == []


def test_the_tests_need_pcsc_too_and_the_command_does_not(machine: Machine) -> None:
    machine.give("apt-get", 'echo "apt-get $*" >>"$LOG"')
    machine.bootstrap("demo")
    assert "opensc" not in machine.calls()[1]
    machine.bootstrap("test")
    assert " swig" in (install := machine.calls()[1])
    assert install.endswith(" softhsm2")


def test_what_the_tests_need_is_looked_for_each_time(machine: Machine) -> None:
    """A .venv that is ready says nothing of the machine it was carried to; a program that is there is not installed."""
    machine.bootstrap("test")
    machine.calls()
    again = machine.bootstrap("test")
    assert again.stderr.startswith("bootstrap: there is no apt-get here, so please install what Debian calls ")
    assert "softhsm2; going on without." in again.stderr
    assert "swig" not in again.stderr
    for name in ("pcscd", "opensc-tool", "softhsm2-util"):
        machine.give(name, "")
    said = machine.bootstrap("test").stderr
    assert not any(package in said for package in ("opensc", "pcscd", "softhsm2"))


def test_new_settings_are_installed_into_the_same_venv(machine: Machine) -> None:
    machine.bootstrap("test")
    machine.calls()
    with (machine.checkout / "setup.cfg").open("a") as settings:
        settings.write("# changed\n")
    machine.bootstrap("demo")
    assert machine.calls() == [INSTALL]
    machine.bootstrap("test")
    assert machine.calls()[0] == INSTALL_TESTS


def test_a_checkout_that_moved_gets_a_new_venv(machine: Machine) -> None:
    machine.bootstrap("demo")
    machine.calls()
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("elsewhere"))
    machine.bootstrap("demo")
    assert machine.calls() == [MAKE_VENV, INSTALL]


def test_a_run_that_was_cut_off_is_made_up_for(machine: Machine) -> None:
    failed = machine.bootstrap("demo", PIP_EXIT="1")
    assert failed.returncode == 1
    assert "bootstrap: could not make .venv; what Debian calls " in failed.stderr
    machine.calls()
    assert machine.bootstrap("demo").returncode == 0
    assert machine.calls() == [MAKE_VENV, INSTALL]


@pytest.mark.parametrize("failing", ["none", "ruff check", "ruff format", "mypy", "python -m pytest"])
def test_all_checks_run_and_pytest_is_the_last(machine: Machine, failing: str) -> None:
    machine.bootstrap("test")
    machine.calls()
    for name in ("ruff", "mypy", "python"):
        script = f'echo "{name} $*" >>"$LOG"; case "{name} $*" in "{failing}"*) exit 1 ;; esac'
        machine.give(name, script, machine.checkout / ".venv/bin")
    run = machine.bootstrap("test", "-k", "some thing")
    assert machine.calls() == [
        "ruff check .",
        "ruff format --check .",
        "mypy akis tools",
        "python -m pytest -k some thing",
    ]
    assert run.returncode == (0 if failing == "none" else 1)


@pytest.mark.slow
def test_for_real(tmp_path: Path) -> None:
    """A real .venv with a real editable install; only the dependencies are those of this very environment."""
    checkout = tmp_path / "a checkout"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=ignored)

    without_apt = tmp_path / "bin"
    without_apt.mkdir()
    for name in ("cat", "cksum", "dirname", "head", "ls", "rm"):
        (without_apt / name).symlink_to(str(shutil.which(name)))

    def bootstrap(**environment: str) -> str:
        return subprocess.run(
            [checkout / "tools/bootstrap", "--version"],
            cwd=tmp_path,
            # No packages from anywhere: apt-get is hidden, and pip finds what it needs in PYTHONPATH.
            env={"PATH": f"{without_apt}:{Path(sys.executable).parent}", "PYTHON": sys.executable, **environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    here = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_BUILD_ISOLATION": "no", "PIP_NO_INDEX": "yes"}
    assert bootstrap(**here).startswith("akis ")
    start = time.monotonic()
    assert bootstrap().startswith("akis ")
    assert time.monotonic() - start < 5
