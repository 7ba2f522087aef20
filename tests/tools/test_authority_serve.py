"""``akis authority serve`` as a process, and the whole of it as three people use it: operator, holder, client."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from akis.authority.demo.tls import make_demo_tls
from akis.emulator import load_personality
from tests.akis.emulator.virtual_reader import VirtualReader
from tests.tools.akis_process import ROOT, akis
from tests.tools.authority_place import Place, demo_database, filled, place
from tools.exit_codes import Exit

__all__ = ["demo_database", "filled", "place"]

pytestmark = pytest.mark.slow
_PATIENCE = 20


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def test_it_says_where_it_listens_and_sigterm_ends_it(filled: Place) -> None:
    with filled.serve() as served:
        assert httpx.get(f"{served.url}/readyz").json() == {"status": "ok"}
        code, out, err = served.end()
    assert (code, out) == (Exit.DONE, "")
    assert f"SMS are not sent: they go into the file {filled.folder / 'sms.jsonl'}." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_it_as_well(filled: Place, workers: int) -> None:
    with filled.serve("--workers", workers) as served:
        assert httpx.get(f"{served.url}/healthz").is_success
        assert served.end(signal.SIGINT)[0] == Exit.DONE


def test_the_tables_are_brought_up_to_this_version_first(place: Place) -> None:
    place.key.parent.mkdir()
    assert akis("authority", "new-key", place.key).code == 0
    with place.serve() as served:
        assert httpx.get(f"{served.url}/readyz").is_success
    assert place.json("migrate") == {"changed": False}


def test_tls_by_options(filled: Place) -> None:
    tls = make_demo_tls(filled.folder)
    with filled.serve("--tls-cert", tls.cert, "--tls-key", tls.key) as served:
        assert served.url.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(tls.ca))
        assert httpx.get(f"{served.url}/healthz", verify=trusted).is_success


def test_settings_come_from_a_file_and_options_before_them(filled: Place) -> None:
    config = filled.folder / "authority.toml"
    config.write_text(
        'database = "sqlite:///nowhere/x.db"\nhost = "localhost"\nlog = "plain"\n\n[rules]\ncode_lasts = 77\n'
    )
    with filled.serve("--config", config) as served:
        signed_in = httpx.post(f"{served.url}/v1/sign-ins", json={"name": "ayse", "password": "ayse-demo-2580"})
        bearer = {"Authorization": f"Bearer {signed_in.json()['token']}"}
        assert httpx.post(f"{served.url}/v1/codes", headers=bearer).json()["expires_in"] == 77
        assert not served.end()[2].lstrip().startswith("{"), "log lines are plain"


def test_another_master_key_than_that_of_the_database(filled: Place) -> None:
    other = filled.folder / "other.key"
    assert akis("authority", "new-key", other).code == 0
    done = akis("authority", "serve", "--database", filled.database, "--master-key", other)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert done.complaint.startswith("this database was used with another master key, so nothing was done")


def test_a_tls_key_that_others_can_read(filled: Place) -> None:
    tls = make_demo_tls(filled.folder)
    tls.key.chmod(0o644)
    words = ["--database", filled.database, "--master-key", filled.key, "--tls-cert", tls.cert, "--tls-key", tls.key]
    done = akis("authority", "serve", *words)
    assert (done.code, done.out) == (Exit.POLICY_REFUSED, "")
    assert done.complaint.startswith(f"others can read the key file {tls.key}")


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["--host", "0.0.0.0"], Exit.USAGE, "without TLS it does not listen on 0.0.0.0"),
        (["--tls-cert", "x"], Exit.USAGE, "TLS needs both, --tls-cert and --tls-key"),
        (["--tls-cert", "x", "--tls-key", "y"], Exit.USAGE, "--tls-cert x cannot be read: No such file"),
        (["--workers", "0"], Exit.USAGE, "--workers are 1 to 64 processes"),
        (["--config", "nowhere.toml"], Exit.USAGE, "nowhere.toml: cannot be read"),
        (["--master-key", "nowhere"], Exit.USAGE, "the key file nowhere cannot be read"),
        (["--database", "postgresql://user:secret@host/x"], Exit.USAGE, "--database must not hold a password"),
    ],
)
def test_what_is_wrong_is_said_before_it_listens(words: list[str], code: int, complaint: str, tmp_path: Path) -> None:
    done = akis("authority", "serve", "--database", f"sqlite:///{tmp_path / 'a.db'}", *words)
    assert (done.code, done.out) == (code, "")
    assert done.complaint.startswith(complaint)
    assert "secret" not in done.err


def test_a_port_that_is_taken(filled: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["--database", filled.database, "--master-key", filled.key, "--port", port]
        done = akis("authority", "serve", *words)
    assert done.code == Exit.UNEXPECTED
    assert done.complaint.startswith(f"it cannot listen on 127.0.0.1, port {port}: ")


def test_operator_holder_and_client(filled: Place) -> None:
    """A holder at the counter has a new card; the client is a process beside it, and the card its file."""
    card = filled.cards / "ayse-2.5.toml"
    with filled.serve() as served:
        code = filled.json("code", "ayse", "--master-key", filled.key)["code"]
        words = ["--authority", served.url, "--reader", f"emulator:{card},new", "--non-interactive", "--json"]
        answers = ["--code", "env:CODE", "--new-pin", "env:PIN", "--answer", f"file:{filled.folder / 'answer'}"]
        os.mkfifo(filled.folder / "answer")
        client = subprocess.Popen(
            [sys.executable, "-m", "tools", "unlock", *words, *answers],
            cwd=ROOT,
            env={**os.environ, "CODE": code, "PIN": "739146"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        outbox = filled.folder / "sms.jsonl"
        wait_until(lambda: outbox.exists() or client.poll() is not None)
        if client.poll() is None:
            (filled.folder / "answer").write_text(json.loads(outbox.read_text())["text"][:6])
        out, err = client.communicate(timeout=_PATIENCE)
        report = json.loads(out)
        assert (client.returncode, report["outcome"], report["holds"]) == (0, "done", "holder_pin"), err
        wait_until(lambda: filled.json("sessions")["unlocks"][0]["reported"])
        [unlock] = filled.json("sessions")["unlocks"]
        serial = load_personality(str(card)).serial.hex().upper()
        assert (unlock["holder"], unlock["serial"], unlock["state"]) == ("ayse", serial, "done")
        assert (unlock["outcome"], unlock["holds"], unlock["reported"]) == ("done", "transport_pin", "holder_pin")
        assert served.end()[0] == Exit.DONE
    events = [line["event"] for line in filled.json("audit", "show")["lines"]]
    assert events == ["import", "code", "redeem", "choose_card", "second_factor", "exchange", "exchange", "report"]
    assert filled.json("audit", "verify")["count"] == len(events)


def test_a_demo_card_is_one_to_the_virtual_reader_too(filled: Place, reader: VirtualReader) -> None:
    from tests.tools.emulate_process import Emulate

    card = filled.cards / "mehmet-2.5.toml"
    with Emulate(reader, "--personality", f"{card},blocked"):
        assert reader.wait_for_card() == load_personality(str(card)).atr
