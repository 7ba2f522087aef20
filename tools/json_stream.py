"""One JSON object with a list in it that is too long to hold, written as it comes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from akis.errors import AkisError


def print_object(
    head: Mapping[str, Any],
    name: str,
    items: Iterable[Mapping[str, Any]],
    tail: Callable[[], Mapping[str, Any]],
    args: argparse.Namespace,
) -> None:
    """Print ``head``, the list ``name`` an item a line, and what ``tail`` says once the list is complete.

    An error in the middle closes the list and takes the place of the tail, so that what was printed is JSON even then.
    """
    opening = json.dumps({"schema": 1, **head}, ensure_ascii=False, indent=2)[:-2]
    print(f'{opening},\n  "{name}": [', end="")
    separator = "\n    "
    try:
        for item in items:
            sys.stdout.write(separator + json.dumps(item, ensure_ascii=False))
            separator = ",\n    "
        end: Mapping[str, Any] = tail()
    except AkisError as error:
        args.json = False  # it is in here, so that nobody has to print it again
        line = getattr(error, "line", None)
        _close({"error": {"kind": type(error).__name__, "message": str(error), "line": line}})
        raise
    _close(end)


def _close(end: Mapping[str, Any]) -> None:
    rest = json.dumps(dict(end), ensure_ascii=False, indent=2)[1:].lstrip("\n")
    print(f"\n  ],\n{rest}" if end else "\n  ]\n}")
