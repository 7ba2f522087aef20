"""One name for each request, the same in its answer and in every log line about it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any

HEADER = "X-Request-ID"
_GIVEN = re.compile(rb"[A-Za-z0-9-]{1,64}")
_KEY = "request_id"


def take_request_id(scope: MutableMapping[str, Any]) -> str:
    """The id that the request names itself, where it is one of 1 to 64 letters, digits and dashes, or a new one."""
    given = [value for name, value in scope["headers"] if name == HEADER.lower().encode("ascii")]
    usable = len(given) == 1 and _GIVEN.fullmatch(given[0])
    found = given[0].decode("ascii") if usable else secrets.token_hex(8)
    scope.setdefault("state", {})[_KEY] = found
    return found


def request_id_of(scope: Mapping[str, Any]) -> str:
    """The id that the request has."""
    return str(scope["state"][_KEY])
