"""What a route takes from the application it belongs to and from the connection it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends
from starlette.requests import HTTPConnection

from akis.authority.context import Authority
from akis.authority.http.address import client_address
from akis.authority.http.metrics import Metrics
from akis.authority.http.readiness import Readiness

_SIGN_IN_THREADS = 8
"""More than passwords are worked on at once, since sign-ins ask the database before and after."""


@dataclass(frozen=True)
class Service:
    """What all requests share.

    ``exchange_threads`` are those in which exchanges wait for the database or an HSM, ``sign_in_threads`` those in
    which holders wait for their password to be worked on. However many of one kind there are at once, nobody else waits
    for them.
    """

    authority: Authority
    metrics: Metrics
    behind_proxy: bool
    exchange_threads: CapacityLimiter
    sign_in_threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_SIGN_IN_THREADS))
    readiness: Readiness = field(default_factory=Readiness)


def service_of(connection: HTTPConnection) -> Service:
    """The service that was put into the application."""
    found = connection.app.state.service
    assert isinstance(found, Service)
    return found


def authority_of(connection: HTTPConnection) -> Authority:
    """The authority of the application."""
    return service_of(connection).authority


def address_of(connection: HTTPConnection) -> str:
    """Who asks."""
    return client_address(connection.scope, service_of(connection).behind_proxy)


# As coroutines: the framework would give each function that is none a thread, and there are few of those.
async def _service(connection: HTTPConnection) -> Service:
    return service_of(connection)


async def _authority(connection: HTTPConnection) -> Authority:
    return authority_of(connection)


async def _address(connection: HTTPConnection) -> str:
    return address_of(connection)


TheService = Annotated[Service, Depends(_service)]
TheAuthority = Annotated[Authority, Depends(_authority)]
Address = Annotated[str, Depends(_address)]
