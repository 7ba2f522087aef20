"""The exchange over a real WebSocket, with authorities that keep to the protocol and authorities that do not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed

from akis.codec.apdu import ResponseApdu
from akis.errors import AuthorityRefused, AuthorityUnreachable, PolicyRefused
from akis.secret import Secret
from akis.unlock.address import Address, tls_context
from akis.unlock.api import AuthorityClient
from akis.unlock.carry import Carrying
from akis.unlock.channel import open_channel
from akis.unlock.code import UnlockCode
from akis.unlock.holds import Holds
from akis.unlock.messages import LONGEST, SUBPROTOCOL, Answer, Command, Done, Failed, Gone, Report, from_client
from tests.akis.unlock.issuer import TRANSPORT_PIN, Faulty, issue_for, new_card, stored
from tests.akis.unlock.servers import HttpAuthority, new_ca, websocket_authority
from tests.akis.unlock.test_api import CODE, TOKEN, opened, url
from tests.leaks import silent


def address(port: int, scheme: str = "http") -> Address:
    return Address.from_text(f"{scheme}://127.0.0.1:{port}")


def channel(port: int, timeout: float = 5.0):
    return open_channel(address(port), None, Secret(TOKEN), timeout)


@contextmanager
def linked(talk, timeout: float = 5.0):
    """A channel to an authority that talks like this."""
    with websocket_authority(talk) as port, channel(port, timeout) as to:
        yield to


def says(*texts):
    """An authority that says this and then waits for the client to end it."""

    def talk(connection):
        for text in texts:
            connection.send(text)
        wait_for_the_end(connection)

    return talk


def wait_for_the_end(connection):
    with suppress(ConnectionClosed):
        while True:
            connection.recv(10)


class Authority:
    """An authority that drives an Issue over its socket, and keeps what it heard."""

    def __init__(self, card, alter=lambda text: text) -> None:
        self.issue = issue_for(card.personality)
        self.heard: list[object] = []
        self.headers: Mapping[str, str] = {}
        self.path = ""
        self._alter = alter

    def __call__(self, connection) -> None:
        self.path, self.headers = connection.request.path, connection.request.headers
        with suppress(ConnectionClosed):
            self._drive(connection)

    def _drive(self, connection) -> None:
        conversation, number = self.issue.conversation(), 0
        try:
            command = next(conversation)
            while True:
                number += 1
                connection.send(self._alter(Command(number, command.to_bytes()).to_json()))
                answer = self._hear(connection)
                if not isinstance(answer, Answer):
                    return
                command = conversation.send(ResponseApdu.from_bytes(answer.apdu))
        except StopIteration:
            connection.send(Done(number + 1, Secret(TRANSPORT_PIN)).to_json())
            self._hear(connection)

    def _hear(self, connection):
        self.heard.append(from_client(connection.recv(10)))
        return self.heard[-1]


def test_an_unlock_from_end_to_end():
    card = new_card("akis-2.5")
    authority = Authority(card)
    with websocket_authority(authority) as port, channel(port) as way:
        carrying = Carrying(way, Faulty(card), card.personality.card_profile())
        assert carrying.run() == Secret(TRANSPORT_PIN)
        carrying.report(Holds.HOLDER_PIN)
    assert stored(card) == (TRANSPORT_PIN, "transport", 3)
    assert authority.heard[-1] == Report(7, Holds.HOLDER_PIN)
    assert authority.path == "/v1/unlocks/current/exchange"
    assert authority.headers["Authorization"] == f"Bearer {TOKEN}"
    assert authority.headers["Sec-WebSocket-Protocol"] == SUBPROTOCOL
    assert "Sec-WebSocket-Extensions" not in authority.headers


def test_the_clients_own_token_opens_it():
    card = new_card()
    authority = Authority(card)
    with HttpAuthority([opened()]) as http, AuthorityClient(url(http)) as client:
        client.open_unlock(UnlockCode.from_text(CODE))
        with websocket_authority(authority) as port:
            client.address = replace(client.address, port=port)
            with client.exchange() as way:
                Carrying(way, Faulty(card), card.personality.card_profile()).run()
    assert authority.headers["Authorization"] == f"Bearer {TOKEN}"


class TestHostile:
    def test_a_verify_is_not_carried_and_the_authority_is_told(self):
        card = new_card()
        verify = Command(1, bytes.fromhex("0020008106313233343536")).to_json()
        authority = Authority(card, alter=lambda text: verify)
        way = Faulty(card)
        with linked(authority) as to, pytest.raises(PolicyRefused):
            Carrying(to, way, card.personality.card_profile()).run()
        assert authority.heard == [Gone(1)]
        assert way.sent == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "[]",
            json.dumps({"type": "verify", "n": 1}),
            json.dumps({"type": "answer", "n": 1, "apdu": "9000"}),
            json.dumps({"type": "done", "n": 1, "transport_pin": "12"}),
            Command(1, bytes(4)).to_json().encode(),
        ],
        ids=lambda text: repr(text)[:40],
    )
    def test_what_is_no_message(self, text):
        with linked(says(text)) as to, pytest.raises(AuthorityUnreachable, match="is no akis authority"):
            to.receive()

    @pytest.mark.parametrize("length", [LONGEST + 1, 5 * LONGEST, 2_000_000])
    def test_a_message_that_is_too_long(self, length):
        with (
            linked(says("x" * length)) as to,
            pytest.raises(AuthorityUnreachable, match=r"is no akis authority \(a message is (too long|longer)"),
        ):
            to.receive()

    def test_a_message_that_does_not_end(self):
        def talk(connection):
            with suppress(ConnectionClosed):
                connection.send("x" * 1000 for _ in range(1_000_000))

        with linked(talk) as to, pytest.raises(AuthorityUnreachable, match="too long"):
            to.receive()

    def test_silence(self):
        with linked(says(), 0.3) as to, pytest.raises(AuthorityUnreachable, match=r"did not answer within 0\.3 s"):
            to.receive()

    def test_the_connection_ends(self):
        with linked(lambda connection: None) as to:
            for call in (to.receive, lambda: to.send(Gone(1))):
                with pytest.raises(AuthorityUnreachable, match="ended in the middle of an exchange"):
                    call()

    def test_it_breaks_without_a_word(self):
        def cut(connection):
            connection.socket.shutdown(socket.SHUT_RDWR)

        with linked(cut) as to, pytest.raises(AuthorityUnreachable, match="ended in the middle of an exchange"):
            to.receive()


def test_a_refusal_comes_as_its_first_message():
    failed = Failed(0, "card_busy", "another unlock has this card", Holds.AS_BEFORE, 25)
    card = new_card()
    with websocket_authority(says(failed.to_json())) as port, channel(port) as to:
        carrying = Carrying(to, Faulty(card), card.personality.card_profile())
        with pytest.raises(AuthorityRefused, match="another unlock has this card") as refused:
            carrying.run()
    assert (refused.value.kind, refused.value.retry_after) == ("card_busy", 25)
    assert carrying.holds is Holds.AS_BEFORE


class TestOpening:
    def fails(self, port: int, match: str, scheme: str = "http", tls=None, timeout: float = 5.0) -> None:
        token = Secret(TOKEN)
        way = open_channel(address(port, scheme), tls, token, timeout)
        with pytest.raises(AuthorityUnreachable, match=match) as error, way:
            raise AssertionError("it was opened")
        silent(error.value, [TOKEN])

    def test_another_protocol(self):
        with websocket_authority(says(), subprotocols=()) as port:
            self.fails(port, f"does not speak {SUBPROTOCOL}")
        with websocket_authority(says(), subprotocols=("chat",)) as port:
            self.fails(port, f"does not speak {SUBPROTOCOL}")

    def test_no_websocket(self):
        def refuse(connection, request):
            return connection.respond(404, "nothing here")

        with websocket_authority(says(), process_request=refuse) as port:
            self.fails(port, "is no akis authority")

    def test_a_redirect_is_not_followed(self):
        """The token goes nowhere but to the authority."""
        reached = threading.Event()

        def elsewhere(connection):
            reached.set()

        with websocket_authority(elsewhere) as other:

            def send_on(connection, request):
                response = connection.respond(302, "")
                response.headers["Location"] = f"ws://127.0.0.1:{other}/"
                return response

            with websocket_authority(says(), process_request=send_on) as port:
                self.fails(port, "is no akis authority")
        assert not reached.is_set()

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.fails(port, "nothing answers at")

    def test_somebody_who_hangs_up(self):
        """As an authority does that is ended; its address is right."""
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def hang_up():
                asking, _ = listener.accept()
                with asking:
                    asking.recv(4096)

            thread = threading.Thread(target=hang_up)
            thread.start()
            self.fails(listener.getsockname()[1], "the connection to .* broke")
            thread.join()

    def test_somebody_who_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent_one:
            self.fails(silent_one.getsockname()[1], r"did not answer within 0\.3 s", timeout=0.3)

    def test_a_ca_that_is_named_is_trusted(self, tmp_path):
        ca, tls = new_ca(tmp_path)
        failed = Failed(0, "unlock_over", "over", Holds.AS_BEFORE)
        with websocket_authority(says(failed.to_json()), tls=tls) as port:
            where = address(port, "https")
            with open_channel(where, tls_context(where, ca), Secret(TOKEN), 5.0) as to:
                assert to.receive() == failed

    def test_a_ca_that_nobody_knows_is_not(self, tmp_path):
        _, tls = new_ca(tmp_path)
        with websocket_authority(says(), tls=tls) as port:
            where = address(port, "https")
            self.fails(port, "not trusted .*--ca", "https", tls_context(where, None))

    def test_a_certificate_for_another_name_is_not(self, tmp_path):
        ca, tls = new_ca(tmp_path, "unlock.example")
        with websocket_authority(says(), tls=tls) as port:
            where = address(port, "https")
            self.fails(port, "is for another name", "https", tls_context(where, ca))

    def test_no_proxy_of_the_environment_gets_to_see_it(self, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "ws_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with linked(says(Failed(0, "unlock_over", "over", Holds.AS_BEFORE).to_json())) as to:
            assert isinstance(to.receive(), Failed)
