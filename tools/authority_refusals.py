"""What the authority refuses its operator, as an error like any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusals() -> Iterator[None]:
    """:class:`AuthorityRefused` in the place of what never crosses the border of the authority."""
    from akis.authority.refused import Refused
    from akis.errors import AuthorityRefused

    try:
        yield
    except Refused as refused:
        raise AuthorityRefused(refused.kind.value, refused.message, refused.tries_left, refused.retry_after) from None
