"""Bad input with a card in the reader: one sentence, the right exit code, no secret shown, and no command sent."""

from __future__ import annotations

import pytest

from akis.emulator import load_personality
from akis.emulator.state_file import StateFile
from tests.leaks import leaks
from tests.tools.akis_process import Card, akis, key_file
from tools.exit_codes import Exit

NEW = "61947385"
KEY = "5A39C7E1084FB26D93AE1750CB2864F7"


def refused(code, sentence, *arguments, **environment):
    """Run it: it refuses so, and shows nothing of what it was given."""
    done = akis(*arguments, **environment)
    assert (done.code, done.complaint) == (code, sentence)
    assert done.report["error"]["message"] == sentence
    secrets = [NEW, *(bytes.fromhex(KEY)[at : at + 8] for at in (0, 8))]
    assert leaks(done.out + done.err, secrets) == []


def test_key_files(pcsc, tmp_path):
    file = tmp_path / "keys.toml"
    unblock = ("pin", "unblock", "--json", "--new-pin", "env:NEW", "--sm-keys", file)
    good = {"enc": KEY, "mac": KEY}
    card = Card()
    with pcsc.insert(card):
        for changed, complaint in [
            ({"enc": KEY[:-2] + "GG"}, 'enc is bytes in hex, written as text, such as "8C"'),
            ({"mac": KEY[:-1]}, 'mac is bytes in hex, written as text, such as "8C"'),
            ({"enc": KEY[:-2]}, "K.ENC of algorithm 8C is 16 bytes, not 15"),
            ({"mac": KEY + KEY[:16]}, "K.MAC of algorithm 8C is 16 bytes, not 24"),
            ({"alg": "8C8C"}, "alg is one byte in hex"),
            ({"alg": "77"}, "no such device authentication algorithm; there are 0C, 8C, AC, AD, AE"),
            ({"ifd_sn": "01"}, "ifd_sn is 8 bytes in hex, not 1"),
            ({"pin": NEW}, "there is a field that key files do not have; they have alg, key, enc, mac, ifd_sn"),
        ]:
            key_file(file, **{**good, **changed})
            refused(Exit.USAGE, f"{file}: {complaint}", *unblock, NEW=NEW)
        file.write_bytes(b"\xff\xfe")
        refused(Exit.USAGE, f"the key file {file} cannot be read: it is not text", *unblock, NEW=NEW)
        key_file(file).chmod(0o640)
        open_to_others = f"others can read the key file {file}, so it was not used; run chmod 600 on it first"
        refused(Exit.POLICY_REFUSED, open_to_others, *unblock, NEW=NEW)
        file.unlink()
        refused(Exit.USAGE, f"the key file {file} cannot be read: No such file or directory", *unblock, NEW=NEW)
        assert card.commands == []


def test_where_pins_come_from(pcsc, tmp_path):
    keys = key_file(tmp_path / "keys.toml")
    no_terminal = "no terminal to ask for the PIN on; say where it comes from with --pin env:NAME"
    words_only = "the PIN comes from env:NAME, fd:NUMBER or file:PATH, never as an argument itself"
    card = Card()
    with pcsc.insert(card):
        for source, complaint in [
            (["--pin", "env:EMPTY"], "the PIN from env:EMPTY is empty or not there; nothing was sent"),
            (["--pin", "env:NOT_THERE"], "the PIN from env:NOT_THERE is empty or not there; nothing was sent"),
            (["--pin", f"file:{tmp_path / NEW}"], "the PIN cannot be read from file: No such file or directory"),
            (["--pin", "fd:9"], "the PIN cannot be read from fd: Bad file descriptor"),
            (["--pin", NEW], words_only),
            ([], no_terminal),
        ]:
            refused(Exit.USAGE, complaint, "pin", "verify", "--json", *source, EMPTY="")
        new = "the new PIN from env:EMPTY is empty or not there; nothing was sent"
        refused(Exit.USAGE, new, "pin", "unblock", "--json", "--sm-keys", keys, "--new-pin", "env:EMPTY", EMPTY="")
        assert card.commands == []


@pytest.mark.parametrize("new", ["619", NEW + "1", "61947x85"], ids=["short", "long", "no digits"])
def test_new_pins_that_no_card_takes_are_not_sent(pcsc, tmp_path, new):
    """The card's profile says so, so the card is asked first, but no PIN command is sent."""
    keys = key_file(tmp_path / "keys.toml")
    card = Card()
    with pcsc.insert(card):
        done = akis("pin", "unblock", "--json", "--sm-keys", keys, "--new-pin", "env:NEW", NEW=new)
        assert done.code == Exit.POLICY_REFUSED
        assert done.complaint.startswith("the PIN has ")
        assert done.complaint.endswith("; nothing was sent")
        assert new not in done.out + done.err
        assert card.pin_commands == []


def test_state_files(pcsc, tmp_path):
    """What holds no card of this kind is left as it is, and no card gets into the reader."""
    file = tmp_path / "card.state"
    emulate = ("emulate", "--json", "--vpcd", f"127.0.0.1:{pcsc.port(0)}", "--state", file)
    StateFile(file, load_personality("akis-2.5")).close()
    other = file.read_bytes()
    for content, complaint in [
        (b"dear diary\n", "not a file with an emulated card"),
        (b'{"akis-state": 9}\n', "format version 9; this library reads 1"),
        (other.replace(b'"left": 3', b'"left": 4', 1), "damaged"),
        (other, "holds a card of 'akis-2.5', not of akis-2.2"),
    ]:
        file.write_bytes(content)
        advice = "it was left as it is; give --state another file, or remove this one for a new card"
        refused(Exit.USAGE, f"{file}: {complaint}; {advice}", *emulate)
        assert file.read_bytes() == content
    assert not pcsc.has_card(0)
