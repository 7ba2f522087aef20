"""Servers that play an authority on this machine, over real sockets: each says what a test tells it to."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from websockets.sync.server import ServerConnection, serve

from akis.unlock.messages import SUBPROTOCOL

JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass
class Reply:
    """One answer over HTTP. ``then`` is called with the handler instead of sending anything, where it is given."""

    status: int = 200
    body: object = None
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    then: Callable[[BaseHTTPRequestHandler], None] | None = None

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class HttpAuthority:
    """Answers one request after the other with ``replies``, and keeps what it was ``asked``."""

    def __init__(self, replies: list[Reply], tls: ssl.SSLContext | None = None) -> None:
        self.replies = list(replies)
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length))
                outer.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                reply = outer.replies.pop(0)
                if reply.then is not None:
                    reply.then(self)
                    return
                raw = reply.raw()
                self.send_response(reply.status)
                for name, value in {
                    "Content-Type": reply.kind,
                    "Content-Length": str(len(raw)),
                    **reply.headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def handle_error(self, *_: object) -> None:
                """A client that hangs up is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> HttpAuthority:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def websocket_authority(
    talk: Callable[[ServerConnection], None],
    *,
    tls: ssl.SSLContext | None = None,
    subprotocols: tuple[str, ...] = (SUBPROTOCOL,),
    **options: Any,
) -> Iterator[int]:
    """A WebSocket server that runs ``talk`` with whoever connects; gives its port."""
    server = serve(
        talk,
        "127.0.0.1",
        0,
        ssl=tls,
        subprotocols=list(subprotocols),  # type: ignore[arg-type]
        select_subprotocol=lambda _, offered: next((name for name in subprotocols if name in offered), None),
        close_timeout=1,
        **options,
    )
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()


def new_ca(folder: Path, host: str = "127.0.0.1", lasts: timedelta = timedelta(days=1)) -> tuple[Path, ssl.SSLContext]:
    """A CA of its own: the PEM file with its certificate, and the TLS context of a ``host`` it vouches for."""
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA of these tests")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    begin = min(now, now + lasts) - timedelta(days=1)

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(public)
        return made.serial_number(x509.random_serial_number()).not_valid_before(begin)

    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    ) | {"decipher_only": False}
    ca = (
        certificate(ca_name, ca_key.public_key())
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        .add_extension(identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    alternative = x509.IPAddress(ip_address(host)) if host[0].isdecimal() else x509.DNSName(host)
    own = (
        certificate(name, key.public_key())
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    ca_file, chain = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(private + own.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return ca_file, context
