"""``akis trace decrypt``: plain beside wire, every finding, and no secret."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from akis.codec.apdu import CommandApdu
from akis.errors import AkisError, InvalidArgument, PolicyRefused, ProfileError, TraceError
from akis.profile.model import SmRules
from akis.sm import Suite
from akis.trace.entries import Entry, Header
from akis.trace.jsonl import Writer
from tests.akis.trace.recorded import EMPTY, READ, WRITE, Recording, said
from tests.bench import PIN
from tests.sessions import Pair
from tools.session_keys import read_session_keys
from tools.trace_decrypt import configure, run

PAIR = Pair(Suite.TDES)
VERIFY = CommandApdu(0x00, 0x20, 0x00, 0x81, PIN.encode())
CHANGE = CommandApdu(0x00, 0x24, 0x00, 0x81, PIN.encode() + b"5938274")


def recorded(path: Path, *entries: Entry, profile: str | None = "akis-2") -> str:
    with path.open("w", encoding="utf-8") as stream:
        writer = Writer(stream, Header(profile=profile))
        for entry in entries:
            writer.write(entry)
    return str(path)


def key_file(path: Path, pair: Pair = PAIR, mode: int = 0o600, rest: str = "", **changes: str) -> str:
    fields = {"suite": pair.suite.value, "enc": pair.k_enc.hex(), "mac": pair.k_mac.hex(), "ssc": pair.ssc(0).hex()}
    path.write_text("\n".join(f'{name} = "{value}"' for name, value in {**fields, **changes}.items()) + "\n" + rest)
    path.chmod(mode)
    return str(path)


def decrypt(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    return int(run(parser.parse_args(arguments)))


@pytest.fixture
def session(tmp_path: Path) -> str:
    """A session of the emulated card, PIN commands in it."""
    made = Recording().open()
    made.card.send(VERIFY)
    made.card.send(CHANGE)
    return recorded(tmp_path / "session.jsonl", *made.entries)


def test_plain_beside_wire(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert decrypt(session, "--sm-keys", "emulator:akis-2.2/terminal", "--sm-keys", "emulator:akis-2.2/issuer") == 0
    text = capsys.readouterr().out
    assert "session opened with key 01, algorithm 8C" in text
    assert "    6  VERIFY  inside secure messaging" in text
    assert "→ plain  00 20 00 81 06 ** ** ** ** ** **\n        CLA          00                      plain" in text
    assert "        data         ** ** ** ** ** **       pin, hidden\n       → wire   0C 20 00 81 15 87 09" in text
    assert "← plain  90 00" in text
    assert text.count("→ SSC") == text.count("← SSC") == 2
    assert text.endswith("\n7 exchanges; 2 commands opened; 0 findings\n")


def test_json(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert decrypt(session, "--sm-keys", "emulator:", "--fit-rules", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["findings"], len(report["steps"])) == (1, 0, 7)
    assert report["rules"]["rules"]["mac_length"] == 8
    assert "mac_length" in report["rules"]["determined"]
    verify = report["steps"][5]
    plain = verify["plain"]
    assert (plain["command"], plain["answer"]) == ("00 20 00 81 06 ** ** ** ** ** **", "90 00")
    assert plain["command_fields"][-1]["bytes"] == "** ** ** ** ** **"
    assert plain["answer_fields"] == [{"name": "SW", "bytes": "90 00", "meaning": "done"}]
    assert verify["wire"][0]["command_fields"] == []
    assert report["steps"][0]["wire"][0]["command_fields"][1] == {"name": "INS", "bytes": "A4", "meaning": "SELECT"}
    assert len(verify["ssc"]["command"]) == 16
    assert (verify["name"], verify["numbers"], verify["finding"]) == ("VERIFY", [6], None)


def test_without_the_fields(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    decrypt(session, "--sm-keys", "emulator:", "--brief")
    text = capsys.readouterr().out
    assert "→ plain  00 20 00 81 06 ** ** ** ** ** **\n       → wire   0C 20 00 81 15 87 09 01" in text
    assert "CLA" not in text


@pytest.mark.parametrize("width", [40, 80])
def test_lines_keep_to_their_columns(
    width: int, session: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.trace_decrypt.columns", lambda: width)
    decrypt(session, "--sm-keys", "emulator:", "--fit-rules")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= width


@pytest.mark.parametrize("form", [(), ("--brief",), ("--json",)])
def test_no_pin_is_shown(session: str, form: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    decrypt(session, "--sm-keys", "emulator:", *form)
    text = capsys.readouterr().out.replace(" ", "").lower()
    for pin in (PIN, "5938274"):
        assert pin not in text
        assert pin.encode().hex() not in text


def test_a_checksum_that_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "t.jsonl", said(PAIR, 0), said(PAIR, 2, WRITE))
    assert decrypt(path, "--session-keys", key_file(tmp_path / "k.toml")) == 8
    text = capsys.readouterr().out
    assert "! command: checksum differs; the checksum fits with the counter +2" in " ".join(text.split())
    assert "→ plain  00 D6 00 00" in text
    assert text.endswith("1 finding\n")


def test_rules_from_the_key_file_or_from_the_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = Pair(rules=SmRules(case1_padding="double", mac_length=4))
    path = recorded(tmp_path / "t.jsonl", said(pair, 0, EMPTY), said(pair, 1))
    bare = key_file(tmp_path / "bare.toml", pair)
    told = key_file(tmp_path / "told.toml", pair, rest='[rules]\ncase1_padding = "double"\nmac_length = 4\n')
    assert decrypt(path, "--session-keys", bare) == 8
    assert decrypt(path, "--session-keys", told) == 0
    capsys.readouterr()
    assert decrypt(path, "--session-keys", bare, "--fit-rules") == 0
    text = capsys.readouterr().out
    assert 'case1_padding = "double"\n' in text
    assert "mac_length = 4\n" in text
    assert 'chain = "each"  (left open by this recording)' in text


def test_rules_that_explain_only_a_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Pair(Suite.TDES, rules=SmRules(outer_le="follow"))
    path = recorded(tmp_path / "t.jsonl", said(PAIR, 0), said(other, 1))
    assert decrypt(path, "--session-keys", key_file(tmp_path / "k.toml"), "--fit-rules") == 0
    assert "No set of rules explains exchange 2 together with those before it." in capsys.readouterr().out


def test_a_trace_that_breaks_off_leaves_complete_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(recorded(tmp_path / "t.jsonl", said(PAIR, 0)))
    path.write_text(path.read_text() + "no JSON\n")
    with pytest.raises(TraceError, match="line 3"):
        decrypt(str(path), "--session-keys", key_file(tmp_path / "k.toml"), "--json")
    assert len(json.loads(capsys.readouterr().out)["steps"]) == 1


def test_a_recording_that_was_cut_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, keys = Path(recorded(tmp_path / "t.jsonl", said(PAIR, 0), said(PAIR, 1))), key_file(tmp_path / "k.toml")
    path.write_text(path.read_text()[:-20])
    assert decrypt(str(path), "--session-keys", keys) == 0
    assert "cut off in the middle of its last line" in capsys.readouterr().out
    assert decrypt(str(path), "--session-keys", keys, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (len(report["steps"]), report["cut"]) == (1, True)


def test_reader_and_profile_can_be_chosen_as_elsewhere(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidArgument, match="is an akis trace, which is of one reader"):
        decrypt(session, "--sm-keys", "emulator:akis-2.2/issuer", "--from-reader", "Nope")
    with pytest.raises(ProfileError, match="there is no profile 'visa'"):
        decrypt(session, "--sm-keys", "emulator:akis-2.2/issuer", "--profile", "visa")
    assert decrypt(session, "--sm-keys", "emulator:akis-2.2/issuer", "--profile", "akis-2") == 0


def test_something_to_open_it_with(session: str) -> None:
    with pytest.raises(InvalidArgument, match="give --sm-keys or --session-keys"):
        decrypt(session)


class TestSessionKeys:
    """The file of session keys."""

    def test_a_good_one(self, tmp_path: Path) -> None:
        keys, rules = read_session_keys(key_file(tmp_path / "k.toml", rest="[rules]\nmac_length = 4\n"))
        assert (keys.suite, keys.ssc, rules) == (Suite.TDES, PAIR.ssc(0), SmRules(mac_length=4))
        assert read_session_keys(key_file(tmp_path / "k.toml"))[1] is None

    @pytest.mark.parametrize(
        ("changes", "rest", "says"),
        [
            ({"suite": "DES"}, "", "suite is 3DES or AES"),
            ({"suite": "AES"}, "", "counter of AES is 16 bytes, not 8"),
            ({"enc": "A0A1"}, "", "key for encryption of 3DES is 16 bytes, not 2"),
            ({"mac": "secret"}, "", "mac is bytes in hex"),
            ({"a0a1a2a3": "00"}, "", "there is a field that files of session keys do not have"),
            ({}, "rules = 4", "rules is a table of"),
            ({}, "[rules]\na0a1a2a3 = 4", "rules is a table of case1_padding"),
            ({}, "[rules]\nmac_length = 3", "rules: mac_length is 4 to 8"),
            ({}, '[rules]\nextend = "a0a1a2a3"', "rules: extend is needed or with_le"),
        ],
    )
    def test_errors_name_file_and_field_and_show_no_value(
        self, tmp_path: Path, changes: dict[str, str], rest: str, says: str
    ) -> None:
        with pytest.raises(ProfileError) as caught:
            read_session_keys(key_file(tmp_path / "k.toml", rest=rest, **changes))
        assert says in str(caught.value)
        assert "k.toml" in str(caught.value)
        assert "a0a1a2a3" not in str(caught.value).lower()

    def test_a_field_that_is_missing(self, tmp_path: Path) -> None:
        path = tmp_path / "k.toml"
        path.write_text('suite = "AES"\n')
        path.chmod(0o600)
        with pytest.raises(ProfileError, match="enc is missing"):
            read_session_keys(str(path))

    def test_one_that_others_can_read(self, tmp_path: Path) -> None:
        with pytest.raises(PolicyRefused, match="chmod 600"):
            read_session_keys(key_file(tmp_path / "k.toml", mode=0o644))

    @pytest.mark.parametrize("name", ["none.toml", "nu\0l"])
    def test_one_that_is_not_there(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(AkisError, match="cannot be read"):
            read_session_keys(str(tmp_path / name))


def test_an_event_and_what_is_not_protected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Recording().open()
    made.way.reset()
    path = recorded(tmp_path / "t.jsonl", *made.entries, said(PAIR, 0, READ), profile=None)
    assert decrypt(path, "--sm-keys", "emulator:") == 0
    text = capsys.readouterr().out
    assert "reset\n       *        session ended by a reset" in text
    assert "*        protected, after the session was ended by a reset" in text
