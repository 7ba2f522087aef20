"""``akis completion``: the scripts for shells, and what bash completes with its own."""

from __future__ import annotations

import subprocess

import pytest

from tests.tools.akis_process import akis
from tools import extras
from tools.__main__ import main
from tools.commands import SUBCOMMANDS
from tools.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_in_it(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (*SUBCOMMANDS, "verify", "revoke", "new-pin"))


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("akis do", {"doctor"}),
        ("akis pin u", {"unblock"}),
        ("akis pin verify --allow", {"--allow-last-try"}),
        ("akis authority audit v", {"verify"}),
        ("akis trace show sess", {"session.jsonl"}),
    ],
)
def test_bash_completes(words: str, completed: set[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("here")
    (folder / "session.jsonl").touch()
    script = akis("completion", "bash").out
    asked = f"""
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
function=$(complete -p akis | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function akis "${{COMP_WORDS[COMP_CWORD]}}" ""
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script + asked], cwd=folder, capture_output=True, text=True, check=True)
    assert {line.strip() for line in done.stdout.splitlines()} == completed


def test_without_shtab_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert main(["completion", "bash"]) == 2
    assert "pip install 'akis[completion]'" in capsys.readouterr().err
