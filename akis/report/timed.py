"""Which commands of a card are timed."""

from __future__ import annotations

from typing import NamedTuple

from akis.codec.apdu import CommandApdu
from akis.codec.file_path import path_text
from akis.commands import files, objects
from akis.commands.application import select_application
from akis.conversation.base import Conversation
from akis.report.check import Subject
from akis.report.times import Timekeeper


class Timed(NamedTuple):
    """A command by its name, and what has to be selected before it, untimed."""

    name: str
    command: CommandApdu
    before: CommandApdu | None = None


def timed_commands(subject: Subject) -> Conversation[tuple[Timed, ...]]:
    """Those that this card carries out."""
    found = []
    for timed in _candidates(subject):
        if timed.before is not None:
            yield timed.before
        if (yield timed.command).sw.ok:
            found.append(timed)
    return tuple(found)


def one_round(timed: tuple[Timed, ...], times: Timekeeper) -> Conversation[None]:
    """Each command once."""
    for name, command, before in timed:
        if before is not None:
            yield before
        yield from times.ask(name, command)


def _candidates(subject: Subject) -> list[Timed]:
    profile = subject.profile
    application = select_application(profile)
    found = [Timed("SELECT of the MF", files.select_fid(files.MF)), Timed("SELECT of the application", application)]
    for place in (profile.serial.p1p2, profile.life_cycle.p1p2):
        found.append(Timed(f"GET DATA {place:04X}", objects.get_data(place)))
    if profile.pin.tries_by == "get_data":
        pin = objects.get_pin_object(profile.pin.object)
        found.append(Timed(f"GET DATA of PIN object {profile.pin.object}", pin, application))
    if subject.file is not None:
        path, size = subject.file.path, len(subject.file.content)
        found.append(Timed(f"SELECT of {path_text(path)}", files.select_path(path)))
        found.append(Timed(f"READ BINARY, {size} bytes", files.read_binary(0, size), files.select_path(path, "none")))
    return found
