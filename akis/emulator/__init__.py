"""An AKİS-style card without a card, for tests, demonstrations and development."""

from akis.emulator.card import EmulatedCard
from akis.emulator.personality import CardKey, Personality, load_personality
from akis.emulator.transport import EmulatorTransport

__all__ = ["CardKey", "EmulatedCard", "EmulatorTransport", "Personality", "load_personality"]
