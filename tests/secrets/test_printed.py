"""No PIN, PUK or key where bytes become text: annotation, redaction, status words, the command line."""

from dataclasses import replace

import pytest

import akis.authority.http.app  # before what it draws digits with is replaced
import akis.authority.http.issuing
import akis.emulator.card
import akis.pin
import akis.sm.mutual_auth
from akis.authority.demo.data import MASTER_KEY, demo_card, demo_personality
from akis.codec import pin_block
from akis.codec.apdu import CommandApdu
from akis.commands import pin as commands
from akis.emulator import load_personality
from akis.pin import random_digits
from akis.status import StatusWord
from akis.trace.annotate import answer_fields, command_fields
from akis.trace.redact import command_text, hex_text, masks
from tests.bench import SUITES
from tests.leaks import silent
from tests.secrets.story import NEW_PIN, PIN, PINS, PUK, halves, made
from tools.__main__ import main


def test_no_status_text_holds_one():
    shown = "\n".join(f"{StatusWord(sw)!r} {StatusWord(sw).meaning()}" for sw in range(0x10000))
    silent(shown, PINS)


class TestPrinted:
    """Where bytes become text: annotation, redaction, the command line."""

    @pytest.mark.parametrize("profiled", [True, False])
    @pytest.mark.parametrize("encoding", ["ascii", "digits", "bcd", "iso9564-2"])
    @pytest.mark.parametrize("cla", [0x00, 0x10, 0x80, 0x0C, 0x04])
    def test_commands_with_a_pin(self, encoding, profiled, cla):
        profile = made("akis-2.2").card.profile if profiled else None
        old, new = (pin_block.encode(pin.encode(), encoding) for pin in (PIN, NEW_PIN))
        for reference in (0x81, 0x82, 0x01):
            for command in (
                commands.verify(reference, old),
                commands.change(reference, old + new),
                commands.change(reference, pin_block.join(old, new, "length-prefixed")),
                commands.change_to(reference, new),
                commands.reset_retry_counter(reference, old, new),
                commands.reset_retry_counter(reference, old),
                commands.reset_retry_counter(reference, new=new),
                CommandApdu(0x00, 0x21, 0x00, reference, old),
                CommandApdu(0x00, 0x20, 0x00, reference, old, ne=256, extended=True),
            ):
                command = command.replace(cla=cla)
                line = command_text(command.to_bytes(), profile)
                fields = " ".join(f"{field}" for field in command_fields(command, profile))
                silent(f"{line}\n{fields}\n{masks(command, profile)}", [PIN, NEW_PIN])
                assert line.startswith(command.header.hex(" ").upper())
                assert line.count("**") == len(command.data)

    def test_a_command_cut_short(self):
        raw = commands.verify(0x81, PIN.encode()).to_bytes()
        for cut in range(6, len(raw)):
            assert command_text(raw[:cut]).count("**") >= cut - 5

    def test_a_whole_story(self, story):
        profile = story.on.card.profile
        shown = []
        for seen in story.on.exchanges:
            for command, answer in ((seen.command, seen.answer), (seen.plain_command, seen.plain_answer)):
                shown += [command_text(command.to_bytes(), profile), str(command_fields(command, profile))]
                shown += [hex_text(answer.to_bytes()), str(answer_fields(answer, command, profile))] if answer else []
        assert "00 20 00 81" in " ".join(shown)
        silent("\n".join(shown), story.secrets)

    @pytest.mark.parametrize("form", [[], ["--json"]])
    @pytest.mark.parametrize("name", SUITES)
    def test_the_demo(self, name, form, monkeypatch, capsys):
        # Eight digits: shorter ones turn up in the hex of random cipher text, once in some hundred runs.
        pin = "73918264"
        personality = replace(load_personality(name), pin=pin, puk=PUK)
        transport_pins, derived = [], []
        derive = akis.sm.mutual_auth.derive
        monkeypatch.setenv("COLUMNS", "2000")
        monkeypatch.setattr(akis.emulator.card, "load_personality", lambda name: personality)
        # That of the authority, in the first act, and that of the issuer beside the card.
        for module in (akis.authority.http.issuing, akis.pin):
            monkeypatch.setattr(
                module, "random_digits", lambda *args: transport_pins.append(random_digits(*args)) or transport_pins[-1]
            )
        monkeypatch.setattr(akis.sm.mutual_auth, "derive", lambda *args: derived.append(derive(*args)) or derived[-1])
        assert main(["demo", "--card", name, *form]) == 0
        printed = capsys.readouterr()
        keys = [key for pair in personality.keys for key in (pair.enc, pair.mac)]
        issuer = demo_personality(demo_card(name)).key("issuer")
        keys += [MASTER_KEY, issuer.enc, issuer.mac]
        pins = [pin, pin[::-1], PUK, *(made.decode() for made in transport_pins)]
        assert len(transport_pins) == 2
        assert len(derived) == 8  # both sides derive both, in both acts
        silent(printed.out + printed.err, [*pins, *halves(*keys, *derived)])
        assert "00 2C 02 81 08 " + " ".join(["**"] * 8) in printed.out
