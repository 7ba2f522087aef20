"""The older name of :mod:`tests.akis.emulator.cards`."""

from tests.akis.emulator.cards import COUNTERS, PIN, SELECT, WRONG

__all__ = ["COUNTERS", "PIN", "SELECT", "WRONG"]
