"""One holder's whole unlock, from the portal to the new PIN, over the network as a client does it."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from akis.authority.bench.people import PASSWORD, bench_personality, new_pin
from akis.authority.demo.data import DemoCard
from akis.connect import Connection
from akis.emulator.card import EmulatedCard
from akis.emulator.memory import PIN, Memory
from akis.emulator.personality import State
from akis.emulator.transport import EmulatorTransport
from akis.errors import AuthorityUnreachable
from akis.secret import Secret
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.unlock import answers
from akis.unlock.api import AuthorityClient
from akis.unlock.code import UnlockCode
from akis.unlock.run import UnlockRun, Wait
from akis.unlock.steps import Progress, unseen
from akis.unlock.trouble import unreachable

if TYPE_CHECKING:
    import httpx

_SMS_DIGITS = 6
_SMS_WITHIN = 10.0
_PAUSE = 0.01


class Inbox:
    """The telephones of all holders: the outbox of an authority, read as it grows. Several threads may use one."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox
        self._read = 0
        self._codes: dict[str, str] = {}
        self._lock = Lock()

    def code(self, phone: str) -> Secret:
        """The digits of the last SMS to ``phone``, which is taken away."""
        deadline = time.monotonic() + _SMS_WITHIN
        while True:
            with self._lock:
                self._read_on()
                if phone in self._codes:
                    return Secret(self._codes.pop(phone))
            if time.monotonic() > deadline:
                raise AuthorityUnreachable("the SMS did not come; see that the authority has the same outbox")
            time.sleep(_PAUSE)

    def _read_on(self) -> None:
        if not self._outbox.exists():
            return
        with self._outbox.open("rb") as stream:
            stream.seek(self._read)
            raw = stream.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in map(json.loads, whole.splitlines()):
            self._codes[line["to"]] = line["text"][:_SMS_DIGITS]


class HolderAtWork:
    """A holder with a browser, a client and an emulated card in the reader, whose PIN is in ``state`` at first.

    ``timeout`` is seconds for each answer of the authority. The two steps raise what :class:`UnlockRun` does.
    """

    def __init__(
        self, url: str, inbox: Inbox, card: DemoCard, state: State, *, timeout: float = 20.0, step: Progress = unseen
    ) -> None:
        self._url = url
        self._inbox = inbox
        self._card = card
        personality = bench_personality(card)
        self._emulated = EmulatedCard(personality, Memory.new(personality, state))
        self._profile = personality.card_profile()
        self._new_pin = new_pin(card)
        self._timeout = timeout
        self._client = AuthorityClient(url, timeout=timeout)
        self._run = UnlockRun(self._client, connect=self._connect, step=step)

    def prepare(self) -> None:
        """Sign in, get a code, redeem it, choose the card, give the second factor."""
        run = self._run
        run.open(UnlockCode.from_text(self._code()))
        [found] = run.look("emulator:").found
        run.use(found)
        run.check_pin(self._new_pin)
        factor = run.choose()
        sms = factor.kind == "sms"
        with self._inbox.code(self._card.holder.phone or "") if sms else Secret(PASSWORD) as answer:
            run.confirm(answer)

    def exchange(self, wait: Wait | None = None) -> None:
        """Have the PIN reset, and set the new one."""
        self._run.exchange(self._new_pin, wait=wait)
        self._client.close()

    @property
    def has_new_pin(self) -> bool:
        """Whether the card itself holds the new PIN, ready for use with all its tries."""
        found = self._emulated.memory.references[PIN]
        left = self._emulated.personality.tries
        return (found.value, found.state, found.left) == (self._new_pin.reveal(), "active", left)

    def _code(self) -> str:
        """A code, as the portal shows it in a browser of its own."""
        import httpx

        name = self._card.holder.name
        # A context without a CA costs nothing to make, and trusts nobody.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            with httpx.Client(base_url=self._url, trust_env=False, verify=tls, timeout=self._timeout) as portal:
                token = _made(portal.post("/v1/sign-ins", json={"name": name, "password": PASSWORD}))["token"]
                return str(_made(portal.post("/v1/codes", headers={"Authorization": f"Bearer {token}"}))["code"])
        except httpx.HTTPError as error:
            failure = unreachable(self._client.address, error, self._timeout)
        raise failure  # out here, where the other one, which has the request, is not its context

    def _connect(self, target: str, *, exclusive: bool, leave_card: bool) -> Connection:
        way = EmulatorTransport(self._emulated)
        top = ChainingTransport(GetResponseTransport(way), min(self._profile.max_data, 0xFF))
        return Connection(top, target, self._profile, way, None, "card")


def _made(answer: httpx.Response) -> Mapping[str, Any]:
    found = answers.read(answer.content)
    if answer.status_code != 201:
        raise answers.refusal(found)
    return found
