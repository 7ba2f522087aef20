"""An authority that is started as an operator starts it, and one that listens in a thread of this process."""

from __future__ import annotations

import signal
import socket
import ssl
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import ConnectionClosed

from akis.authority.context import Authority
from akis.authority.demo.data import MASTER_KEY
from akis.authority.http import app
from akis.authority.http.environment import FAILED_TO_START, SETTINGS
from akis.authority.keys.file import FileMasterKey, new_master_key_file
from akis.authority.keys.key_check import check_key_fits
from akis.authority.serving.serve import CannotServe, Serving, serve
from akis.authority.serving.settings import Settings
from akis.authority.store.migrate import migrate
from akis.authority.store.store import Store
from akis.errors import AkisError, InvalidArgument
from akis.secret import Secret
from akis.unlock.messages import Command
from tests.akis.authority.http.served import Served, people, served
from tests.akis.authority.http.test_metrics import figures
from tests.akis.authority.serving_process import serving
from tests.akis.authority.world import Gateway


def never(url: str) -> None:
    pytest.fail(f"it listens at {url}")


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """Settings with everything there that is needed, and a port that is free."""
    new_master_key_file(tmp_path / "master.key")
    return Settings(port=0).beside(tmp_path)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[str, str]:
    """PEM files of a certificate for 127.0.0.1, signed by itself, and of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "key.pem").chmod(0o600)
    return str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")


class TestRefusesToListen:
    """Before anybody could connect, and in a sentence."""

    def test_without_tls_to_the_whole_network(self, here: Settings) -> None:
        with pytest.raises(InvalidArgument, match=r"without TLS it does not listen on 0\.0\.0\.0"):
            serve(replace(here, host="0.0.0.0"), never)

    def test_without_its_master_key(self, here: Settings) -> None:
        Path(here.master_key).unlink()
        with pytest.raises(AkisError, match=r"master\.key"):
            serve(here, never)

    def test_with_a_master_key_that_others_can_read(self, here: Settings) -> None:
        Path(here.master_key).chmod(0o644)
        with pytest.raises(AkisError, match="others"):
            serve(here, never)

    def test_without_its_database(self, here: Settings) -> None:
        with pytest.raises(AkisError, match="database"):
            serve(replace(here, database="sqlite:////nowhere/at/all.db"), never)

    def test_where_somebody_listens_already(self, here: Settings) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(CannotServe, match=f"cannot listen on 127.0.0.1, port {port}: Address already in use"):
                serve(replace(here, port=port), never)

    def test_with_a_master_key_that_is_not_the_databases(self, here: Settings, tmp_path: Path) -> None:
        with closing(Store(here.database)) as store:
            migrate(store)
            check_key_fits(store, FileMasterKey(Secret(MASTER_KEY)))
        with pytest.raises(InvalidArgument, match="used with another master key"):
            serve(here, never)

    def test_under_a_name_that_is_none(self, here: Settings) -> None:
        with pytest.raises(CannotServe, match=r"cannot listen on no-such-host\.invalid"):
            serve(replace(here, host="no-such-host.invalid", behind_proxy=True), never)


def test_a_worker_that_cannot_start_says_so_to_its_parent(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("", replace(here, master_key="/nowhere").to_json()):
        monkeypatch.setenv(SETTINGS, text)
        with pytest.raises(SystemExit) as ended:
            app.from_environment()
        assert ended.value.code == FAILED_TO_START


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_worker_with_tls(here: Settings, tls: tuple[str, str], number: int) -> None:
    cert, key = tls
    with serving(replace(here, tls_cert=cert, tls_key=key)) as process:
        assert process.url.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=cert)
        with httpx.Client(base_url=process.url, verify=trusted, trust_env=False) as http:
            answer = http.get("/readyz", headers={"X-Request-ID": "example-1"})
            assert answer.json() == {"status": "ok"}
            assert "server" not in answer.headers
        assert process.end(number) == 0
    assert [line["event"] for line in process.lines()] == ["listening", "request", "stopped"]
    [line] = [line for line in process.lines() if line["event"] == "request"]
    assert (line["path"], line["request_id"]) == ("/readyz", "example-1")
    assert all({"event", "level", "at"} <= set(line) for line in process.lines())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_is_not_too_early_once_the_url_was_told(here: Settings, workers: int) -> None:
    with serving(replace(here, workers=workers), signals_itself=signal.SIGTERM) as process:
        assert process.ended() == 0


@pytest.mark.slow
def test_several_workers_on_either_database(here: Settings, empty_url: str, tmp_path: Path) -> None:
    Path(here.master_key).write_text(MASTER_KEY.hex())
    settings = replace(here, database="env:THE_DATABASE", workers=2)
    with serving(settings, THE_DATABASE=empty_url, TMPDIR=str(tmp_path)) as process, closing(Store(empty_url)) as store:
        people(store)
        inside = Authority(store, FileMasterKey(Secret(MASTER_KEY)), Gateway())
        with httpx.Client(base_url=process.url, trust_env=False) as http:
            elsewhere = Served(inside, Gateway(), at(process.url), http)
            for _ in range(20):  # each on a new connection, which any worker may take
                assert httpx.get(process.url + "/healthz", trust_env=False).status_code == 200
            assert figures(http.get("/metrics").text)["akis_requests_total", "GET", "/healthz", "200"] == 20
            with elsewhere.exchange(elsewhere.confirmed()) as exchange:
                assert isinstance(exchange.receive(), Command)
                start = time.monotonic()
                assert process.end() == 0
                assert time.monotonic() - start < 10
                with pytest.raises(ConnectionClosed):
                    exchange.receive()
        assert elsewhere.unlock().state == "confirmed"
        assert [line.outcome for line in elsewhere.audited("exchange")] == ["ok", "card_gone"]
    for event in ("listening", "stopped"):
        told = [line for line in process.lines() if line["event"] == event]
        assert {line["url"] for line in told} == {process.url}
        assert len({line["worker"] for line in told}) == len(told) == 2
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("akis-authority-")]
    assert empty_url not in process.stderr


def at(url: str) -> Serving:
    """As if it were in this process."""
    found = Serving.__new__(Serving)
    found.url = url
    return found


class TestServing:
    """For tests, and for those who want to try an unlock."""

    @pytest.fixture
    def inside(self, sqlite_store: Store) -> Authority:
        return Authority(sqlite_store, FileMasterKey(Secret(MASTER_KEY)), Gateway())

    def test_it_listens_on_the_loopback_address_while_it_is_needed(self, inside: Authority) -> None:
        threads = threading.active_count()
        with Serving(inside) as served_:
            assert httpx.get(served_.url + "/readyz", trust_env=False).status_code == 200
            assert served_.url.startswith("http://127.0.0.1:")
        with pytest.raises(httpx.ConnectError):
            httpx.get(served_.url + "/readyz", trust_env=False)
        assert threading.active_count() <= threads

    def test_stopping_it_twice_does_nothing(self, inside: Authority) -> None:
        with Serving(inside) as served_:
            served_.stop()
            served_.stop()

    def test_its_authority_goes_on_to_be_usable(self, inside: Authority) -> None:
        for _ in range(2):
            with Serving(inside) as served_:
                assert httpx.get(served_.url + "/readyz", trust_env=False).status_code == 200
        inside.store.check()

    def test_it_says_nothing(self, inside: Authority, capfd: pytest.CaptureFixture[str]) -> None:
        with Serving(inside) as served_:
            httpx.get(served_.url + "/nowhere", trust_env=False)
        assert capfd.readouterr() == ("", "")

    def test_answers_are_not_held_back(self, sqlite_store: Store) -> None:
        """A listener without TCP_NODELAY makes every second answer wait 40 ms for the client's acknowledgement."""
        with served(sqlite_store) as authority:
            authority.http.get("/healthz")
            start = time.monotonic()
            for _ in range(25):
                authority.http.post("/v1/unlocks", json={})
            assert time.monotonic() - start < 25 * 0.04
