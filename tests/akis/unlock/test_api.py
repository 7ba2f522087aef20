"""The client's requests over real HTTP: what it asks, what it takes for an answer, and what it says of the rest."""

from __future__ import annotations

import copy
import gzip
import json
import socket
from datetime import UTC, datetime

import pytest

from akis.errors import AuthorityRefused, AuthorityUnreachable, InvalidArgument
from akis.secret import Secret
from akis.unlock.api import AuthorityClient, CardCertificate, HolderCard, SecondFactor
from akis.unlock.code import UnlockCode, check_digit
from tests.akis.unlock.servers import PROBLEM, HttpAuthority, Reply, new_ca
from tests.leaks import silent

DIGITS = "41870293557206"
CODE = DIGITS + check_digit(DIGITS)
TOKEN = "tOkEn-of_the-unlock-0123456789abcdef"
SERIAL = "414B49530202000000000001"
ANSWER = "748213"
OPENED = {
    "token": TOKEN,
    "unlock": 17,
    "expires_in": 900,
    "holder": {"name": "ayse", "full_name": "Ayşe Yılmaz"},
    "second_factor": {"kind": "sms", "to": "… 42"},
    "cards": [
        {
            "serial": SERIAL,
            "label": "Ayşe's card",
            "profile": "akis-2",
            "certificates": [
                {
                    "subject": "Ayşe Yılmaz",
                    "not_before": "2025-01-01T00:00:00Z",
                    "not_after": "2028-01-01T00:00:00+03:00",
                }
            ],
        }
    ],
}
SECRETS = [CODE, DIGITS[6:], TOKEN, ANSWER]


def opened() -> Reply:
    return Reply(201, OPENED)


def changed(path: str, value: object) -> dict:
    """OPENED with the field at ``path`` changed, or taken out where it is ``...``."""
    made = copy.deepcopy(OPENED)
    *folders, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place = made
    for folder in folders:
        place = place[folder]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


def refusal(kind: str, status: int = 403, **more: object) -> Reply:
    body = {"type": "about:blank", "title": "No", "status": status, "detail": "no, and why", "kind": kind, **more}
    return Reply(status, body, PROBLEM)


def ask(*replies: Reply, timeout: float = 5.0):
    """Open an unlock at a server that answers so; returns what came of it, and the server."""
    with HttpAuthority(list(replies)) as server, AuthorityClient(url(server), timeout=timeout) as client:
        return client.open_unlock(UnlockCode.from_text(CODE)), server


def url(server: HttpAuthority, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.port}"


def fails(*replies: Reply, match: str, timeout: float = 5.0) -> AuthorityUnreachable:
    code = UnlockCode.from_text(CODE)
    with HttpAuthority(list(replies)) as server, AuthorityClient(url(server), timeout=timeout) as client:
        with pytest.raises(AuthorityUnreachable, match=match) as error:
            client.open_unlock(code)
        silent(error.value, SECRETS)
        assert len(server.asked) == 1, "it was asked again"
        return error.value


class TestAsking:
    def test_a_code_becomes_an_unlock(self):
        found, server = ask(opened())
        assert found.holder == "Ayşe Yılmaz"
        assert found.expires_in == 900
        assert found.second_factor == SecondFactor("sms", "… 42")
        (card,) = found.cards
        assert card == HolderCard(bytes.fromhex(SERIAL), "Ayşe's card", "akis-2", card.certificates)
        assert card.certificates[0] == CardCertificate(
            "Ayşe Yılmaz", datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, 21, tzinfo=UTC)
        )
        (asked,) = server.asked
        assert (asked.method, asked.path, asked.body) == ("POST", "/v1/unlocks", {"code": CODE})
        assert "Authorization" not in asked.headers
        assert asked.headers["Accept-Encoding"] == "identity"

    def test_the_token_speaks_for_it_from_then_on(self):
        second = {"second_factor": {"kind": "password", "to": None}}
        replies = [opened(), Reply(200, second), Reply(200, {"confirmed": True})]
        with HttpAuthority(replies) as server, AuthorityClient(url(server)) as client:
            client.open_unlock(UnlockCode.from_text(CODE))
            assert client.choose_card(bytes.fromhex(SERIAL)) == SecondFactor("password", None)
            client.confirm(Secret("pässwörd, ğ".encode()))
            _, choose, confirm = server.asked
        assert (choose.method, choose.path, choose.body) == ("PUT", "/v1/unlocks/current/card", {"serial": SERIAL})
        assert (confirm.method, confirm.path) == ("POST", "/v1/unlocks/current/second-factor")
        assert confirm.body == {"answer": "pässwörd, ğ"}
        assert choose.headers["Authorization"] == confirm.headers["Authorization"] == f"Bearer {TOKEN}"

    def test_under_a_path_of_its_own(self):
        with HttpAuthority([opened()]) as server, AuthorityClient(f"{url(server)}/nes/") as client:
            client.open_unlock(UnlockCode.from_text(CODE))
            assert server.asked[0].path == "/nes/v1/unlocks"

    def test_nothing_is_asked_without_an_unlock(self):
        with AuthorityClient("http://127.0.0.1:9") as client:
            for call in (lambda: client.choose_card(bytes(12)), lambda: client.confirm(Secret("1"))):
                with pytest.raises(InvalidArgument, match="there is no unlock yet"):
                    call()
            with pytest.raises(InvalidArgument), client.exchange():
                pass

    def test_nothing_is_asked_once_it_is_closed(self):
        with HttpAuthority([opened()]) as server:
            with AuthorityClient(url(server)) as client:
                found = client.open_unlock(UnlockCode.from_text(CODE))
            with pytest.raises(InvalidArgument, match="or no more"):
                client.choose_card(bytes(12))
            with pytest.raises(InvalidArgument, match="wiped"):
                found.token.reveal()

    def test_an_answer_that_is_no_text(self):
        with HttpAuthority([opened()]) as server, AuthorityClient(url(server)) as client:
            client.open_unlock(UnlockCode.from_text(CODE))
            answer = Secret(b"\xff\xfe")
            with pytest.raises(InvalidArgument, match="not text in UTF-8, so it was not sent"):
                client.confirm(answer)
            assert len(server.asked) == 1

    def test_no_proxy_of_the_environment_gets_to_see_it(self, monkeypatch):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        found, _ = ask(opened())
        assert found.holder == "Ayşe Yılmaz"


class TestRefusals:
    def test_with_all_they_say(self):
        with pytest.raises(AuthorityRefused, match=r"^no, and why$") as error:
            ask(refusal("second_factor_wrong", tries_left=2, retry_after=None))
        assert (error.value.kind, error.value.tries_left, error.value.retry_after) == ("second_factor_wrong", 2, None)

    def test_that_say_when_to_come_back(self):
        with pytest.raises(AuthorityRefused) as error:
            ask(refusal("too_many", 429, retry_after=600))
        assert (error.value.kind, error.value.retry_after) == ("too_many", 600)

    def test_of_a_kind_that_this_client_does_not_know(self):
        with pytest.raises(AuthorityRefused) as error:
            ask(refusal("of_another_year", 500))
        assert error.value.kind == "of_another_year"

    def test_cannot_steer_a_terminal(self):
        with pytest.raises(AuthorityRefused) as error:
            ask(refusal("code_wrong", detail="no\x1b]0;pwned\x07\r\n" + "x" * 1900))
        assert str(error.value).isprintable()
        assert len(str(error.value)) == 500

    @pytest.mark.parametrize(
        "more",
        [
            {"kind": ...},
            {"kind": 5},
            {"kind": "no kind"},
            {"kind": "k" * 41},
            {"detail": None},
            {"detail": "x" * 3000},
            {"tries_left": "2"},
            {"tries_left": -1},
            {"retry_after": 1.5},
            {"retry_after": True},
        ],
        ids=str,
    )
    def test_that_are_not_well_formed(self, more):
        reply = refusal("code_wrong")
        reply.body = {key: value for key, value in (reply.body | more).items() if value is not ...}
        fails(reply, match="no akis authority")


BROKEN = [
    ("token", ...),
    ("token", ""),
    ("token", "short"),
    ("token", "with a line\r\nHost: elsewhere" * 2),
    ("token", 5),
    ("expires_in", "900"),
    ("expires_in", -1),
    ("expires_in", True),
    ("expires_in", 10**12),
    ("holder", ...),
    ("holder", "ayse"),
    ("holder.full_name", None),
    ("holder.full_name", "x" * 3000),
    ("second_factor", ...),
    ("second_factor", []),
    ("second_factor.kind", "fax"),
    ("second_factor.to", 42),
    ("cards", ...),
    ("cards", {}),
    ("cards", [5]),
    ("cards", OPENED["cards"] * 2),
    ("cards", OPENED["cards"] * 101),
    ("cards.0.serial", "4"),
    ("cards.0.serial", "no hex"),
    ("cards.0.serial", "00" * 33),
    ("cards.0.label", ...),
    ("cards.0.profile", "../akis-2"),
    ("cards.0.profile", "/etc/passwd"),
    ("cards.0.certificates", None),
    ("cards.0.certificates.0", "mine"),
    ("cards.0.certificates.0.subject", 1),
    ("cards.0.certificates.0.not_before", "yesterday"),
    ("cards.0.certificates.0.not_after", "2028-01-01T00:00:00"),
    ("cards.0.certificates.0.not_after", 1830000000),
]


class TestAnswers:
    @pytest.mark.parametrize(("path", "value"), BROKEN, ids=lambda part: str(part)[:40])
    def test_that_are_not_well_formed(self, path, value):
        fails(Reply(201, changed(path, value)), match="is no akis authority .*look at the address")

    @pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff", b"[" * 100_000, b'"' + TOKEN.encode() + b'"'])
    def test_that_are_no_json_object(self, body):
        fails(Reply(201, body), match="is no akis authority")

    def test_that_say_more_than_this_client_knows(self):
        found, _ = ask(Reply(201, OPENED | {"of_another_year": [1]}))
        assert found.holder == "Ayşe Yılmaz"

    def test_names_cannot_steer_a_terminal(self):
        found, _ = ask(Reply(201, changed("cards.0.label", "card\x1b[2J\u202e")))
        assert found.cards[0].label == "card\ufffd[2J\ufffd"

    @pytest.mark.parametrize(
        ("reply", "match"),
        [
            (Reply(200, OPENED), r"HTTP 200"),
            (Reply(201, b"<html>", "text/html"), "HTTP 201"),
            (Reply(404, b"<html>", "text/html"), "HTTP 404"),
            (Reply(403, {"kind": "code_wrong", "detail": "no"}), "HTTP 403"),
            (Reply(502, b"<html>", "text/html"), r"out of order just now \(HTTP 502\); try again later"),
            (Reply(302, b"", headers={"Location": "https://elsewhere.example/"}), "which is not followed"),
            (Reply(308, b"", headers={"Location": "/v2/unlocks"}), "which is not followed"),
        ],
        ids=lambda part: str(part.status) if isinstance(part, Reply) else "",
    )
    def test_of_others(self, reply, match):
        fails(reply, match=match)

    def test_that_are_too_long(self):
        fails(Reply(201, OPENED | {"more": "x" * 300_000}), match="too long")

    def test_that_do_not_end(self):
        def pour(handler):
            handler.send_response(201)
            handler.send_header("Content-Type", "application/json")
            handler.end_headers()
            try:
                while True:
                    handler.wfile.write(b" " * 65536)
            except OSError:
                handler.close_connection = True

        fails(Reply(then=pour), match="too long")

    def test_that_are_compressed_are_not_unpacked(self):
        packed = gzip.compress(json.dumps(OPENED).encode())
        fails(Reply(201, packed, headers={"Content-Encoding": "gzip"}), match="is no akis authority")

    @pytest.mark.parametrize("drip", [False, True], ids=["silent", "drop by drop"])
    def test_that_take_too_long(self, drip):
        def slow(handler):
            handler.send_response(201)
            handler.send_header("Content-Type", "application/json")
            handler.end_headers()
            handler.connection.settimeout(0.05)
            handler.close_connection = True
            for _ in range(100):
                try:
                    if handler.connection.recv(1) == b"":
                        return  # the client has given up
                except TimeoutError:
                    if drip:
                        handler.connection.sendall(b" ")
                except OSError:
                    return

        fails(Reply(then=slow), match=r"did not answer within 0\.4 s", timeout=0.4)

    def test_a_connection_that_breaks(self):
        def hang_up(handler):
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True

        fails(Reply(then=hang_up), match="the connection to .* broke")

    def test_a_confirmation_that_confirms_nothing(self):
        for body in ({}, {"confirmed": False}, {"confirmed": "true"}):
            with HttpAuthority([opened(), Reply(200, body)]) as server, AuthorityClient(url(server)) as client:
                client.open_unlock(UnlockCode.from_text(CODE))
                answer = Secret(ANSWER)
                with pytest.raises(AuthorityUnreachable, match="confirms nothing") as error:
                    client.confirm(answer)
                silent(error.value, SECRETS)


class TestReaching:
    def unreachable(self, address: str, match: str, **options) -> None:
        code = UnlockCode.from_text(CODE)
        with AuthorityClient(address, timeout=5.0, **options) as client:
            with pytest.raises(AuthorityUnreachable, match=match) as error:
                client.open_unlock(code)
            silent(error.value, SECRETS)

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.unreachable(f"http://127.0.0.1:{port}", "nothing answers at .* that the authority is running")

    def test_a_name_that_leads_nowhere(self):
        self.unreachable("https://authority.invalid", r"authority\.invalid leads nowhere; look at the address")

    def test_a_certificate_of_a_ca_that_is_named(self, tmp_path):
        ca, tls = new_ca(tmp_path)
        with HttpAuthority([opened()], tls) as server, AuthorityClient(url(server, "https"), ca) as client:
            assert client.open_unlock(UnlockCode.from_text(CODE)).holder == "Ayşe Yılmaz"

    def test_a_certificate_of_a_ca_that_nobody_knows(self, tmp_path):
        _, tls = new_ca(tmp_path)
        with HttpAuthority([opened()], tls) as server:
            self.unreachable(url(server, "https"), r"not trusted \(.*issuer.*\); .*name the file of that CA with --ca")
            assert server.asked == []

    def test_a_certificate_of_another_ca(self, tmp_path):
        (tmp_path / "other").mkdir()
        other, _ = new_ca(tmp_path / "other")
        _, tls = new_ca(tmp_path)
        with HttpAuthority([opened()], tls) as server:
            self.unreachable(url(server, "https"), r"is not from the CA in .*other/ca\.pem \(unable to get", ca=other)
            assert server.asked == []

    def test_a_certificate_for_another_name(self, tmp_path):
        ca, tls = new_ca(tmp_path, "unlock.example")
        with HttpAuthority([opened()], tls) as server:
            self.unreachable(url(server, "https"), "is for another name; see that the address is right", ca=ca)
            assert server.asked == []

    def test_a_certificate_that_has_expired(self, tmp_path):
        from datetime import timedelta

        ca, tls = new_ca(tmp_path, lasts=timedelta(hours=-1))
        with HttpAuthority([opened()], tls) as server:
            self.unreachable(
                url(server, "https"), r"not trusted \(certificate has expired\); see that the clock", ca=ca
            )
            assert server.asked == []

    def test_no_tls_where_there_should_be(self):
        with HttpAuthority([opened()]) as server:
            self.unreachable(
                url(server, "https"), "no secure connection .* if it is plain http, .* write the address as http://"
            )

    def test_tls_where_there_should_be_none(self, tmp_path):
        _, tls = new_ca(tmp_path)
        with HttpAuthority([opened()], tls) as server:
            self.unreachable(
                url(server),
                f"{url(server)} (broke|does not speak http); .*if it speaks TLS, write the address as https://",
            )

    def test_what_is_no_http_may_be_tls(self):
        """A server that answers in plain http with a TLS alert: handshake_failure, RFC 8446 §6."""

        def alert(handler):
            handler.wfile.write(bytes.fromhex("15030300020228"))
            handler.close_connection = True

        with HttpAuthority([Reply(then=alert)]) as server:
            self.unreachable(url(server), "does not speak http; if it speaks TLS, write the address as https://")

    def test_http_elsewhere_is_refused_before_anything_is_sent(self):
        with pytest.raises(InvalidArgument, match="write the address as https://"):
            AuthorityClient("http://unlock.example")


def test_without_its_packages_it_says_so(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(InvalidArgument, match=r"install akis\[unlock\]"):
        AuthorityClient("https://unlock.example")
