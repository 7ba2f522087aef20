"""Every example of every ``--help`` does what it says, as it is printed there, in a shell."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.akis.trace.importers import logs
from tests.tools.akis_process import ROOT
from tools.authority_import import SAMPLE
from tools.commands import every_parser, parser_for
from tools.exit_codes import Exit

TRACES = {
    "session.jsonl": "issuer-sets-pin-3des",
    "yesterday.jsonl": "pin-verified",
    "today.jsonl": "pin-wrong",
    "monday.jsonl": "pin-verified",
    "tuesday.jsonl": "pin-changed",
}
"""Recorded sessions by the names that examples have for them."""
MAKES = {
    "akis authority demo-data --cards demo": ("authority.db", "demo"),
    "akis authority import people.csv": ("authority.db",),
    "akis authority migrate --database sqlite:///authority.db": ("authority.db",),
    "akis authority new-key master.key": ("master.key",),
    "akis completion fish > akis.fish": ("akis.fish",),
    "akis completion zsh > _akis": ("_akis",),
    "akis demo --card akis-2.5 --trace session.jsonl": ("session.jsonl",),
    "akis emulate --new akis-2.2 --out mine.toml": ("mine.toml",),
    "akis files cat 2F00 --reader emulator: --out ef-dir.bin": ("ef-dir.bin",),
    "akis probe --reader emulator:akis-2.5 --out draft.toml": ("draft.toml",),
    "akis replay vectors/traces --reader emulator: --junit report.xml": ("report.xml",),
    "akis report --reader emulator:akis-2.5 --out today.html --out today.json": ("today.html", "today.json"),
    "akis sign contract.pdf --key 01 --pin env:CARD_PIN --certificate holder.pem --out contract.sig": ("contract.sig",),
    "akis trace convert opensc-debug.txt session.jsonl": ("session.jsonl",),
    "akis trace redact opensc-debug.txt clean.jsonl --hide 12:response:0+16=holder-name": ("clean.jsonl",),
    "akis trace show session.jsonl --html session.html": ("session.html",),
}
"""Files that an example writes, none of which is there before."""
_ANY_MACHINE = (Exit.DONE, Exit.NO_CARD)
CODES = {
    "akis doctor": _ANY_MACHINE,
    "akis doctor --json": _ANY_MACHINE,
    "akis readers": _ANY_MACHINE,
    "akis readers --json": _ANY_MACHINE,
    "akis trace diff yesterday.jsonl today.jsonl": (Exit.DIFFERS,),
}
"""How an example may end, where that is not with 0."""
ELSEWHERE = {
    "akis authority bench --unlocks 500 --at-once 50 --workers 2": "keeps both cores busy for a minute or more",
    "akis authority serve": "listens until a signal ends it: test_authority_serve.py",
    "akis authority serve --tls-cert cert.pem --tls-key key.pem --host 0.0.0.0": "the same, and for all the network",
    "akis emulate --personality akis-2.2,blocked --state card.state": "needs pcscd: test_emulate.py",
    "akis emulate --personality mine.toml": "needs pcscd: test_emulate_new.py",
    "akis unlock --authority https://pin.example.org": "needs an authority and its holder: tests/unlock/",
}
"""Examples that the parser takes, and that others try in earnest."""
EXAMPLES = list(dict.fromkeys(line for parser in every_parser().values() for line in parser.examples))


@dataclass(frozen=True)
class Prepared:
    """A folder with all that the examples name, and the environment in which they are typed."""

    folder: Path
    environment: dict[str, str]

    def type(self, line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """The line, in bash, with nobody at a terminal."""
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # `files cat` writes bytes
            timeout=30,
        )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    programs = tmp_path_factory.mktemp("bin")
    command = programs / "akis"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tools "$@"\n')
    command.chmod(0o755)
    found = Prepared(
        tmp_path_factory.mktemp("prepared"),
        {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "AKIS_READER": "emulator:",
            "CARD_PIN": "123456",
            "NEW_PIN": "246810",
        },
    )
    folder = found.folder
    for name, recorded in TRACES.items():
        shutil.copy(ROOT / f"vectors/traces/{recorded}.jsonl", folder / name)
    (folder / "vectors").symlink_to(ROOT / "vectors")
    read = bytes.fromhex("00B0000010"), "AYŞE YILMAZ    ".encode() + logs.OK
    with patch.object(logs, "SESSION", (*logs.SESSION, *[read] * 8)):
        logs.written(folder / "opensc-debug.txt", "OpenSC debug log")
    (folder / "contract.pdf").write_bytes(b"%PDF-1.7")
    first, end, _ = found.type("akis certs --pem", folder).stdout.partition("-----END CERTIFICATE-----\n")
    (folder / "holder.pem").write_text(first + end)
    (folder / "new.bin").write_bytes(b"new")
    (folder / "script.txt").write_text("ls\nverify --pin env:CARD_PIN\n")
    (folder / "people.csv").write_text(SAMPLE, "utf-8")
    assert found.type("akis authority demo-data --cards demo", folder).returncode == 0
    shutil.copy(folder / "demo/demo-master.key", folder / "master.key")
    last = json.loads(found.type("akis authority audit verify --json", folder).stdout)
    found.environment["LAST"] = f"{last['number']}:{last['hash']}"
    return found


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in EXAMPLES if line not in ELSEWHERE])
def test_it_runs_as_printed(line: str, prepared: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    shutil.copytree(prepared.folder, folder, symlinks=True)
    made = [folder / name for name in MAKES.get(line, ())]
    for path in made:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
    before = {path.name for path in folder.iterdir()}
    done = prepared.type(line, folder)
    assert done.returncode in CODES.get(line, (Exit.DONE,)), done.stderr
    assert {path.name for path in folder.iterdir()} - before == {path.name for path in made}
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", ELSEWHERE)
def test_what_cannot_run_here_is_understood(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "akis"
    assert callable(parser_for(words).parse_args(words).run)


def test_the_lists_name_nothing_else() -> None:
    assert {*MAKES, *CODES, *ELSEWHERE} <= {*EXAMPLES}
