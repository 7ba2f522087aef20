"""What of the project asks for more packages than the rest, and how to get them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from akis.errors import InvalidArgument

MODULES: Mapping[str, tuple[str, ...]] = {
    "authority": (
        "alembic",
        "argon2",
        "fastapi",
        "httpx",
        "prometheus_client",
        "psycopg",
        "sqlalchemy",
        "structlog",
        "uvicorn",
        "websockets",
    ),
    "completion": ("shtab",),
    "unlock": ("httpx", "websockets"),
}
"""What an extra of the package brings, by the names its modules have."""


def installed(extra: str) -> bool:
    """Whether all that ``extra`` brings is there; none of it is imported."""
    return all(find_spec(name) is not None for name in MODULES[extra])


def require(extra: str, what: str) -> None:
    """:class:`InvalidArgument` that says how to get ``extra``, which ``what`` needs, where it is not there."""
    if not installed(extra):
        raise InvalidArgument(f"{what} needs packages that are not installed; pip install 'akis[{extra}]' brings them")
