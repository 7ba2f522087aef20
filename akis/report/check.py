"""One check of a card: what is asked, by which clause, and the verdict with what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.codec.historical import CommandSupport
from akis.conversation.base import Conversation
from akis.profile.model import CardProfile
from akis.report.readable import ReadableFile, RecordFile
from akis.trace.redact import command_text

Verdict = Literal["pass", "fail", "not applicable", "unknown"]
"""Unknown is what was not sent for the card's sake, or what no rule decides."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Sent:
    """One exchange of a check: the command in hex, what is enciphered left out; the answer in words, data left out."""

    command: str
    answer: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, and the reason in one sentence: what came back, and what it means."""

    verdict: Verdict
    observed: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of the card before its checks.

    ``guessed``: the profile was chosen for want of a better one. ``ended`` says why nothing is demanded of a card at
    the end of its life. ``application``: it is there. ``protocol`` is "T=0", "T=1", or None where nobody says.
    ``declared`` is what the ATR says of lengths and channels. ``file`` and ``records`` can be read by everybody.
    """

    profile: CardProfile
    atr: bytes
    guessed: bool = False
    ended: str | None = None
    application: bool = True
    protocol: str | None = None
    declared: CommandSupport | None = None
    file: ReadableFile | None = None
    records: RecordFile | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A declared check: its name for programs, what has to hold, the clause that says so, and the conversation."""

    name: str
    title: str
    clause: str
    ask: Callable[[Subject], Conversation[Outcome]]


@dataclass(frozen=True, slots=True)
class Done:
    """A check that was carried out."""

    name: str
    title: str
    clause: str
    outcome: Outcome
    sent: tuple[Sent, ...] = field(default=())


def carry_out(check: Check, subject: Subject) -> Conversation[Done]:
    """The check's conversation, with all that is said in it kept."""
    return (yield from witnessed(check.name, check.title, check.clause, check.ask(subject), subject.profile))


def witnessed(
    name: str, title: str, clause: str, conversation: Conversation[Outcome], profile: CardProfile
) -> Conversation[Done]:
    """A conversation as a check of this name."""
    sent: list[Sent] = []
    try:
        command = next(conversation)
        while True:
            answer = yield command
            sent.append(Sent(_shown(command, profile), in_words(answer, profile)))
            command = conversation.send(answer)
    except StopIteration as done:
        return Done(name, title, clause, done.value, tuple(sent))
    finally:
        conversation.close()


def passed(observed: str) -> Outcome:
    """The card is as it should be."""
    return Outcome("pass", observed)


def failed(observed: str) -> Outcome:
    """The card is not as it should be."""
    return Outcome("fail", observed)


def not_applicable(why: str) -> Outcome:
    """There is nothing to ask of this card."""
    return Outcome("not applicable", why)


def unknown(why: str) -> Outcome:
    """Nobody can say."""
    return Outcome("unknown", why)


def in_words(answer: ResponseApdu, profile: CardProfile) -> str:
    """``9000, done, with 12 bytes of data``: the meaning of an answer, and none of its data."""
    said = f"{answer.sw}, {answer.sw.meaning(profile.status_words)}"
    size = len(answer.data)
    return said if not size else f"{said}, with {size} {'byte' if size == 1 else 'bytes'} of data"


def _shown(command: CommandApdu, profile: CardProfile) -> str:
    text = command_text(command.to_bytes(), profile).replace(" ", "")
    if command.cla & SM_BITS != SM_BITS:
        return text
    return f"{text[:8]} with {len(command.data)} bytes of secure messaging"
