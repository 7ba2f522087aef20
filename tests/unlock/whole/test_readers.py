"""Where the card is meanwhile: not there yet, beside others, kept by another program, in a reader that is gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from akis.authority.demo.data import MEHMET
from tests import pcscd_process
from tests.akis.unlock.issuer import stored
from tests.another_program import AnotherProgram
from tests.pcsc_service import READERS, PcscService
from tests.tools.akis_process import Done
from tests.tools.test_prompts import Terminal
from tests.unlock.whole.cards import demo
from tests.unlock.whole.client import NEW_PIN, Client
from tests.unlock.whole.service import Service, wait_until
from tools.exit_codes import Exit

pytestmark = pytest.mark.slow

IN_FORCE = (NEW_PIN, "active", 3)
WAITING = "Waiting for one of your cards, Ctrl-C ends it: "
EMPTY = tuple(f"there is no card in {reader}" for reader in READERS)


def unlocking(service: Service, *arguments: object) -> Client:
    """The client of the holder whose second factor is the web password, and who has given it."""
    code = service.portals_code(MEHMET.name, MEHMET.password)
    client = Client(service.url, code, "--json", *arguments)
    client.answer(MEHMET.password)
    return client


def done(client: Client) -> Done:
    ended = client.end()
    assert (ended.code, ended.report["holds"]) == (Exit.DONE, "holder_pin"), ended.err
    return ended


def test_the_card_comes_while_the_client_waits_for_it(service: Service, pcsc: PcscService) -> None:
    card = demo("mehmet-2.5", "new")
    with unlocking(service) as client:
        client.says(f"{WAITING}{EMPTY[0]}; {EMPTY[1]}\n")
        with pcsc.insert(card):
            assert done(client).report["card"]["reader"] == READERS[0]
    assert stored(card) == IN_FORCE


def test_another_persons_card_is_left_alone(service: Service, pcsc: PcscService) -> None:
    others, own = demo("ayse-2.2", "last-try"), demo("mehmet-2.2", "blocked")
    before = others.memory.save()
    with pcsc.insert(others, 1):
        with unlocking(service, "--wait", "1") as client:
            failed = client.end()
        assert (failed.code, failed.report["holds"]) == (Exit.NO_CARD, "as_before")
        note = f"the card in {READERS[1]} is none of yours"
        assert failed.report["message"] == f"none of your cards was in a reader within 1 s; {EMPTY[0]}; {note}"
        with unlocking(service) as client:
            client.says(f"{WAITING}{EMPTY[0]}; {note}\n")
            with pcsc.insert(own, 0):
                done(client)
    assert stored(own) == IN_FORCE
    assert others.memory.save() == before


def test_of_two_cards_the_holder_chooses_one(
    service: Service, pcsc: PcscService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = demo("mehmet-2.2", "blocked"), demo("mehmet-2.5", "new")
    before = first.memory.save()
    with pcsc.insert(first, 0), pcsc.insert(second, 1):
        with unlocking(service) as client:
            undecided = client.end()
        assert undecided.code == Exit.USAGE
        assert "several of your cards are in readers; say which one is meant with --reader" in undecided.err
        for name, value in {"TERM": "dumb", "LC_ALL": "C.UTF-8"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AKIS_READER", raising=False)
        terminal = Terminal("unlock", "--authority", service.url, "--language", "en")
        terminal.answer("Code of the portal (15 digits): ", service.portals_code(MEHMET.name, MEHMET.password))
        terminal.answer("Number of the card to unlock: ", "2")
        terminal.answer("New PIN (4 to 8 digits): ", NEW_PIN)
        terminal.answer("New PIN again: ", NEW_PIN)
        terminal.answer("Web password: ", MEHMET.password)
        assert terminal.end() == Exit.DONE, terminal.shown
        assert (stored(second), first.memory.save()) == (IN_FORCE, before)
        with unlocking(service, "--reader", READERS[0]) as client:
            assert done(client).report["card"]["reader"] == READERS[0]
    assert stored(first) == IN_FORCE


def test_a_card_that_another_program_keeps_is_waited_for(
    service: Service, pcsc: PcscService, another_program: AnotherProgram
) -> None:
    card = demo("mehmet-2.5", "blocked")
    with pcsc.insert(card, 1):
        assert another_program.connect(READERS[1], exclusive=True) == "SCARD_S_SUCCESS"
        with unlocking(service) as client:
            client.says(f"another program has the card in {READERS[1]}; end that one\n")
            assert another_program.disconnect() == "SCARD_S_SUCCESS"
            done(client)
    assert stored(card) == IN_FORCE


def test_a_reader_that_is_unplugged_may_be_plugged_in_again(
    service: Service, pcsc: PcscService, tmp_path: Path
) -> None:
    card = demo("mehmet-2.2", "new")
    with unlocking(service) as client:
        client.says(f"{WAITING}{EMPTY[0]}; {EMPTY[1]}\n")
        with without_readers(pcsc, client, tmp_path):
            client.says(f"{WAITING}there is no card reader; plug one in\n")
        with pcsc.insert(card, 0):
            done(client)
    assert stored(card) == IN_FORCE


def test_a_pcsc_service_that_stops_is_waited_for_like_a_card(service: Service, pcsc: PcscService) -> None:
    card = demo("mehmet-2.5", "blocked")
    with unlocking(service) as client:
        client.says(WAITING)
        pcsc.stop()
        client.says("start pcscd, then connect again\n")
        pcsc.start()
        with pcsc.insert(card, 0):
            done(client)
    assert stored(card) == IN_FORCE


def test_without_the_pcsc_service_the_code_stays_good(service: Service, pcsc: PcscService) -> None:
    code, card = service.portals_code(MEHMET.name, MEHMET.password), demo("mehmet-2.5", "blocked")
    pcsc.stop()
    try:
        with Client(service.url, code, "--json") as client:
            ended = client.end()
    finally:
        pcsc.start()
    assert (ended.code, ended.report["holds"]) == (Exit.NO_CARD, "as_before")
    assert ended.report["error"]["kind"] == "NoService"
    with pcsc.insert(card, 0), Client(service.url, code, "--json") as client:
        client.answer(MEHMET.password)
        done(client)
    assert stored(card) == IN_FORCE


@contextmanager
def without_readers(pcsc: PcscService, client: Client, folder: Path) -> Iterator[None]:
    """The service in the place of ``pcsc`` and with no reader; the client waits between two looks, and sees no gap."""
    client.pause()
    pcsc.stop()
    bare = pcscd_process.launch(pcsc.port(), ("--config", os.fspath(folder)))
    try:
        wait_until(lambda: answers_without_readers(pcsc))
        client.go_on()
        yield
        client.pause()
    finally:
        bare.kill()
        bare.wait()
        pcsc.start()
        client.go_on()


def answers_without_readers(pcsc: PcscService) -> bool:
    from smartcard import scard

    failed, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if not failed:
        scard.SCardReleaseContext(context)
    return not failed and not pcsc.states()
