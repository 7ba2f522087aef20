"""``akis emulate --new``: another card of a kind, in a file that every command takes for a card."""

from __future__ import annotations

import json

import pytest

from akis.emulator import load_personality
from tests.tools.emulate_process import EMPTY_VERIFY, Emulate
from tools.__main__ import main
from tools.exit_codes import Exit


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.toml"


def test_a_line_says_what_was_written(path, capsys):
    assert main(["emulate", "--new", "akis-2.2", "--out", str(path)]) == Exit.DONE
    serial = load_personality(str(path)).serial.hex().upper()
    assert capsys.readouterr().out == f"{path} has a new akis-2.2 card with the serial number {serial}\n"


def test_json_says_the_same(path, capsys):
    assert main(["emulate", "--new", "akis-1.0", "--out", str(path), "--json"]) == Exit.DONE
    serial = load_personality(str(path)).serial.hex().upper()
    said = {"schema": 1, "event": "written", "file": str(path), "personality": "mine", "serial": serial}
    assert json.loads(capsys.readouterr().out) == said


def test_the_new_card_is_served_and_other_commands_know_it(path, reader, capsys):
    main(["emulate", "--new", "akis-2.5", "--out", str(path)])
    with Emulate(reader, "--personality", f"{path},last-try") as emulate:
        reader.wait_for_card()
        assert emulate.line().startswith("mine is in the virtual reader at ")
        assert reader.apdu("00A4040C 07 504B43532D3135") == "9000"
        assert reader.apdu(EMPTY_VERIFY) == "63C1"
    capsys.readouterr()
    assert main(["info", "--reader", f"emulator:{path}", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["serial"] == load_personality(str(path)).serial.hex().upper()


def test_a_file_that_is_there_is_left_as_it_is(path, capsys):
    path.write_text("mine")
    assert main(["emulate", "--new", "blank", "--out", str(path)]) == Exit.USAGE
    assert capsys.readouterr().err == f"akis: {path} is there already and was left as it is; name another file\n"
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--new", "blank"], "a new card needs both, --new PERSONALITY and --out FILE"),
        (["--out", "x.toml"], "a new card needs both, --new PERSONALITY and --out FILE"),
        (["--new", "blank", "--out", "x"], "a personality is kept in a file whose name ends in .toml"),
        (["--new", "visa", "--out", "x.toml"], "there is no personality 'visa'; "),
        (["--new", "blank", "--out", "x.toml", "--state", "s"], "--new writes a file and ends; --state is for a card "),
        (
            ["--new", "blank", "--out", "x.toml", "--extended"],
            "--new writes a file and ends; --extended is for a card ",
        ),
    ],
)
def test_words_that_do_not_go_together(words, complaint, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["emulate", *words]) == Exit.USAGE
    assert capsys.readouterr().err.startswith(f"akis: {complaint}")
    assert not list(tmp_path.iterdir())


def test_a_personality_with_a_mistake_names_file_and_field(path, capsys):
    main(["emulate", "--new", "akis-2.2", "--out", str(path)])
    path.write_text(path.read_text().replace("tries = 3", "trees = 3"))
    capsys.readouterr()
    assert main(["info", "--reader", f"emulator:{path}"]) == Exit.USAGE
    assert capsys.readouterr().err.startswith(f"akis: {path}: 'trees' is not a field; did you mean tries?")
