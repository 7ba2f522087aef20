"""SMS on their way: what the service is sent, what counts as sent, and that a code is nowhere else."""

from __future__ import annotations

import json
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from akis.authority.sms import Outbox, SmsFailed, Webhook, masked, open_sms_sender
from akis.errors import InvalidArgument
from akis.secret import Secret
from tests.leaks import leaks, silent

PHONE, TEXT, TOKEN = "+90 555 123 45 42", "Kart açma kodunuz: 739150", "tk-58c1d0a9e7"
SECRETS = ["739150", TOKEN.encode(), PHONE.encode()]


class TestOutbox:
    def test_every_sms_is_a_line(self, tmp_path: Path) -> None:
        outbox = Outbox(tmp_path / "sms", lambda: datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
        outbox.send(PHONE, TEXT)
        outbox.send(PHONE, "iki\nsatır")
        lines = (tmp_path / "sms").read_text("utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [
            {"at": "2026-03-01T09:30:00+00:00", "to": PHONE, "text": TEXT},
            {"at": "2026-03-01T09:30:00+00:00", "to": PHONE, "text": "iki\nsatır"},
        ]
        assert "açma" in lines[0]

    def test_it_is_its_owners_own(self, tmp_path: Path) -> None:
        Outbox(tmp_path / "sms").send(PHONE, TEXT)
        assert stat.S_IMODE((tmp_path / "sms").stat().st_mode) == 0o600
        (tmp_path / "sms").chmod(0o644)
        with pytest.raises(SmsFailed, match="chmod 600") as caught:
            Outbox(tmp_path / "sms").send(PHONE, TEXT)
        silent(caught.value, SECRETS)
        assert len((tmp_path / "sms").read_text().splitlines()) == 1

    @pytest.mark.parametrize("name", ["", "no/such/folder", "a\0b", "link"])
    def test_nowhere_to_write(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SmsFailed, match="could not be written") as caught:
            Outbox(tmp_path / name).send(PHONE, TEXT)
        silent(caught.value, SECRETS)
        assert not (tmp_path / "elsewhere").exists()


def webhook(answer: Callable[[httpx.Request], httpx.Response], token: str | None = TOKEN) -> Webhook:
    """One whose service is a function."""
    return Webhook(
        "https://sms.example/send?from=akis", None if token is None else Secret(token), httpx.MockTransport(answer)
    )


class TestWebhook:
    def test_what_the_service_is_sent(self) -> None:
        asked: list[httpx.Request] = []
        sender = webhook(lambda request: asked.append(request) or httpx.Response(202))
        sender.send(PHONE, TEXT)
        sender.send(PHONE, "again")
        assert [json.loads(request.content) for request in asked] == [
            {"to": PHONE, "text": TEXT},
            {"to": PHONE, "text": "again"},
        ]
        request = asked[0]
        assert (request.method, str(request.url)) == ("POST", "https://sms.example/send?from=akis")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Content-Type"] == "application/json"
        assert set(request.extensions["timeout"].values()) == {10.0}
        sender.close()

    def test_without_a_token(self) -> None:
        asked: list[httpx.Request] = []
        sender = webhook(lambda request: asked.append(request) or httpx.Response(200), token=None)
        sender.send(PHONE, TEXT)
        assert "Authorization" not in asked[0].headers
        sender.close()

    @pytest.mark.parametrize("status", [100, 204, 301, 307, 400, 401, 429, 500, 503])
    def test_only_2xx_is_sent(self, status: int) -> None:
        asked: list[httpx.Request] = []
        where = {"Location": "https://elsewhere.example/"}
        sender = webhook(
            lambda request: asked.append(request) or httpx.Response(status, headers=where, text=f"{TEXT} {PHONE}")
        )
        if status == 204:
            sender.send(PHONE, TEXT)
        else:
            with pytest.raises(SmsFailed, match=f"^the SMS service sms.example answered {status}$") as caught:
                sender.send(PHONE, TEXT)
            silent(caught.value, SECRETS)
        assert len(asked) == 1
        sender.close()

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (httpx.ConnectError, r"could not be asked \(ConnectError\)"),
            (httpx.ReadError, r"could not be asked \(ReadError\)"),
            (httpx.RemoteProtocolError, r"could not be asked \(RemoteProtocolError\)"),
            (httpx.ConnectTimeout, "did not answer within 10 seconds"),
            (httpx.ReadTimeout, "did not answer within 10 seconds"),
        ],
    )
    def test_a_service_out_of_reach(self, error: type[httpx.TransportError], said: str) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            raise error("because", request=request)

        sender = webhook(answer)
        with pytest.raises(SmsFailed, match=said) as caught:
            sender.send(PHONE, TEXT)
        silent(caught.value, SECRETS)
        sender.close()

    def test_nothing_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(0)
        sender = webhook(lambda _: httpx.Response(200))
        sender.send(PHONE, TEXT)
        assert leaks(caplog.text + repr(sender), SECRETS) == []
        sender.close()

    def test_closed_it_has_no_token(self) -> None:
        token = Secret(TOKEN)
        Webhook("https://sms.example/", token).close()
        with pytest.raises(InvalidArgument, match="wiped"):
            token.reveal()

    @pytest.mark.parametrize(
        "url",
        ["http://sms.example/", "https://", "sms.example", "ftp://sms.example/", "", "https://[::1", "http://localhost.example/"],
    )  # fmt: skip
    def test_what_is_no_url_of_a_service(self, url: str) -> None:
        with pytest.raises(InvalidArgument, match="begins with https://"):
            Webhook(url)

    @pytest.mark.parametrize("token", [b"", b"two words", b"line\n", "çok".encode()])
    def test_what_is_no_token(self, token: bytes) -> None:
        with pytest.raises(InvalidArgument, match="ASCII without spaces"):
            Webhook("https://sms.example/", Secret(token))


@contextmanager
def service(tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A service on this machine: its host and port, and the bodies it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        if tls is not None:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{http.server_port}", bodies
        http.shutdown()
        thread.join()


def own_certificate(path: Path) -> ssl.SSLContext:
    """A certificate for this machine that nobody vouches for, written to ``path``, and TLS with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SMS service of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    return tls


def test_over_the_network() -> None:
    with service() as (place, bodies):
        sender = open_sms_sender(f"http://{place}/", Secret(TOKEN))
        sender.send(PHONE, TEXT)
        assert isinstance(sender, Webhook)
        sender.close()
    assert [json.loads(body) for body in bodies] == [{"to": PHONE, "text": TEXT}]


def test_no_proxy_stands_before_a_service_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with service() as (proxy, overheard), service() as (place, bodies):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        sender = Webhook(f"http://{place}/")
        sender.send(PHONE, TEXT)
        sender.close()
    assert (len(overheard), len(bodies)) == (0, 1)


def test_only_a_service_with_a_good_certificate_is_sent_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service(own_certificate(tmp_path / "service.pem")) as (place, bodies):
        sender = Webhook(f"https://{place}/")
        with pytest.raises(SmsFailed, match="ConnectError"):
            sender.send(PHONE, TEXT)
        sender.close()
        assert bodies == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "service.pem"))
        sender = Webhook(f"https://{place}/")
        sender.send(PHONE, TEXT)
        sender.close()
        assert len(bodies) == 1


def test_a_service_without_tls_is_not_sent_anything() -> None:
    with service() as (place, bodies):
        sender = Webhook(f"https://{place}/")
        with pytest.raises(SmsFailed, match="ConnectError"):
            sender.send(PHONE, TEXT)
        sender.close()
    assert bodies == []


def test_an_outbox_by_its_name(tmp_path: Path) -> None:
    open_sms_sender(f"outbox:{tmp_path}/sms").send(PHONE, TEXT)
    assert json.loads((tmp_path / "sms").read_text())["to"] == PHONE
    with pytest.raises(InvalidArgument, match="takes no token"):
        open_sms_sender(f"outbox:{tmp_path}/sms", Secret(TOKEN))


@pytest.mark.parametrize(
    ("phone", "shown"),
    [(PHONE, "… 42"), ("+905551234507", "… 07"), ("(555) 1-2-3", "… 23"), ("1234", "…"), ("42", "…"), ("", "…")],
)
def test_masked(phone: str, shown: str) -> None:
    assert masked(phone) == shown
