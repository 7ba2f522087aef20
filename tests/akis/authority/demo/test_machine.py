"""An authority and a card on this machine: it speaks TLS, gives codes like any other, and leaves nothing behind."""

from __future__ import annotations

import ssl
import tempfile
import threading
from pathlib import Path

import httpx
import pytest

from akis.authority.demo.data import demo_card
from akis.authority.demo.machine import DemoMachine
from akis.errors import AuthorityUnreachable
from akis.secret import Secret
from akis.unlock.api import AuthorityClient


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary folders are in."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_whole_unlock_but_for_the_person(temporary: Path) -> None:
    card = demo_card("akis-2.2")
    with DemoMachine(card, "new") as machine, AuthorityClient(machine.url, machine.ca) as client:
        opened = client.open_unlock(machine.code())
        assert opened.holder == card.holder.full_name
        client.choose_card(card.serial)
        client.confirm(Secret(machine.last_sms()[:6]))
        assert [path.parent for path in (machine.ca, machine.outbox)] == list(temporary.iterdir()) * 2
        with machine.connect(machine.place, exclusive=False, leave_card=True).card() as driven:
            assert driven.serial() == card.serial
    assert not list(temporary.iterdir())
    assert not [thread for thread in threading.enumerate() if thread.name == "authority"]


def test_nobody_else_is_taken_for_it(temporary: Path) -> None:
    with DemoMachine(demo_card("akis-2.5"), "new") as machine:
        code = machine.code()
        with AuthorityClient(machine.url) as client, pytest.raises(AuthorityUnreachable, match="not trusted"):
            client.open_unlock(code)
        trusted = ssl.create_default_context(cafile=str(machine.ca))
        assert httpx.get(f"{machine.url}/readyz", verify=trusted).json() == {"status": "ok"}


def test_what_fails_while_it_starts_leaves_nothing_either(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("akis.authority.demo.machine.make_demo_tls", broken)
    with pytest.raises(OSError, match="no room"), DemoMachine(demo_card("akis-2.2"), "new"):
        pytest.fail("it cannot have started")
    assert not list(temporary.iterdir())


def test_a_card_proves_which_pin_it_has(temporary: Path) -> None:
    with DemoMachine(demo_card("akis-2.2"), "") as machine:
        machine.emulated.memory.references[0x81].value = b"739146"
        proof = machine.prove(Secret("739146"))
    assert (proof.before, proof.after_wrong, proof.after_right, proof.puk) == (3, 2, 3, 3)
