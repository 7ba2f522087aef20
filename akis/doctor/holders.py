"""Which programs may have a card: those with a connection to the PC/SC service, as far as the system tells."""

from __future__ import annotations

from collections.abc import Sequence

from akis.doctor import peers
from akis.doctor.finding import Program
from akis.doctor.machine import Machine
from akis.doctor.service import socket_of


def others(machine: Machine | None = None) -> tuple[Program, ...] | None:
    """The other programs that use PC/SC now; None where this system does not say."""
    socket = socket_of(machine or Machine())
    return None if socket is None else peers.programs(socket)


def named(programs: Sequence[Program]) -> str:
    """The one that has the card, or those of which one has it; nothing where there are none."""
    listed = ", ".join(map(str, programs))
    return f"one of {listed}" if len(programs) > 1 else listed
