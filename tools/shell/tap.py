"""A way to a card on which a recording can begin and end while it is in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from akis.errors import InvalidArgument
from akis.profile.model import CardProfile
from akis.trace.entries import Header
from akis.transport.base import Transport
from akis.transport.recorder import Recorder
from akis.transport.recording import Recording
from akis.transport.wrapper import TransportWrapper


class Tap(TransportWrapper):
    """``way``, which is recorded between :meth:`start` and :meth:`stop`. Secrets are hidden in what is written."""

    def __init__(self, way: Transport, header: Header, profile: CardProfile) -> None:
        super().__init__(way)
        # Random numbers that can be had again are those of a card recorded from its beginning.
        self._way, self._header, self._profile = way, replace(header, seed=None), profile
        self._recorder: Recorder | None = None
        self.file: Path | None = None
        """Where to it is recorded, None where it is not."""

    def start(self, path: Path) -> None:
        """Record to a new file from here on; :class:`InvalidArgument` where that cannot be, or is done already."""
        if self.file is not None:
            raise InvalidArgument(f"{self.file} is being recorded to; `record off` ends that")
        recorder = Recording(path).around(self._way, self._header, self._profile, datetime.now(UTC))
        self.inner = self._recorder = recorder
        self.file = path

    def stop(self) -> BaseException | None:
        """End it; returns what kept the recording from being whole, None where it is."""
        recorder, self._recorder = self._recorder, None
        self.inner, self.file = self._way, None
        if recorder is None:
            return None
        recorder.stop()
        return recorder.failure
