"""``akis probe`` on emulated cards, and every other tool with the draft that it wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from akis.conversation.list_files import PLACE_OF_A_CERTIFICATE
from akis.profile.load import load_file
from tests.akis.probe.probed import CARDS, LOOKING, emulated
from tests.tools.emulated_files import keep
from tools.__main__ import main

TOOLS = {
    "info": ("info", "--json"),
    "pin status": ("pin", "status", "--json"),
    "files ls": ("files", "ls", "/", "--json"),
    "files tree": ("files", "tree", "3D00", "--json"),
    "certs": ("certs", "--json"),
}
OF_PROFILES = {"profile", "profile_named", "assumed", "reader"}
"""What ``akis info`` says of the profile and not of the card."""


class Run:
    """One run of the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        try:
            self.code = main(arguments)
        except SystemExit as stopped:
            self.code = int(stopped.code or 0)
        self.out, self.err = capsys.readouterr()

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert found["schema"] == 1
        return dict(found)


@pytest.mark.parametrize("name", CARDS)
def test_every_tool_works_with_the_draft(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As well as with the profile that the library has for such a card; and no counter has moved."""
    card = emulated(name)
    keep(card, monkeypatch)
    before = card.save()
    out = tmp_path / "draft.toml"
    assert Run(capsys, "probe", "--reader", "emulator:", "--out", str(out)).code == 0
    assert card.save() == before
    known = "akis-1" if name.startswith("akis-1") else "akis-2"
    for words in TOOLS.values():
        with_draft = Run(capsys, *words, "--reader", "emulator:", "--profile", str(out))
        with_known = Run(capsys, *words, "--reader", "emulator:", "--profile", known)
        assert with_draft.code == with_known.code, words
        assert comparable(with_draft.report, name) == comparable(with_known.report, name), words
    assert card.save() == before


def comparable(report: dict[str, Any], card: str) -> dict[str, Any]:
    """A report, without what it says of the profile."""
    if card.startswith("akis-1"):
        # Only a draft knows a place of a certificate there, even where the card is dead and names it no more itself.
        for file in report.get("files", ()):
            file["name"] = None if file["name"] == PLACE_OF_A_CERTIFICATE else file["name"]
        if card.endswith("dead"):
            report.pop("certificates", None)
    return {key: value for key, value in report.items() if key not in OF_PROFILES}


@pytest.mark.parametrize("name", [name for name in CARDS if name != "blank"])
def test_the_tools_do_something(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A card that is not dead gives its certificates, and each says what its counters are."""
    keep(emulated(name), monkeypatch)
    out = str(tmp_path / "draft.toml")
    assert Run(capsys, "probe", "--reader", "emulator:", "--out", out).code == 0
    draft = ("--reader", "emulator:", "--profile", out)
    status = Run(capsys, "pin", "status", "--json", *draft)
    info = Run(capsys, "info", "--json", *draft).report
    assert status.code == 0
    assert info["serial"].startswith("414B4953")
    assert info["profile"].startswith("draft for AKİS ")
    if name.startswith("akis-2"):
        left = {"": 3, "new": 3, "blocked": 0, "last-try": 1, "dead": 3}[name.partition(",")[2]]
        assert info["pin_tries_left"] == left
    certificates = Run(capsys, "certs", "--json", *draft).report["certificates"]
    assert [found["place"] for found in certificates] == ["3D00/2F10", "3D00/2F11"][: len(certificates)]
    assert len(certificates) == (1 if name.startswith("akis-1") else 2)
    assert all((found["der"] is None) == name.endswith("dead") for found in certificates)


def test_text_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    for name in CARDS:
        lines = Run(capsys, "probe", "--reader", f"emulator:{name}").out.splitlines()
        assert max(map(len, lines)) <= 80, name
        assert "Learned from this card:" in lines
        assert lines[-1] == "--out FILE.toml writes a draft of a profile from this."
    lines = Run(capsys, "probe", "--reader", "emulator:akis-2.2,last-try").out.splitlines()
    assert lines[:9] == [
        "Reader ............: emulator, akis-2.2",
        "ATR ...............: 3B9F978131FE4580655443D2210831C073F6218081055B",
        "Version ...........: AKİS 2.2.8, Infineon",
        "Nearest profile ...: akis-2 (by the ATR)",
        "Serial number .....: 414B49530202000000000001",
        "Life cycle ........: operation",
        "PIN object 1 ......: 1 of 3 tries left, a value of 6 bytes",
        "PIN object 2 ......: 3 of 3 tries left, a value of 8 bytes",
        "Asked .............: 20 times, by SELECT and GET DATA only",
    ]


def test_what_flags_say_and_that_there_is_no_value_yet(capsys: pytest.CaptureFixture[str]) -> None:
    flags = "PIN flags .........: valid, wrong PIN entered once, last try"
    assert flags in Run(capsys, "probe", "--reader", "emulator:akis-1.0,last-try").out
    assert "3 of 3 tries left, no value" in Run(capsys, "probe", "--reader", "emulator:,new").out


def test_a_card_without_an_application(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "draft.toml"
    run = Run(capsys, "probe", "--reader", "emulator:blank", "--out", str(out))
    assert "- The application: there is none by its name, its AID or its path" in run.out
    assert f"The draft is in {out}." in run.out.splitlines()
    assert load_file(out).name == "draft for AKİS 2.2.8, Infineon"


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "draft.toml")
    report = Run(capsys, "probe", "--json", "--reader", "emulator:akis-2.5,blocked", "--out", out).report
    assert (report["base"], report["base_by"], report["version"]) == ("akis-2", "atr", "AKİS 2.5.2, NXP")
    assert report["application"]["by_name"] == {"sw": "9000", "template": "6F", "tags": ["82", "83", "84", "8A"]}
    assert report["pin_objects"][0] == {"number": 1, "max_tries": 3, "tries_left": 0, "stored_length": 6}
    assert report["certificates"] == ["3D00/2F10", "3D00/2F11"]
    assert report["learned_values"]["pin.tries_by"].startswith("reported, learned from this card by probe")
    assert (report["extended_length"], report["command_chaining"], report["pin_flags"]) == (False, True, None)
    assert (report["out"], report["commands"]) == (out, 20)
    assert Run(capsys, "probe", "--json", "--reader", "emulator:blank").report["out"] is None


class TestWhereTheDraftGoes:
    def asked_nothing(self, capsys: pytest.CaptureFixture[str], tmp_path: Path, out: str) -> str:
        trace = tmp_path / "trace.jsonl"
        run = Run(capsys, "probe", "--reader", "emulator:", "--out", out, "--trace", str(trace))
        assert (run.code, run.out) == (2, "")
        assert not trace.exists()
        return run.err

    def test_no_file_is_overwritten(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "draft.toml"
        out.write_text("mine")
        assert "is there already and was left as it is" in self.asked_nothing(capsys, tmp_path, str(out))
        assert out.read_text() == "mine"

    def test_nor_one_that_a_link_leads_to(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "draft.toml"
        out.symlink_to(tmp_path / "elsewhere.toml")
        assert "is there already" in self.asked_nothing(capsys, tmp_path, str(out))
        assert not (tmp_path / "elsewhere.toml").exists()

    def test_one_that_came_in_the_meantime(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "draft.toml"
        out.write_text("mine")
        monkeypatch.setattr("akis.trace.save.check_free", lambda _: None)
        run = Run(capsys, "probe", "--reader", "emulator:", "--out", str(out))
        assert (run.code, out.read_text()) == (2, "mine")
        assert "cannot be written: File exists" in run.err

    @pytest.mark.parametrize("name", ["draft", "draft.txt", "akis-2", ".toml"])
    def test_a_name_that_profile_would_not_take_for_a_file(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "ends in .toml" in self.asked_nothing(capsys, tmp_path, str(tmp_path / name))

    def test_no_such_directory(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        err = self.asked_nothing(capsys, tmp_path, str(tmp_path / "none" / "draft.toml"))
        assert "there is no such directory" in err

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_no_half_of_it_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "draft.toml"
        opened = Path.open

        def onto_a_full_disk(path: Path, *arguments: Any, **options: Any) -> Any:
            if path != out:
                return opened(path, *arguments, **options)
            opened(path, *arguments, **options).close()
            return opened(Path("/dev/full"), "w")

        monkeypatch.setattr(Path, "open", onto_a_full_disk)
        run = Run(capsys, "probe", "--reader", "emulator:", "--out", str(out))
        assert run.code == 2
        assert "cannot be written: No space left on device" in run.err
        assert not out.exists()


def test_a_recorded_probe_is_played_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody far away can send a trace of a card that nobody knows, and it leads to the same draft."""
    trace, first, second = (tmp_path / name for name in ("trace.jsonl", "first.toml", "second.toml"))
    made = Run(capsys, "probe", "--reader", "emulator:akis-2.5", "--trace", str(trace), "--out", str(first))
    again = Run(capsys, "probe", "--reader", f"replay:{trace}", "--out", str(second))
    assert (made.code, again.code) == (0, 0)
    lines = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    sent = [bytes.fromhex(line["command"]) for line in lines if "command" in line]
    assert len(sent) == 20
    assert {command[1] for command in sent} <= LOOKING
    assert learned(second) == learned(first)


def learned(path: Path) -> set[str]:
    return {name for name, source in load_file(path).sources.items() if "learned from this card by probe" in source}
