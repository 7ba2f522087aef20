"""``akis authority`` as its operator sees it: tables, keys, people, codes, cards."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from akis.authority.keys.file import FileMasterKey
from akis.authority.store.store import Store
from akis.authority.store.tables import Unlock
from akis.emulator import load_personality
from akis.unlock.code import UnlockCode
from tests.leaks import silent
from tests.tools.authority_place import Place, demo_database, filled, place
from tools.__main__ import main
from tools.authority import ACTIONS
from tools.exit_codes import Exit

__all__ = ["demo_database", "filled", "place"]

CARD = "414B4953020244454D4F0001"
PEOPLE = """\
name,full_name,second_factor,password,serial,card_label,profile,key_reference,algorithm
zeynep,Zeynep Kaya,password,kedi-merdiven-71,414B49530202000000000042,Signature card,akis-2,01,8C
"""
SUBACTIONS = ("holder lock", "holder unlock", "card revoke", "audit show", "audit verify")


def people(folder: Path, text: str = PEOPLE, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("words", [[name] for name in ACTIONS] + [words.split() for words in SUBACTIONS], ids=" ".join)
def test_every_action_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["authority", *words, "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: akis authority {' '.join(words)}")
    assert max(map(len, out.splitlines())) <= 80


class TestTables:
    def test_they_are_made_and_then_are_there(self, place: Place) -> None:
        assert place.run("migrate") == "The database has the tables of this version now.\n"
        assert place.run("migrate") == "The database had the tables of this version already.\n"
        assert place.json("migrate") == {"changed": False}

    @pytest.mark.parametrize(
        "words", ["sessions", "audit show", "audit verify", "holder lock ayse", f"card revoke {CARD}"]
    )
    def test_nothing_else_makes_them_by_the_way(self, place: Place, words: str) -> None:
        assert place.run(*words.split()) == ""
        assert place.code == Exit.USAGE
        assert place.complaint.startswith("the database has not the tables of this version; `akis authority migrate`")


class TestMasterKey:
    def test_a_new_one_is_for_its_owner_and_can_be_used(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "master.key"
        assert main(["authority", "new-key", str(path)]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{path} has a new master key. ")
        assert path.stat().st_mode & 0o777 == 0o600
        FileMasterKey.read(str(path)).check()
        silent(said, [bytes.fromhex(path.read_text())])

    def test_one_that_is_there_is_left_as_it_is(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = people(tmp_path, "mine", "master.key")
        assert main(["authority", "new-key", str(path)]) == Exit.USAGE
        assert capsys.readouterr().err == f"akis: {path} is there already and was left as it is; name another file\n"
        assert path.read_text() == "mine"


class TestImport:
    def test_it_counts_what_it_did(self, place: Place) -> None:
        place.run("migrate")
        assert place.run("import", people(place.folder)).splitlines() == [
            "Holders: 1 new, 0 changed, 0 as they were.",
            "Cards: 1 new, 0 changed, 0 as they were.",
            "Certificates: 0 new, 0 removed.",
        ]
        assert place.json("import", people(place.folder, PEOPLE.replace("Kaya", "Ak")))["holders_changed"] == 1
        assert [line["event"] for line in place.json("audit", "show")["lines"]] == ["import", "import"]

    def test_a_json_file_by_any_name(self, place: Place) -> None:
        place.run("migrate")
        heading, row = PEOPLE.splitlines()
        entry = dict(zip(heading.split(","), row.split(","), strict=True))
        path = people(place.folder, json.dumps([entry]), "people")
        assert place.json("import", path, "--format", "json")["cards_new"] == 1

    @pytest.mark.parametrize(
        ("bad", "complaint"),
        [
            (PEOPLE + PEOPLE.splitlines()[1].replace("42,", "43,").replace(",01,", ",XX,"), "line 3, key_reference: "),
            (PEOPLE + "ali,Ali,password,,,,,,", "line 3, password: the second factor password needs it"),
            (PEOPLE.replace("full_name", "fullname"), "line 1: 'fullname' is no field; did you mean full_name?"),
            ("", "name is missing"),
            ("\0\xff", "line 1: "),
        ],
    )
    def test_a_bad_file_changes_nothing(self, filled: Place, bad: str, complaint: str) -> None:
        before = filled.json("audit", "verify")
        assert filled.run("import", people(filled.folder, bad)) == ""
        assert filled.code == Exit.USAGE
        assert complaint in filled.complaint
        silent(filled.complaint, ["kedi-merdiven-71"])
        assert filled.json("audit", "verify") == before
        assert filled.json("import", people(filled.folder))["holders_new"] == 1, "nobody of the bad file is there"

    def test_a_file_that_is_not_there(self, filled: Place) -> None:
        filled.run("import", "nowhere.csv")
        assert filled.code == Exit.USAGE
        assert filled.complaint == "nowhere.csv: cannot be read (No such file or directory); nothing was imported"


class TestDemoData:
    def test_it_says_who_there_is_and_how_to_go_on(self, place: Place) -> None:
        said = place.run("demo-data", "--cards", place.cards)
        assert "Ayşe Yılmaz signs in as ayse with ayse-demo-2580, second factor sms.\n" in said
        assert f"  akis authority serve --master-key {place.key}\n" in said
        assert place.code == 0

    def test_its_cards_are_cards_to_every_command(self, filled: Place, capsys: pytest.CaptureFixture[str]) -> None:
        path = filled.cards / "ayse-2.2.toml"
        assert load_personality(str(path)).serial.hex().upper() == CARD
        assert main(["info", "--reader", f"emulator:{path},new", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["serial"] == CARD

    def test_json_says_the_same(self, place: Place) -> None:
        said = place.json("demo-data")
        assert said["holders"][0] == {"name": "ayse", "password": "ayse-demo-2580"}
        assert {"name": "ayse-2.2", "serial": CARD, "holder": "ayse"} in said["cards"]
        assert said["files"] == []

    def test_files_that_are_there_are_left_as_they_are(self, place: Place) -> None:
        place.cards.mkdir()
        path = people(place.cards, "mine", "mehmet-2.5.toml")
        place.run("demo-data", "--cards", place.cards)
        assert place.code == Exit.USAGE
        assert place.complaint == f"{path} is there already and was left as it is; name another folder"
        assert [file.name for file in place.cards.iterdir()] == [path.name]
        assert not (place.folder / "authority.db").exists()

    def test_it_does_not_come_among_others(self, place: Place) -> None:
        place.run("migrate")
        place.run("import", people(place.folder))
        place.run("demo-data")
        assert place.code == Exit.POLICY_REFUSED
        assert place.complaint.startswith("the database has holders of its own")


class TestCode:
    def test_it_is_shown_in_groups_with_its_end(self, filled: Place) -> None:
        shown, end = filled.run("code", "ayse", "--master-key", filled.key).splitlines()
        found = re.fullmatch(r"The code for Ayşe Yılmaz: ((\d{3} ){4}\d{3})", shown)
        assert found
        UnlockCode.from_text(found[1])
        assert re.match(r"It serves once, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, (300|299) seconds from now\.", end)

    def test_the_audit_log_knows_that_it_was_the_operator_and_not_the_code(self, filled: Place) -> None:
        code = filled.json("code", "ayse", "--master-key", filled.key)["code"]
        line = filled.json("audit", "show", "--last", 1)["lines"][0]
        assert (line["event"], line["actor"], line["outcome"]) == ("code", "operator", "ok")
        assert line["details"]["name"] == "ayse"
        silent(json.dumps(line), [code, code[6:14]])

    def test_nobody(self, filled: Place) -> None:
        filled.run("code", "nobody", "--master-key", filled.key)
        assert (filled.code, filled.complaint) == (2, "there is no holder named 'nobody'; no code was issued")

    def test_a_holder_who_is_locked_out(self, filled: Place) -> None:
        filled.run("holder", "lock", "ayse")
        filled.run("code", "ayse", "--master-key", filled.key)
        assert (filled.code, filled.complaint) == (
            Exit.AUTHORITY,
            "this account is locked; turn to the issuer of the card",
        )

    def test_without_a_master_key(self, filled: Place) -> None:
        filled.run("code", "ayse", "--master-key", filled.folder / "none")
        assert filled.code == Exit.USAGE
        assert filled.complaint.startswith(f"the key file {filled.folder / 'none'} cannot be read")


class TestHoldersAndCards:
    def test_locked_and_let_in_again(self, filled: Place) -> None:
        assert filled.run("holder", "lock", "ayse") == "ayse is locked.\n"
        assert filled.run("holder", "lock", "ayse") == "ayse is locked, as before.\n"
        assert filled.json("holder", "unlock", "ayse") == {"holder": "ayse", "locked": False, "changed": True}
        lines = filled.json("audit", "show", "--last", 3)["lines"]
        assert [(line["event"], line["details"]["changed"]) for line in lines] == [
            ("holder_lock", True),
            ("holder_lock", False),
            ("holder_unlock", True),
        ]

    def test_revoked_for_good(self, filled: Place) -> None:
        assert filled.run("card", "revoke", CARD.lower()) == f"The card {CARD} is revoked.\n"
        assert filled.json("card", "revoke", CARD) == {"card": CARD, "revoked": True, "changed": False}
        assert len(filled.json("audit", "show", "--card", CARD.lower())["lines"]) == 2

    @pytest.mark.parametrize("words", ["holder lock nobody", "card revoke 99"])
    def test_nobodys(self, filled: Place, words: str) -> None:
        filled.run(*words.split())
        assert filled.code == Exit.USAGE
        assert filled.complaint.endswith("; nothing was changed")
        assert filled.json("audit", "verify")["count"] == 1


class TestSessions:
    def test_none_yet(self, filled: Place) -> None:
        assert filled.run("sessions") == "No unlock was begun yet.\n"
        assert filled.json("sessions") == {"unlocks": []}

    def test_a_line_each_the_newest_first(self, filled: Place) -> None:
        begun = datetime.now(UTC).replace(microsecond=0)
        store = Store(filled.database)
        with store.begin() as session:
            for number, (state, minutes, card, end) in enumerate(
                [
                    ("done", 50, 1, {"outcome": "done", "holds": "transport_pin", "reported": "holder_pin"}),
                    ("confirmed", 40, 2, {"outcome": "card_gone", "holds": "unknown"}),
                    ("opened", 0, None, {}),
                ]
            ):
                started = begun - timedelta(minutes=minutes)
                session.add(
                    Unlock(
                        id=f"{number:032x}",
                        token_hash=bytes([number]) * 32,
                        holder_id=1,
                        card_id=card,
                        state=state,
                        started_at=started,
                        expires_at=started + timedelta(minutes=15),
                        **end,
                    )
                )
        store.close()
        rows = [re.split(r"  +", line) for line in filled.run("sessions").splitlines()]
        assert rows[0] == ["Begun (UTC)", "Holder", "Card", "State", "Outcome", "Card holds"]
        assert rows[1] == [f"{begun:%Y-%m-%d %H:%M:%S}", "ayse", "opened"]
        assert rows[2][1:] == ["ayse", "…4D4F0002", "expired", "card gone", "unknown"]
        assert rows[3][1:] == ["ayse", "…4D4F0001", "done", "done", "holder pin"]
        assert [unlock["state"] for unlock in filled.json("sessions", "--last", 2)["unlocks"]] == ["opened", "expired"]

    def test_how_many_is_a_number(self, filled: Place) -> None:
        filled.run("sessions", "--last", 0)
        assert (filled.code, filled.complaint) == (Exit.USAGE, "--last is a number from 1 up")
