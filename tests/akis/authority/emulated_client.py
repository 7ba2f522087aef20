"""A client in this process with an emulated card in its reader, and what may go wrong with what it brings back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from akis.authority.drive import Outcome, drive
from akis.authority.spent import Spent
from akis.emulator import EmulatedCard
from akis.emulator.personality import Personality
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys
from akis.unlock.issue import Issue
from akis.unlock.messages import Answer, Command, Gone, Report

TRANSPORT = "80417263"
SN_IFD = bytes.fromhex("1F2E3D4C5B6A7988")
COMMANDS = 6
"""SELECT, GET DATA, MSE SET, GET CHALLENGE, MUTUAL AUTHENTICATE, RESET RETRY COUNTER."""

Change = Callable[[bytes, list[bytes]], bytes | Answer | Gone | Report]
"""Makes of an answer, and of all the answers before it, what the client says instead; or raises what a channel does."""


@dataclass
class Client:
    """Carries commands to ``card``; answer ``at`` is not brought back as it is but as ``change`` makes it."""

    card: EmulatedCard
    at: int = 0
    change: Change | None = None
    commands: list[Command] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    async def send(self, message: Command) -> None:
        self.commands.append(message)

    async def receive(self) -> Answer | Gone | Report:
        command = self.commands[-1]
        answer = self.card.process(command.apdu)
        if command.n == self.at and self.change is not None:
            changed = self.change(answer, self.answers)
            if not isinstance(changed, bytes):
                return changed
            answer = changed
        self.answers.append(answer)
        return Answer(command.n, answer)


def issue_for(personality: Personality, algorithm: int, keys: DeviceKeys | None = None, serial: bytes = b"") -> Issue:
    """The issuer's conversation with that card, or one with other keys or for another serial number."""
    keys = keys or personality.key("issuer").device_keys(algorithm)
    profile = personality.card_profile()
    random = iter(range(1, 100))
    return Issue(
        profile, keys, SN_IFD, serial or personality.serial, Secret(TRANSPORT), lambda n: bytes([next(random)]) * n
    )


async def _ours() -> bool:
    return True


def driven(issue: Issue, client: Client, answer_wait: float = 5.0, still_ours: Callable[[], object] = _ours) -> Outcome:
    """The outcome of an exchange between them."""
    return asyncio.run(
        drive(issue, client, answer_wait=answer_wait, spent=Spent(), still_ours=still_ours)  # type: ignore[arg-type]
    )
