"""``akis authority audit``: the log as it is, and what is said when it is not what was written."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.tools.authority_place import Place, demo_database, filled, place
from tools.__main__ import main
from tools.exit_codes import Exit

__all__ = ["demo_database", "filled", "place"]


@pytest.fixture
def log(filled: Place) -> Place:
    """A log of four lines."""
    for words in ("holder lock ayse", "holder unlock ayse", "card revoke 414B4953020244454D4F0001"):
        filled.run(*words.split())
    return filled


def tamper(log: Place, *statements: str) -> None:
    """Change the file behind the back of the authority, triggers and all."""
    with closing(sqlite3.connect(log.database.removeprefix("sqlite:///"))) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_a_line_of_the_log_and_what_it_says_besides(log: Place) -> None:
    shown = log.run("audit", "show", "--last", "3").splitlines()
    assert [line[27:] for line in shown[::2]] == [
        "  operator  holder_lock",
        "  operator  holder_unlock",
        "  operator  card_revoke",
    ]
    assert shown[1] == "        changed: yes, name: ayse"
    assert shown[5] == "        card: 414B4953020244454D4F0001, changed: yes"
    assert max(map(len, log.run("audit", "show").splitlines())) <= 80


def test_the_lines_of_one_card(log: Place) -> None:
    assert [line["number"] for line in log.json("audit", "show", "--card", "414B4953020244454D4F0001")["lines"]] == [4]
    assert log.run("audit", "show", "--card", "00") == "There is no such line in the audit log.\n"


def test_the_lines_of_one_holder(log: Place) -> None:
    assert [line["number"] for line in log.json("audit", "show", "--holder", "ayse")["lines"]] == [2, 3]
    assert log.run("audit", "show", "--holder", "mehmet") == "There is no such line in the audit log.\n"
    assert log.run("audit", "show", "--holder", "nobody", "--json").count("{") == 2, "an error, and nothing before it"
    assert (log.code, log.complaint) == (Exit.USAGE, "there is no holder named 'nobody'")


def test_an_empty_log(place: Place) -> None:
    place.run("migrate")
    assert place.run("audit", "show") == "The audit log is empty.\n"
    assert place.run("audit", "verify") == "The audit log is empty, and whole.\n"
    assert (place.json("audit", "verify")["count"], place.code) == (0, Exit.DONE)


def test_a_whole_log_names_its_head_which_a_later_one_still_has(log: Place) -> None:
    text, head = log.run("audit", "verify").splitlines()
    assert text == "The audit log is whole: 4 lines. Keep its last one elsewhere, for --expect:"
    assert head.startswith("4:")
    found = log.json("audit", "verify")
    assert f"{found['number']}:{found['hash']}" == head
    log.run("holder", "lock", "ayse")
    assert log.json("audit", "verify", "--expect", head)["count"] == 5
    assert log.code == Exit.DONE


@pytest.mark.parametrize(
    ("statement", "number", "complaint"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE number = 2", 2, "line 2 of the audit log was altered"),
        ("UPDATE audit SET details = '{\"changed\":false}' WHERE number = 3", 3, "line 3 of the audit log was altered"),
        ("DELETE FROM audit WHERE number = 2", 2, "line 2 of the audit log is missing"),
        ("DELETE FROM audit WHERE number = 4", 4, "lines 4 to 4 of the audit log are missing: its end was cut off"),
    ],
)
def test_a_log_that_was_tampered_with(log: Place, statement: str, number: int, complaint: str) -> None:
    tamper(log, statement)
    assert log.run("audit", "verify") == ""
    assert (log.code, log.complaint) == (Exit.DIFFERS, complaint)
    assert log.json("audit", "verify")["error"] == {"kind": "AuditBroken", "message": complaint, "number": number}


def test_a_log_that_was_made_anew_is_whole_but_not_the_one_that_was_kept(log: Place, place: Place) -> None:
    kept = log.run("audit", "verify").splitlines()[1]
    other = log.folder / "other.db"
    log.database = f"sqlite:///{other}"
    log.run("demo-data")
    for _ in range(4):
        log.run("holder", "lock", "ayse")
    assert log.json("audit", "verify")["count"] == 5
    log.run("audit", "verify", "--expect", kept)
    assert log.code == Exit.DIFFERS
    assert log.complaint == "line 4 of the audit log is not the one whose hash was kept: the log was made anew"


def test_a_line_that_nobody_can_read_ends_the_list(log: Place) -> None:
    tamper(log, "UPDATE audit SET details = '{' WHERE number = 2")
    log.run("audit", "show")
    assert (log.code, log.complaint) == (1, "a line of the audit log was altered: it cannot be read")


@pytest.mark.parametrize("kept", ["4", "4:XY", "0:" + "00" * 32, "4:" + "00" * 31])
def test_what_is_no_kept_line(kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["authority", "audit", "verify", "--expect", kept])
    assert end.value.code == Exit.USAGE
    assert "not NUMBER:HASH" in capsys.readouterr().err
