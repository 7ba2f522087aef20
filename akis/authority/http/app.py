"""The application: routes and what surrounds them, around one authority."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from akis import __version__
from akis.authority.context import Authority
from akis.authority.http import exchange, health, logs, portal, unlock_steps
from akis.authority.http.documented import openapi
from akis.authority.http.environment import FAILED_TO_START, SETTINGS, URL
from akis.authority.http.limits import BodyLimit
from akis.authority.http.metrics import Metrics
from akis.authority.http.of_request import Service
from akis.authority.http.problems import refuse_in_problems
from akis.authority.http.requests import Requests
from akis.authority.http.tidying import tidying
from akis.authority.serving.open import close_authority, open_authority
from akis.authority.serving.settings import Settings
from akis.authority.spent import HTTP
from akis.errors import AkisError
from akis.unlock.messages import SUBPROTOCOL

OPENAPI = "/openapi.json"
_EXCHANGE_THREADS = 8
_DESCRIPTION = f"""\
The issuer's service that unlocks the PIN of a card. Every refusal is a problem document (RFC 9457) whose `kind` says
why.

The exchange with the card is a WebSocket, which OpenAPI has no words for: `{exchange.PATH}`, subprotocol
`{SUBPROTOCOL}`, the token of the unlock in the Authorization header, no Origin. It is always accepted; a refusal is its
first message."""


def create_app(
    authority: Authority,
    settings: Settings,
    closing: Callable[[], None] | None = None,
    opening: Callable[[], None] | None = None,
) -> FastAPI:
    """An application for ``authority``; ``opening`` is called when it is started, ``closing`` when it is shut down."""
    metrics = Metrics(authority.spent.seconds, speaking=lambda: authority.spent.rest(HTTP))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        authority.spent.rest(HTTP)  # what came before was starting
        if opening is not None:
            opening()
        try:
            async with tidying(authority):
                yield
        finally:
            metrics.close()
            if closing is not None:
                closing()

    app = FastAPI(
        title="AKİS authority",
        version=__version__,
        summary="PIN creation and unlock, the issuer's side",
        description=_DESCRIPTION,
        openapi_url=OPENAPI,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name.rstrip("_"),
    )
    app.state.service = Service(authority, metrics, settings.behind_proxy, CapacityLimiter(_EXCHANGE_THREADS))
    routers = (portal.router, unlock_steps.router, health.router, exchange.router)
    for router in routers:
        app.include_router(router)
    app.openapi = lambda: dict(openapi(app))  # type: ignore[method-assign]  # the way FastAPI gives to do it
    refuse_in_problems(app)
    paths = [found.path for router in routers for found in router.routes if isinstance(found, Route | WebSocketRoute)]
    app.add_middleware(BodyLimit)
    app.add_middleware(Requests, routes={OPENAPI, *paths}, metrics=metrics)
    return app


def from_environment() -> FastAPI:
    """The application of a worker, whose settings are in the variable :data:`SETTINGS`."""
    try:
        settings = Settings.from_json(os.environ.get(SETTINGS, ""))
        authority = open_authority(settings)
    except AkisError as error:
        logs.logger().error("a worker cannot start", exc_info=error)
        raise SystemExit(FAILED_TO_START) from None
    told = {"url": os.environ.get(URL), "worker": os.getpid()}

    def closing() -> None:
        close_authority(authority)
        logs.logger().info("stopped", **told)

    return create_app(authority, settings, closing, opening=lambda: logs.logger().info("listening", **told))
