"""``akis authority`` as its operator sees it: tables, keys, people, codes, cards."""

from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from akis.authority import audit
from akis.authority.keys.file import FileMasterKey
from akis.authority.store.store import Store
from akis.authority.store.tables import Code, Unlock
from akis.emulator import load_personality
from akis.unlock.code import UnlockCode
from tests.leaks import silent
from tests.tools.authority_place import Place, demo_database, filled, place
from tools.__main__ import main
from tools.authority import ACTIONS
from tools.authority_import import SAMPLE
from tools.exit_codes import Exit

__all__ = ["demo_database", "filled", "place"]

CARD = "414B4953020244454D4F0001"
PEOPLE = """\
name,full_name,second_factor,password,serial,card_label,profile,key_reference,algorithm
zeynep,Zeynep Kaya,password,kedi-merdiven-71,414B49530202000000000042,Signature card,akis-2,01,8C
"""
SUBACTIONS = (
    "holder list",
    "holder show",
    "holder lock",
    "holder unlock",
    "card show",
    "card revoke",
    "audit show",
    "audit verify",
)


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
    assert max(len(line) for line in out.splitlines() if line not in SAMPLE.splitlines()) <= 80
    example = out.index(f"\n  akis authority {' '.join(words)} ".rstrip())
    assert example < min(out.index(title) for title in ("options:", "positional arguments:") if title in out)


@pytest.mark.parametrize("words", ["", "holder", "card", "audit"])
def test_without_an_action_it_says_that_one_is_missing(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["authority", *words.split()])
    assert end.value.code == Exit.USAGE
    assert "the following arguments are required: ACTION" in capsys.readouterr().err


class TestTables:
    def test_they_are_made_and_then_are_there(self, place: Place) -> None:
        assert place.run("migrate") == "The database has the tables of this version now.\n"
        assert place.run("migrate") == "The database had the tables of this version already.\n"
        assert place.json("migrate") == {"changed": False}

    @pytest.mark.parametrize(
        "words",
        [
            "sessions",
            "holder list",
            "holder show ayse",
            f"card show {CARD}",
            "audit show",
            "audit verify",
            "holder lock ayse",
            f"card revoke {CARD}",
        ],
    )
    def test_nothing_else_makes_them_by_the_way(self, place: Place, words: str) -> None:
        file = place.folder / "authority.db"
        assert place.run(*words.split()) == ""
        assert place.code == Exit.USAGE
        assert place.complaint == (
            f"there is no database at {file}; `akis authority import` and `serve` make one, or name another with "
            "--database"
        )
        assert not file.exists()
        file.touch()
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
    def test_it_counts_what_it_did_in_a_database_that_it_made(self, place: Place) -> None:
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

    def test_the_sample_of_its_help_is_a_file(self, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main(["authority", "import", "--help"])
        assert SAMPLE in capsys.readouterr().out
        assert place.json("import", people(place.folder, SAMPLE))["cards_new"] == 1

    def test_all_that_is_wrong_is_told_a_line_each(self, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
        path = people(place.folder, PEOPLE.replace(",01,", ",XX,").replace("password,kedi", "fax,kedi"))
        assert main(["authority", "import", str(path), "--database", place.database]) == Exit.USAGE
        assert capsys.readouterr().err.splitlines() == [
            "akis: there are 2 mistakes, so nothing was imported:",
            f"  {path}, line 2, second_factor: sms or password is wanted",
            f"  {path}, line 2, key_reference: one byte in hex is wanted, 01 to FF",
        ]
        assert not (place.folder / "authority.db").exists()

    @pytest.mark.parametrize(
        ("bad", "complaint"),
        [
            (PEOPLE + PEOPLE.splitlines()[1].replace("42,", "43,").replace(",01,", ",XX,"), "line 3, key_reference: "),
            (PEOPLE + "ali,Ali,password,,,,,,", "line 3, password: the second factor password needs it"),
            (PEOPLE.replace("full_name", "fullname"), "line 1: 'fullname' is no field; did you mean full_name?"),
            ("", "the field name is missing"),
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
        options = f"--database {place.database} --master-key {place.key}"
        assert said.endswith(
            f"Their cards are in {place.cards}. To go on, each in a terminal of its own:\n"
            f"  akis authority serve {options}\n"
            f"  akis authority code ayse {options}\n"
            f"  akis unlock --authority http://127.0.0.1:8443 --reader emulator:{place.cards}/ayse-2.2.toml,new\n"
        )
        assert place.code == 0

    def test_without_files_it_says_how_to_get_them(self, place: Place) -> None:
        said = place.run("demo-data").splitlines()[-1]
        assert said == "For their cards and the master key in files, name a new folder: --cards DIR."

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

    def test_with_another_master_key_the_good_code_stays(self, filled: Place) -> None:
        """It would be dead itself, and cancel the one before."""
        code = filled.json("code", "ayse", "--master-key", filled.key)["code"]
        other = filled.folder / "other.key"
        main(["authority", "new-key", str(other)])
        assert filled.run("code", "ayse", "--master-key", other) == ""
        assert filled.code == Exit.USAGE
        assert filled.complaint.startswith("this database was used with another master key, so nothing was done; ")
        with closing(Store(filled.database)) as store, store.read() as session:
            [row] = session.scalars(select(Code))
            assert (row.lookup, row.cancelled_at) == (code[:6], None)

    def test_with_a_master_key_file_that_holds_something_else(self, filled: Place) -> None:
        filled.key.write_text("mine")
        filled.run("code", "ayse", "--master-key", filled.key)
        assert (filled.code, filled.complaint) == (
            Exit.USAGE,
            f"the key file {filled.key} holds no master key: one line of 32, 48 or 64 hex digits",
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

    def test_who_there_is(self, filled: Place) -> None:
        filled.run("holder", "lock", "mehmet")
        rows = [re.split(r"  +", line) for line in filled.run("holder", "list").splitlines()]
        assert rows == [
            ["Name", "Full name", "Second factor", "Cards", "Locked"],
            ["ayse", "Ayşe Yılmaz", "sms to … 42", "2", "no"],
            ["mehmet", "Mehmet Demir", "password", "2", "yes"],
        ]
        assert [holder["name"] for holder in filled.json("holder", "list")["holders"]] == ["ayse", "mehmet"]

    def test_nobody_is_there_yet(self, place: Place) -> None:
        place.run("migrate")
        assert place.run("holder", "list") == "There is no holder yet.\n"

    def test_a_holder_and_the_cards(self, filled: Place) -> None:
        filled.run("card", "revoke", CARD)
        assert filled.run("holder", "show", "ayse").splitlines() == [
            "Ayşe Yılmaz signs in as ayse.",
            "Second factor: sms to … 42",
            "Locked: no",
            "Cards:",
            f"  {CARD}  Signature card (AKİS 2.2)  revoked",
            "  414B4953020544454D4F0002  Second card (AKİS 2.5)",
        ]
        shown = filled.json("holder", "show", "ayse")
        assert (shown["phone"], shown["second_factor"], shown["locked"]) == ("… 42", "sms", False)
        assert shown["cards"][0] == {"serial": CARD, "label": "Signature card (AKİS 2.2)", "revoked": True}
        silent(json.dumps(shown), ["555", "argon2"])

    def test_a_card(self, filled: Place) -> None:
        said = filled.run("card", "show", CARD.lower()).splitlines()
        assert said[:5] == [
            f"{CARD}, Signature card (AKİS 2.2)",
            "Holder: Ayşe Yılmaz (ayse)",
            "Revoked: no",
            "Profile akis-2, issuer's key 01, algorithm 8C",
            "Certificates:",
        ]
        assert len(said) == 5 + len(filled.json("card", "show", CARD)["certificates"])

    @pytest.mark.parametrize(
        "words", ["holder show nobody", "card show 99", "sessions --holder x", "sessions --card 9"]
    )
    def test_those_whom_nobody_knows(self, filled: Place, words: str) -> None:
        filled.run(*words.split())
        assert filled.code == Exit.USAGE
        assert filled.complaint.startswith(("there is no holder named", "there is no card with the serial number"))

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
                    ("asked", 0, None, {}),
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
            details = {"unlock": f"{2:032x}", "address": "::1"}
            audit.write(
                session, at=begun, actor="ayse", event="second_factor", outcome="second_factor_wrong", details=details
            )
        store.close()
        said = filled.run("sessions")
        assert max(map(len, said.splitlines())) <= 80
        rows = [re.split(r"  +", line.strip()) for line in said.splitlines()]
        assert rows[:4] == [
            ["Begun (UTC)", "Holder", "Card", "What became of it"],
            [f"{begun:%Y-%m-%d %H:%M:%S}", "ayse", "open"],
            [f"unlock: {2:032x}"],
            ["exchange: none, card then: -, client reported: -"],
        ]
        assert rows[4] == [f"last refused: second factor, second factor wrong, at {begun:%Y-%m-%d %H:%M:%S}"]
        assert rows[5][1:] == ["ayse", "…4D4F0002", "failed: card gone"]
        assert rows[7] == ["exchange: card gone, card then: unknown, client reported: -"]
        assert rows[8][1:] == ["ayse", "…4D4F0001", "unlocked"]
        assert rows[10] == ["exchange: done, card then: transport pin, client reported: holder pin"]
        found = filled.json("sessions", "--last", 2)["unlocks"]
        assert [(unlock["state"], unlock["summary"]) for unlock in found] == [
            ("asked", "open"),
            ("expired", "failed: card gone"),
        ]
        assert found[0]["refusal"]["kind"] == "second_factor_wrong"
        [mine] = filled.json("sessions", "--holder", "ayse", "--card", CARD)["unlocks"]
        assert (mine["serial"], mine["summary"]) == (CARD, "unlocked")
        assert filled.json("sessions", "--holder", "mehmet")["unlocks"] == []

    def test_how_many_is_a_number(self, filled: Place) -> None:
        filled.run("sessions", "--last", 0)
        assert (filled.code, filled.complaint) == (Exit.USAGE, "--last is a number from 1 up")
