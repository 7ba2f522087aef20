"""A recording in a file: who may read it, what its header says, and never over what is there already."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import akis
from akis.errors import InvalidArgument
from akis.profile.model import CardProfile
from akis.trace.entries import Header
from akis.trace.jsonl import Writer
from akis.trace.redactor import SLOTS, Redactor
from akis.transport.base import Transport
from akis.transport.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Recording:
    """Where to record to. With ``keep_secrets`` PINs are written as they are: for test cards only."""

    path: Path
    keep_secrets: bool = False

    def check(self) -> None:
        """Raise :class:`InvalidArgument` where there is a file already, before anything is sent to a card."""
        if os.path.lexists(self.path):
            raise InvalidArgument(f"{self.path} is there already and was left as it is; name another file")
        if not os.path.isdir(self.path.parent):  # noqa: PTH112  the one of Path raises where it may not look
            raise InvalidArgument(f"{self.path} cannot be written: there is no such directory")
        if not os.access(self.path.parent, os.W_OK | os.X_OK):
            raise InvalidArgument(f"{self.path} cannot be written: {os.strerror(errno.EACCES)}")

    def around(self, inner: Transport, header: Header, profile: CardProfile | None, now: datetime) -> Recorder:
        """``inner``, recorded from here on; :class:`InvalidArgument` where the file cannot be written."""
        self.check()
        header = replace(
            header,
            atr=inner.atr,
            created=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            source=f"akis {akis.__version__}",
            secrets=self.keep_secrets,
            slots=() if self.keep_secrets else SLOTS,
        )
        try:
            # Serial numbers and the like are nobody else's business.
            stream = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no such name"
            raise InvalidArgument(f"{self.path} cannot be written: {reason}") from None
        try:
            writer = Writer(stream, header)
        except OSError as error:
            with suppress(OSError):
                stream.close()
            with suppress(OSError):
                self.path.unlink()
            raise InvalidArgument(f"{self.path} cannot be written: {error.strerror}") from None
        return Recorder(inner, writer.write, Redactor(profile, self.keep_secrets), stream.close)
