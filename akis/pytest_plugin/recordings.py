"""Recorded sessions in the hands of a test: played to a card, or as a card."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from akis.pytest_plugin.settings import Settings, in_words_of_pytest, to_raise

if TYPE_CHECKING:
    from akis.connect import PlayedCard
    from akis.regress.outcome import Mode, Outcome
    from akis.sm.mutual_auth import DeviceKeys


class Recordings:
    """What the fixture ``akis_replay`` is. Relative paths start at ``folder``, where the test's file is."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._cards: list[PlayedCard] = []

    def __call__(self, path: str | Path, reader: str | None = None, mode: Mode | None = None) -> Outcome:
        """Send the recorded commands of a trace or foreign log to a card, and compare the answers.

        ``reader`` is ``emulator:[NAME][,STATE]…``, or part of a real reader's name; ``mode`` is strict, masked or
        rekey. Without them it is as for traces that are tests. Raises :class:`akis.errors.ReplayDiffers` with the first
        difference, and another :class:`akis.errors.AkisError` for what stopped it.
        """
        __tracebackhide__ = True
        from akis.errors import AkisError, ReplayDiffers

        try:
            outcome = self._settings.play(self._folder / path, reader, mode)
        except AkisError as error:
            raise to_raise(error) from None
        if outcome.error is not None:
            raise to_raise(outcome.error)
        if outcome.verdict != "passed":
            raise ReplayDiffers(in_words_of_pytest(outcome.message))
        return outcome

    def card(self, path: str | Path, keys: Sequence[DeviceKeys] = ()) -> PlayedCard:
        """A card that is a recording: it answers what was answered then, and nothing else.

        A test that did not ask for all that was recorded fails at its end. ``keys`` open a recorded secure session,
        so that the test's own can take its place; else ``--akis-sm-keys`` has them, or the emulated card it was.
        """
        __tracebackhide__ = True
        from akis.connect import PlayedCard, connect
        from akis.errors import AkisError

        place = self._folder / path
        try:
            card = connect(f"replay:{place}", keys=keys or self._settings.keys() or _published(place)).card()
        except AkisError as error:
            raise to_raise(error) from None
        assert isinstance(card, PlayedCard)
        self._cards.append(card)
        return card

    def finish(self) -> str:
        """What is wrong at the end of a test that went well; nothing where all was used."""
        from akis.errors import AkisError

        for card in self._cards:
            try:
                card.played.check_finished()
            except AkisError as error:
                return in_words_of_pytest(str(error))
        return ""

    def close(self) -> None:
        """Let go of the recordings."""
        for card in self._cards:
            with suppress(Exception):  # whatever is to be said of them, finish() has said
                card.close()


def _published(path: Path) -> list[DeviceKeys]:
    """The keys of the emulated card that was recorded; none where it was another card."""
    from akis.emulator.personality import load_personality
    from akis.errors import ProfileError
    from akis.trace.jsonl import Lines

    name = Lines(path).header.personality
    if name is None:
        return []
    with suppress(ProfileError):  # it may be one of somebody else's
        held = load_personality(name).keys
        # A key may serve several algorithms; `emulator:NAME/ROLE` stands for the last, so that one comes first.
        return [key.device_keys(algorithm) for key in held for algorithm in reversed(key.algorithms)]
    return []
