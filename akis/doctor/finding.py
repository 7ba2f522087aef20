"""What an examination found: facts, and findings with a remedy each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["problem", "warning", "note"]
"""A problem keeps a card out of reach; a warning may do so, or will; a note is good to know."""
Area = Literal["service", "readers", "cards", "drivers", "environment", "virtual reader"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it might be, and what to do, each in one sentence."""

    area: Area
    severity: Severity
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Service:
    """The PC/SC service: whether it serves this process, and where it was looked for, None where that has no name.

    ``state`` is running; absent (nobody listens), forbidden, silent (it does not answer), or broken.
    """

    state: Literal["running", "absent", "forbidden", "silent", "broken"]
    socket: str | None = None


@dataclass(frozen=True, slots=True)
class SeenReader:
    """A reader and its card. ``index`` is its number for ``--reader``, None where akis leaves it alone.

    ``card`` names the kind of card, None without one or for one that nobody knows. ``reachable`` says whether the card
    could be connected to, None where there is none.
    """

    index: int | None
    name: str
    state: str
    atr: bytes | None = None
    card: str | None = None
    reachable: bool | None = None

    @property
    def ignored(self) -> bool:
        """Whether the environment says that akis is to leave this reader alone."""
        return self.index is None


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver of readers that is installed here, and its version where it says one."""

    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """Another program that talks to the PC/SC service; None for what this user may not see of it."""

    pid: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        return "a program of another user" if self.name is None else f"{self.name} (pid {self.pid})"


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. ``programs`` is None where the system does not tell; a version is None where there is no such thing.

    ``environment`` has the values of variables that hold no secret, None for those that may.
    """

    service: Service
    readers: tuple[SeenReader, ...]
    usb_readers: tuple[str, ...]
    drivers: tuple[Driver, ...]
    programs: tuple[Program, ...] | None
    virtual_reader: Literal["in use", "installed", "absent"] | None
    versions: Mapping[str, str | None]
    environment: Mapping[str, str | None]
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether there is a card that akis can reach."""
        return any(reader.reachable and not reader.ignored for reader in self.readers)
