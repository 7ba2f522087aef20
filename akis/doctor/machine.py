"""The machine that is examined: everything that is asked of the system goes through here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE = 5.0
_ALSO = ("/usr/sbin", "/usr/local/sbin", "/sbin")
"""Where daemons are, which is not on the path of every user."""


@dataclass(frozen=True)
class Machine:
    """This machine, or one like it: ``root`` is where its file system begins, ``platform`` what Python calls it."""

    platform: str = sys.platform
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    root: Path = Path("/")

    @property
    def is_linux(self) -> bool:
        return self.platform.startswith("linux")

    def path(self, name: str) -> Path:
        """A path of that machine."""
        return self.root / name.lstrip("/")

    def exists(self, name: str) -> bool:
        """Whether there is such a file, as far as this user may see."""
        try:
            return self.path(name).exists()
        except OSError:
            return False

    def text(self, name: str | Path) -> str:
        """What is in a file, without the space around it; nothing where it cannot be read."""
        try:
            return self.path(str(name)).read_text("utf-8", "replace").strip()
        except (OSError, ValueError):
            return ""

    def program(self, name: str) -> str | None:
        """Where a program is."""
        return shutil.which(name, path=os.pathsep.join((self.environ.get("PATH", os.defpath), *_ALSO)))

    def said(self, name: str, *arguments: str) -> str:
        """What a program prints; nothing where there is none, or where it fails."""
        found = self.program(name)
        if found is None:
            return ""
        try:
            done = subprocess.run(
                [found, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return done.stdout if done.returncode == 0 else ""
