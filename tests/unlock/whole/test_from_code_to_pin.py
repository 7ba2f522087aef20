"""The whole of it with everything real: the authority a process, the client another, the card behind pcscd.

New and blocked cards end with the holder's PIN in force and the one before refused. Of the holder's PIN nothing ever
comes to the authority, and of all that is secret nothing stays there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pcsc_service import READERS, PcscService
from tests.tools.akis_process import Done, Emulating, akis, key_file
from tests.tools.test_prompts import Terminal
from tests.unlock.whole.client import NEW_PIN, Client
from tests.unlock.whole.issuers import Case, Issuer, issuer
from tests.unlock.whole.search import found, found_short
from tests.unlock.whole.service import without_reader
from tests.unlock.whole.wiretap import Wiretap
from tools.exit_codes import Exit

pytestmark = pytest.mark.slow

CASES = (
    Case("sqlite", "in a file", "ayse-2.2", "new", "portal"),
    Case("sqlite", "in the HSM", "mehmet-2.5", "blocked", "operator"),
    Case("postgresql", "in a file", "mehmet-2.5", "new", "portal"),
    Case("postgresql", "in the HSM", "ayse-2.2", "blocked", "portal"),
    Case("postgresql", "born in the HSM", "akis-2.5", "new", "operator"),
)
AT_THE_TERMINAL = Case("sqlite", "in a file", "ayse-2.5", "blocked", "operator")


class Whole:
    """One unlock from its code on: an issuer, the wire to it, and the card in the reader."""

    def __init__(self, case: Case, made: Issuer, wire: Wiretap, folder: Path) -> None:
        self.case, self.issuer, self.wire = case, made, wire
        self.keys: tuple[object, ...] = ()
        """Of the terminal, where the card takes PINs only inside secure messaging."""
        if made.card.pin_over_sm_only:
            self.keys = (key_file(folder / "terminal.toml", str(made.file), "terminal"),)

    def code(self) -> str:
        if self.case.code == "operator":
            return self.issuer.service.operators_code(self.issuer.holder)
        return self.issuer.service.portals_code(self.issuer.holder, self.issuer.password, self.wire.url)

    @property
    def transport_pin(self) -> str:
        """The PIN that the authority set, which went over the wire once."""
        [pin] = [said["transport_pin"] for said in self.wire.messages("authority") if said["type"] == "done"]
        return str(pin)

    def verify(self, pin: str) -> Done:
        keys = ("--sm-keys", *self.keys) if self.keys else ()
        return akis("pin", "verify", "--json", "--pin", "env:PIN", *keys, PIN=pin)


@pytest.fixture
def whole(case: Case, pcsc: PcscService, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Whole]:
    with issuer(case, tmp_path, request) as made, Wiretap(made.service.url) as wire:
        card = ("--personality", f"{made.file},{case.state}", "--state", tmp_path / "card.state")
        with Emulating(pcsc, *card):
            yield Whole(case, made, wire, tmp_path)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_card_gets_the_pin_of_its_holder(whole: Whole, case: Case, tmp_path: Path) -> None:
    made, service, recorded = whole.issuer, whole.issuer.service, tmp_path / "unlock.jsonl"
    code = whole.code()
    keys = ("--terminal-keys", *whole.keys) if whole.keys else ()
    with Client(whole.wire.url, code, "--json", "--trace", recorded, *keys) as client:
        if made.second_factor == "sms":
            answer = client.answer_sms(service, 0)
        else:
            client.answer(answer := made.password)
        done = client.end()
    assert (done.code, done.report["outcome"], done.report["holds"]) == (Exit.DONE, "done", "holder_pin"), done.err
    card = done.report["card"]
    assert (card["serial"], card["reader"]) == (made.card.serial.hex().upper(), READERS[0])
    in_force(whole)
    written_down(whole)
    nothing_stays(whole, code, answer, {"the client": (done.out + done.err).encode(), "trace": recorded.read_bytes()})


@pytest.mark.parametrize("case", [AT_THE_TERMINAL], ids=str)
def test_a_holder_at_a_terminal_is_asked_in_turkish(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AKIS_READER", "LANGUAGE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**without_reader(), "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    service, code = whole.issuer.service, whole.code()
    terminal = Terminal("unlock", "--authority", whole.wire.url, "--language", "tr")
    terminal.answer("Portaldan aldığınız kod (15 hane): ", code)
    terminal.answer("Yeni PIN kodu (4-8 rakam): ", NEW_PIN)
    terminal.answer("Yeni PIN kodu (tekrar): ", NEW_PIN)
    terminal.wait_for("… 42 numarasına gelen SMS kodu (yeni SMS için yalnızca Enter): ")
    answer = service.sms()[0]["text"].partition(":")[0]
    terminal.type(f"{answer}\n")
    assert terminal.end() == Exit.DONE, terminal.shown
    assert terminal.lines[-1] == "PIN kodunuz başarıyla değiştirildi."
    in_force(whole)
    written_down(whole)
    nothing_stays(whole, code, answer, {})
    # What the terminal shows of the code is what the holder typed there.
    assert found({"terminal": terminal.shown.encode()}, [NEW_PIN, whole.transport_pin]) == []
    assert found_short({"terminal": terminal.shown.encode()}, [answer]) == []


def in_force(whole: Whole) -> None:
    """The PIN from before is refused, the holder's is taken, whoever asks."""
    before = whole.transport_pin if whole.case.state == "new" else whole.issuer.card.pin
    refused = whole.verify(before)
    assert (refused.code, refused.report["error"]["tries_left"]) == (Exit.PIN_REFUSED, 2)
    taken = whole.verify(NEW_PIN)
    assert (taken.code, taken.report["tries_left"]) == (Exit.DONE, {"PIN": 3, "PUK": 3}), taken.err


def written_down(whole: Whole) -> None:
    """The authority knows how it went, and its audit log is whole."""
    made, service = whole.issuer, whole.issuer.service
    unlock = service.reported()
    assert (unlock["holder"], unlock["serial"]) == (made.holder, made.card.serial.hex().upper())
    assert (unlock["state"], unlock["outcome"], unlock["reported"]) == ("done", "done", "holder_pin")
    lines: list[dict[str, Any]] = service.report("audit", "show")["lines"]
    signed_in = ["sign_in"] if whole.case.code == "portal" else []
    steps = ["code", "redeem", "choose_card", "second_factor", "exchange", "exchange", "report"]
    assert [line["event"] for line in lines] == ["import", *signed_in, *steps]
    assert {line["outcome"] for line in lines} == {"ok"}
    assert service.report("audit", "verify")["count"] == len(lines)


def nothing_stays(whole: Whole, code: str, answer: str, besides: dict[str, bytes]) -> None:
    """No secret is where it must not be. ``besides`` are places beside the client."""
    made, places, wire = whole.issuer, whole.issuer.service.places(), whole.wire.places()
    transport_pin, tokens = whole.transport_pin, whole.wire.tokens()
    assert len(tokens) == (2 if whole.case.code == "portal" else 1)
    password = written(made.password)
    secrets = [NEW_PIN, transport_pin, code, code[6:14], *password, *tokens, *made.keys]
    short = [answer] if made.second_factor == "sms" else []
    assert found(places, secrets) == []
    # The SMS is where its code may be.
    assert found_short({name: raw for name, raw in places.items() if name != "outbox"}, short) == []
    assert found(besides, secrets) + found_short(besides, short) == []

    assert found(wire, [NEW_PIN, *made.keys]) == []
    # The transport PIN is in one message, once raw, as the authority masks nothing, and once as what the frame holds.
    assert {place.split(":")[0].rpartition(" ")[2] for place in found(wire, [transport_pin])} == {"authority"}
    assert b"".join(wire.values()).count(transport_pin.encode()) == 2
    # What is not found there would have been: these did go over this wire.
    assert found(wire, [code])
    assert found_short(wire, short) if short else found(wire, password)


def written(password: str) -> list[str | bytes]:
    """A password as programs write it, letters beyond ASCII included."""
    return [password.encode(), json.dumps(password)[1:-1]]
