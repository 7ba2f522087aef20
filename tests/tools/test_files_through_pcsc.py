"""``akis files`` through pcscd and its virtual reader: the card is one process, each command another."""

from __future__ import annotations

from akis.emulator import load_personality
from akis.emulator.contents import certificate_bytes
from tests.tools.akis_process import Emulating, akis, key_file
from tools.exit_codes import Exit

PIN = {"CARD_PIN": "123456"}


def test_a_card_of_the_second_generation(pcsc, tmp_path):
    personality = load_personality("akis-2.2")
    keys = key_file(tmp_path / "keys.toml", "akis-2.2")
    certificate = certificate_bytes(personality.certificates["signature"])
    with Emulating(pcsc, "--personality", "akis-2.2"):
        tree = akis("files", "tree", "--json").report
        assert {"3F00", "2F00", "3D00", "3D00/5031", "3D00/5032", "3D00/2F10"} <= {
            file["path"] for file in tree["files"]
        }
        for number, session in enumerate([(), ("--sm-keys", keys)]):
            out = tmp_path / f"{number}.der"
            done = akis("files", "cat", "3D00/2F10", "--out", out, *session)
            assert (done.code, out.read_bytes()) == (Exit.DONE, certificate), done.err
        refused = akis("files", "put", "3D00/2F10", out, "--offset", "1", "--json")
        assert refused.code == Exit.POLICY_REFUSED
        assert akis("pin", "status", "--json").report["tries_left"] == {"PIN": 3, "PUK": 3}


def test_a_card_of_the_first_generation(pcsc, tmp_path):
    new = tmp_path / "new.bin"
    new.write_bytes(bytes(range(256)))
    with Emulating(pcsc, "--personality", "akis-1.0"):
        tree = akis("files", "tree", "--json").report
        assert tree["complete"] is True
        assert "3D00/4118" in {file["path"] for file in tree["files"]}
        without = akis("files", "put", "3D00/4118", new, "--yes")
        assert (without.code, "6982" in without.complaint) == (Exit.CARD_REFUSED, True)
        login = ("--pin", "env:CARD_PIN", "--allow-last-try")
        done = akis("files", "put", "3D00/4118", new, "--yes", *login, **PIN)
        assert (done.code, done.out.split()[:2]) == (Exit.DONE, ["255", "bytes"]), done.err
        assert bytes.fromhex(akis("files", "cat", "3D00/4118", "--json").report["content"]) == new.read_bytes()
