"""The way to the authority: TLS that is trusted or not, an address that leads elsewhere, an authority that is down."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from akis.authority.demo.data import MEHMET
from akis.authority.demo.tls import DemoTls, make_demo_tls
from tests.akis.unlock.issuer import stored
from tests.leaks import leaks
from tests.pcsc_service import PcscService
from tests.tools.akis_process import Done
from tests.unlock.whole.cards import demo
from tests.unlock.whole.client import NEW_PIN, Client
from tests.unlock.whole.service import Service
from tools.exit_codes import Exit

pytestmark = pytest.mark.slow


@pytest.fixture
def tls(tmp_path: Path) -> DemoTls:
    """A CA of the test's own, and what it has signed."""
    return make_demo_tls(tmp_path)


@pytest.fixture
def behind_tls(tls: DemoTls, tmp_path: Path) -> Iterator[Service]:
    """An authority that shows that certificate."""
    made = Service(tmp_path, "", (), "--tls-cert", tls.cert, "--tls-key", tls.key)
    made.report("demo-data", "--cards", made.cards)
    with made:
        assert made.url.startswith("https://127.0.0.1:")
        yield made


def refused(url: str, code: str, *arguments: object) -> str:
    """Why it does not get to an authority: one sentence, and not a word of what is secret."""
    with Client(url, code, "--json", *arguments) as client:
        ended: Done = client.end()
    assert (ended.code, ended.report["holds"]) == (Exit.AUTHORITY, "as_before")
    assert leaks(ended.out + ended.err, [code, NEW_PIN]) == []
    assert ended.err.splitlines() == [f"akis: {ended.report['message']}", *ended.report["advice"]]
    assert ended.report["advice"][0] == "Your card is as it was before."
    return str(ended.report["message"])


def test_the_certificate_is_verified(behind_tls: Service, tls: DemoTls, pcsc: PcscService, tmp_path: Path) -> None:
    url, trusted = behind_tls.url, ssl.create_default_context(cafile=str(tls.ca))
    code = behind_tls.portals_code(MEHMET.name, MEHMET.password, verify=trusted)
    another = tmp_path / "another"
    another.mkdir()
    untrusted = f"the certificate of {url} is not trusted"
    assert refused(url, code).startswith(untrusted)
    other = make_demo_tls(another).ca
    assert refused(url, code, "--ca", other).startswith(f"the certificate of {url} is not from the CA in {other} (")
    plain = url.replace("https", "http")
    said = refused(plain, code)
    assert said.startswith(f"the connection to {plain} broke")
    assert said.endswith("if it speaks TLS, write the address as https://")
    # None of that has used the code up.
    card = demo("mehmet-2.5", "blocked")
    with pcsc.insert(card), Client(url, code, "--json", "--ca", tls.ca) as client:
        client.answer(MEHMET.password)
        ended = client.end()
    assert (ended.code, ended.report["holds"]) == (Exit.DONE, "holder_pin"), ended.err
    assert stored(card) == (NEW_PIN, "active", 3)


def test_an_authority_that_is_down(pcsc: PcscService, tmp_path: Path) -> None:
    made = Service(tmp_path)
    made.report("demo-data", "--cards", made.cards)
    with made:
        code = made.portals_code(MEHMET.name, MEHMET.password)
        secure = made.url.replace("http", "https")
        assert refused(secure, code) == (
            f"no secure connection to {secure} came about; see that https is spoken there, and if it is plain http, "
            "which this machine alone may have, write the address as http://"
        )
    assert refused(made.url, code) == (
        f"nothing answers at {made.url}; see that the address is right and that the authority is running"
    )
