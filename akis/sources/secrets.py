"""PINs and PUKs from where a script keeps them: the environment, an open descriptor, a file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from akis.errors import InvalidArgument
from akis.secret import Secret

_LONGEST = 1024
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_secret(source: str, name: str) -> Secret:
    """The secret called ``name`` from ``env:NAME``, ``fd:NUMBER`` or ``file:PATH``, without the end of its line."""
    return Secret(_read(source, name))


def _read(source: str, name: str) -> bytes:
    kind, _, where = source.partition(":")
    try:
        if kind == "env":
            value = os.fsencode(os.environ.get(where, ""))
        elif kind == "fd":
            with open(int(where), "rb", closefd=False) as stream:  # a number, no path
                value = stream.read(_LONGEST + 1)  # to its end, however it comes in pieces
        elif kind == "file":
            with Path(where).open("rb") as stream:
                value = stream.read(_LONGEST + 1)
        else:
            raise InvalidArgument(
                f"the {name} comes from env:NAME, fd:NUMBER or file:PATH, never as an argument itself"
            )
    except InvalidArgument:
        raise
    except (OSError, ValueError, OverflowError, TypeError) as error:
        # Whatever followed the colon may be a PIN typed in the wrong place, so it is not repeated.
        reason = error.strerror if isinstance(error, OSError) else "that is no number"
        raise InvalidArgument(f"the {name} cannot be read from {kind}: {reason}") from None
    value = value.removesuffix(b"\n").removesuffix(b"\r")
    if kind == "env" and _VARIABLE.fullmatch(where):
        kind = source  # a name is no secret; what was typed in the place of one may be
    if not value:
        raise InvalidArgument(f"the {name} from {kind} is empty or not there; nothing was sent")
    if len(value) > _LONGEST:
        raise InvalidArgument(f"the {name} from {kind} is more than {_LONGEST} bytes long; nothing was sent")
    return value
