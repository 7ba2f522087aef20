"""An authority and a card of one of its holders on this machine, for the time of a ``with``; nothing stays behind."""

from __future__ import annotations

import json
import ssl
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from akis.authority import audit
from akis.authority.context import Authority
from akis.authority.demo.data import MASTER_KEY, DemoCard, demo_personality
from akis.authority.demo.people import bring_in_demo
from akis.authority.demo.tls import make_demo_tls
from akis.authority.keys.file import FileMasterKey
from akis.authority.people.operator import audit_lines
from akis.authority.serving.serve import Serving
from akis.authority.serving.settings import Settings
from akis.authority.sms import Outbox
from akis.authority.store.migrate import migrate
from akis.authority.store.store import Store
from akis.authority.store.tables import AuditEntry
from akis.card import Card
from akis.connect import Connection
from akis.emulator.card import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality, State
from akis.emulator.transport import EmulatorTransport
from akis.emulator.wanted import WantedCard
from akis.errors import PinRefused
from akis.pin import Pin, Puk
from akis.secret import Secret
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder
from akis.transport.recording import Recording
from akis.unlock.code import UnlockCode

_REPORTED_WITHIN = 5.0
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Proof:
    """What a card said after an unlock: the tries of the PIN at first, after a wrong PIN, and after the right one.

    ``puk`` is what the PUK has left. The wrong PIN is the one that the card had before, where it had one.
    """

    before: int | None
    after_wrong: int | None
    after_right: int | None
    puk: int | None


class DemoMachine:
    """An authority with the demo's holders behind :attr:`url`, and the emulated ``card`` of one, in a ``state``."""

    def __init__(self, card: DemoCard, state: State) -> None:
        self.card = card
        self.state = state
        self.personality: Personality = demo_personality(card)
        self.emulated = EmulatedCard(self.personality, Memory.new(self.personality, state))
        self.recorder: Recorder | None = None
        """What records the connection that the card is unlocked through, where that is asked for."""
        self._held = ExitStack()

    def __enter__(self) -> DemoMachine:
        with ExitStack() as held:
            folder = Path(held.enter_context(TemporaryDirectory(prefix="akis-demo-")))
            self._store = Store(f"sqlite:///{folder / 'authority.db'}")
            held.callback(self._store.close)
            migrate(self._store)
            bring_in_demo(self._store, datetime.now(UTC))
            tls = make_demo_tls(folder)
            self.ca = tls.ca
            self.outbox = folder / "sms.jsonl"
            master = FileMasterKey(Secret(MASTER_KEY))
            held.callback(master.close)
            authority = Authority(self._store, master, Outbox(self.outbox))
            settings = Settings(tls_cert=str(tls.cert), tls_key=str(tls.key))
            self.url = held.enter_context(Serving(authority, settings)).url
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @property
    def place(self) -> str:
        """What the card's reader is called, as a target of :meth:`connect`."""
        return f"emulator:{','.join(filter(None, (self.card.name, self.state)))}"

    def code(self) -> UnlockCode:
        """A code that the holder gets at the portal, by name and web password."""
        import httpx

        holder = self.card.holder
        trusted = ssl.create_default_context(cafile=str(self.ca))
        with httpx.Client(base_url=self.url, verify=trusted, trust_env=False) as portal:
            signed_in = portal.post("/v1/sign-ins", json={"name": holder.name, "password": holder.password})
            token = signed_in.raise_for_status().json()["token"]
            made = portal.post("/v1/codes", headers={"Authorization": f"Bearer {token}"})
            return UnlockCode.from_text(made.raise_for_status().json()["code"])

    def last_sms(self) -> str:
        """The text of the last SMS that the authority sent."""
        return str(json.loads(self.outbox.read_text("utf-8").splitlines()[-1])["text"])

    def connect(
        self, target: str, *, exclusive: bool, leave_card: bool, recording: Recording | None = None
    ) -> Connection:
        """The way to this one card, again and again; ``recording`` is that of the way it is unlocked through."""
        way = EmulatorTransport(self.emulated)
        profile = self.personality.card_profile()
        recorder = None
        if recording is not None and exclusive:
            header = WantedCard(self.personality, self.state).header(None)
            recorder = self.recorder = recording.around(way, header, profile, datetime.now(UTC))
        top = ChainingTransport(GetResponseTransport(recorder or way), min(profile.max_data, 0xFF))
        return Connection(top, target, profile, way, recorder, "card")

    def prove(self, new_pin: Secret) -> Proof:
        """Ask the card itself: a wrong PIN is refused and spends a try, ``new_pin`` is right and gives it back."""
        with Card(EmulatorTransport(self.emulated), self.personality.card_profile()) as card:
            card.select_application()
            pin, puk = Pin(card), Puk(card)
            before = pin.tries_left()
            try:
                pin.verify(self.personality.pin)
            except PinRefused as refused:
                after_wrong = refused.tries_left
            else:
                after_wrong = pin.tries_left()
            pin.verify(new_pin)
            return Proof(before, after_wrong, pin.tries_left(), puk.tries_left())

    def trail(self) -> list[AuditEntry]:
        """The audit log, all of it, once the client's report is in it; :class:`AuditBroken` where it is not whole.

        The client does not wait for its report to be written down, so this does, a moment at most.
        """
        deadline = time.monotonic() + _REPORTED_WITHIN
        while True:
            with self._store.read() as session:
                audit.verify(session)
                lines = list(audit_lines(session))
            if any(line.event == "report" for line in lines) or time.monotonic() > deadline:
                return lines
            time.sleep(_PAUSE)
