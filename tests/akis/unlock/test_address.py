"""Where an authority may be: https anywhere, http on this machine alone."""

from __future__ import annotations

import ssl

import pytest

from akis.errors import InvalidArgument
from akis.unlock.address import Address, is_loopback, tls_context


@pytest.mark.parametrize(
    ("text", "url", "websocket"),
    [
        ("https://unlock.example", "https://unlock.example:443/x", "wss://unlock.example:443/x"),
        (" https://unlock.example:8443/ \n", "https://unlock.example:8443/x", "wss://unlock.example:8443/x"),
        ("https://example.com/nes/", "https://example.com:443/nes/x", "wss://example.com:443/nes/x"),
        ("https://[2001:db8::1]:444", "https://[2001:db8::1]:444/x", "wss://[2001:db8::1]:444/x"),
        ("http://localhost:8080", "http://localhost:8080/x", "ws://localhost:8080/x"),
        ("http://127.0.0.1", "http://127.0.0.1:80/x", "ws://127.0.0.1:80/x"),
        ("http://127.9.9.9:1", "http://127.9.9.9:1/x", "ws://127.9.9.9:1/x"),
        ("http://[::1]:8080", "http://[::1]:8080/x", "ws://[::1]:8080/x"),
    ],
)
def test_addresses(text, url, websocket):
    address = Address.from_text(text)
    assert address.url("/x") == url
    assert address.url("/x", websocket=True) == websocket
    assert f"{address}/x" == url


@pytest.mark.parametrize(
    "text",
    [
        "http://unlock.example",
        "http://192.168.1.5:8080",
        "http://10.0.0.1",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://[2001:db8::1]",
        "http://0.0.0.0",
    ],
)
def test_http_is_for_this_machine_alone(text):
    with pytest.raises(InvalidArgument, match="http is for an authority on this machine alone"):
        Address.from_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unlock.example",
        "https://",
        "https:///path",
        "ftp://unlock.example",
        "wss://unlock.example",
        "file:///etc/passwd",
        "https://user:secret@unlock.example",
        "https://user@unlock.example",
        "https://unlock.example?token=1",
        "https://unlock.example/#part",
        "https://unlock.example:port",
        "https://unlock.example:99999",
        "https://unlock.example/a b",
        "https://unlock\n.example",
        "https://ünlock.example",
        "https://[::1",
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(InvalidArgument, match="not one; write it as https://HOST") as error:
        Address.from_text(text)
    assert "secret" not in str(error.value)


def test_only_what_is_certainly_this_machine_is():
    assert [
        host for host in ("localhost", "127.0.0.1", "::1", "LOCALHOST.", "example.com", "") if is_loopback(host)
    ] == [
        "localhost",
        "127.0.0.1",
        "::1",
    ]


class TestTls:
    def test_certificates_and_names_are_verified(self):
        context = tls_context(Address.from_text("https://unlock.example"), None)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2

    def test_with_a_ca_no_other_is_trusted(self, tmp_path):
        from tests.akis.unlock.servers import new_ca

        ca, _ = new_ca(tmp_path)
        context = tls_context(Address.from_text("https://unlock.example"), ca)
        assert [dict(part[0] for part in found["subject"])["commonName"] for found in context.get_ca_certs()] == [
            "a CA of these tests"
        ]
        assert context.verify_mode is ssl.CERT_REQUIRED

    def test_a_ca_file_that_is_none(self, tmp_path):
        address = Address.from_text("https://unlock.example")
        with pytest.raises(InvalidArgument, match=r"ca\.pem cannot be read: No such file"):
            tls_context(address, tmp_path / "ca.pem")
        (tmp_path / "ca.pem").write_text("nothing")
        with pytest.raises(InvalidArgument, match=r"ca\.pem has no certificate in PEM form"):
            tls_context(address, tmp_path / "ca.pem")

    def test_http_has_nothing_to_verify(self, tmp_path):
        address = Address.from_text("http://localhost")
        assert tls_context(address, None) is None
        with pytest.raises(InvalidArgument, match="a CA file is for https"):
            tls_context(address, tmp_path / "ca.pem")
