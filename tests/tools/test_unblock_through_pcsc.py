"""The whole unblock through pcscd and its virtual reader: the card is one process, each command another."""

from __future__ import annotations

import pytest

from akis.emulator import load_personality
from tests.pcsc_service import READERS
from tests.tools.akis_process import Emulating, akis, key_file
from tools.exit_codes import Exit

NEW = "61947385"
FULL = {"PIN": 3, "PUK": 3}


def unblock(keys, new=NEW):
    return akis("pin", "unblock", "--json", "--sm-keys", keys, "--new-pin", "env:NEW", NEW=new)


def verify(pin, *more):
    return akis("pin", "verify", "--json", "--pin", "env:PIN", *more, PIN=pin)


@pytest.mark.parametrize(
    ("name", "state", "kept"),
    [
        ("akis-2.2", "blocked", True),
        ("akis-2.2", "new", False),
        ("akis-2.5", "blocked", False),
        ("akis-2.5", "new", False),
    ],
)
def test_unblock_and_all_that_can_be_asked_before_and_after(pcsc, tmp_path, name, state, kept):
    keys = key_file(tmp_path / "keys.toml", name)
    personality = load_personality(name)
    left = 0 if state == "blocked" else 3
    file = ("--state", tmp_path / "card.state") if kept else ()
    with Emulating(pcsc, "--personality", f"{name},{state}", *file):
        (reader, _) = akis("readers", "--json").report["readers"]
        atr = personality.atr.hex().upper()
        assert reader == {"index": 0, "name": READERS[0], "atr": atr, "state": "card"}

        info = akis("info", "--json").report
        assert (info["reader"], info["atr"], info["serial"]) == (READERS[0], atr, personality.serial.hex().upper())
        assert info["version"].startswith(name.replace("akis-", "AKİS "))
        assert (info["life_cycle"], info["pin_tries_left"], info["puk_tries_left"]) == ("operation", left, 3)
        assert akis("pin", "status", "--json").report["tries_left"] == {"PIN": left, "PUK": 3}

        done = unblock(keys)
        assert (done.code, done.report["tries_left"]) == (Exit.DONE, FULL), done.err
        assert done.report["command"] == "pin unblock"
        assert akis("info", "--json").report["pin_tries_left"] == 3

        assert verify(NEW).code == Exit.DONE
        old = verify(personality.pin)
        assert (old.code, old.complaint) == (Exit.PIN_REFUSED, "wrong PIN, 2 tries left")
        assert old.report["error"]["tries_left"] == 2
        in_session = verify(NEW, "--sm-keys", key_file(tmp_path / "terminal.toml", name, "terminal"))
        assert (in_session.code, in_session.report["tries_left"]) == (Exit.DONE, FULL)
        for run in (done, old, in_session):
            assert NEW not in run.out + run.err
            assert personality.pin not in run.out + run.err
        assert verify(personality.pin).code == Exit.PIN_REFUSED
    if kept:
        with Emulating(pcsc, "--personality", f"{name},{state}", *file):
            assert akis("pin", "status", "--json").report["tries_left"] == {"PIN": 2, "PUK": 3}
            assert verify(NEW).report["tries_left"] == FULL


PULLED = """
import os
from akis.emulator.card import EmulatedCard
process = EmulatedCard.process
def process_and_die(card, raw):
    answer = process(card, raw)
    if raw[1] == {ins:#x}:
        os.kill(os.getpid(), 9)
    return answer
EmulatedCard.process = process_and_die
"""


@pytest.mark.parametrize("ins", [0x2C, 0x24, 0x20], ids=["reset", "change", "verify"])
def test_a_card_that_is_gone_after_each_step_is_finished_by_another_run(pcsc, tmp_path, ins):
    """The emulator is killed when it has done the step and not yet answered."""
    keys = key_file(tmp_path / "keys.toml")
    card = ("--personality", "akis-2.2,blocked", "--state", tmp_path / "card.state")
    with Emulating(pcsc, *card, patch=PULLED.format(ins=ins)) as emulating:
        cut = unblock(keys)
        assert cut.code == Exit.PIN_OUTCOME_UNKNOWN, cut.err
        assert emulating.process.wait(10) == -9
    assert "its outcome is unknown: the card was taken out of" in cut.complaint
    assert cut.report["error"]["kind"] == "PinOutcomeUnknown"
    with Emulating(pcsc, *card):
        assert unblock(keys).report["tries_left"] == FULL
        assert verify(NEW).code == Exit.DONE
