"""An authority that listens: for an operator until a signal ends it, or in a thread of this process for a while."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from akis.authority.http.environment import FAILED_TO_START, FIGURES, SETTINGS, URL
from akis.authority.serving.listening import CannotServe, check_tls, listener, listening, url_of
from akis.authority.serving.settings import Settings
from akis.unlock.messages import LONGEST as LONGEST_MESSAGE

if TYPE_CHECKING:
    from types import FrameType

    import uvicorn

    from akis.authority.context import Authority

LONGEST_HEADERS = 16 * 1024
STOPS_WITHIN = 10
"""Seconds after which it has ended in any case; exchanges end at once, and have the rest to be written down."""
_GRACE = STOPS_WITHIN - 2
_HTTP: dict[str, Any] = {
    "http": "akis.authority.http.connections:Http",
    "ws": "akis.authority.http.connections:WebSocket",
    "loop": "asyncio",
    "lifespan": "on",
    "h11_max_incomplete_event_size": LONGEST_HEADERS,
    "ws_max_size": LONGEST_MESSAGE,
    "ws_per_message_deflate": False,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": _GRACE,
}


def serve(settings: Settings, told: Callable[[str], None]) -> None:
    """Answer requests until SIGINT or SIGTERM comes, in as many processes as ``settings`` want.

    Before it listens it has tried the master key, brought the database to the tables of this version, and seen that
    the two belong together; then ``told(url)`` is called once, with the port it got. Call it from the main thread,
    since signals end it.
    Raises an :class:`AkisError` where something is missing.
    """
    import uvicorn

    from akis.authority.http import logs

    settings.check_listening()
    check_tls(settings)
    _prepare(settings)
    form = ("plain" if os.isatty(2) else "json") if settings.log == "auto" else settings.log
    with ExitStack() as held:
        opened = held.enter_context(listening(settings.host, settings.port))
        url = url_of("http" if settings.tls_cert is None else "https", opened)
        given = {SETTINGS: settings.to_json(), URL: url}
        if settings.workers > 1:
            given[FIGURES] = held.enter_context(TemporaryDirectory(prefix="akis-authority-"))
        held.enter_context(_environment(given))
        held.enter_context(_signals_as_before())
        config = uvicorn.Config(
            "akis.authority.http.app:from_environment",
            factory=True,
            workers=settings.workers,
            log_config=logs.config(form),
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
            **_HTTP,
        )
        run = _runner(config, opened)
        told(url)
        if not run():
            raise CannotServe("the authority did not start; the lines above say why")


class Serving:
    """An authority on a free port of the loopback address, in a thread of this process, for as long as a ``with``.

    Its log lines go nowhere unless logging was set up. ``settings`` say nothing of where it listens here, but may say
    what it does TLS with.
    """

    def __init__(self, authority: Authority, settings: Settings | None = None) -> None:
        self._authority = authority
        self._settings = settings or Settings()
        self.url = ""
        """``http://127.0.0.1:PORT``, or https"""

    def __enter__(self) -> Serving:
        import uvicorn

        from akis.authority.http import logs
        from akis.authority.http.app import create_app

        logs.stay_quiet()
        app = create_app(self._authority, self._settings)
        self._socket = listener(socket.AF_INET, ("127.0.0.1", 0))
        cert, key = self._settings.tls_cert, self._settings.tls_key
        self.url = url_of("http" if cert is None else "https", self._socket)
        config = uvicorn.Config(app, log_config=None, ssl_certfile=cert, ssl_keyfile=key, **_HTTP)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="authority", daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End what goes on and return once it has ended; again does nothing."""
        self._server.should_exit = True
        self._thread.join(STOPS_WITHIN)
        self._socket.close()
        if self._thread.is_alive():
            raise CannotServe(f"the authority did not stop within {STOPS_WITHIN} seconds")

    def __exit__(self, *_: object) -> None:
        self.stop()


def _prepare(settings: Settings) -> None:
    """What every worker relies on, found out once and before anybody is let in."""
    from akis.authority.serving.open import check_fitting, close_authority, open_authority
    from akis.authority.store.migrate import migrate

    authority = open_authority(settings)
    try:
        authority.master.check()
        migrate(authority.store)
        check_fitting(authority)
    finally:
        close_authority(authority)


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    """What the processes that are started meanwhile find in their environment."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _signals_as_before() -> Iterator[None]:
    """What uvicorn makes of signals is undone at the end."""
    from uvicorn.supervisors.multiprocess import SIGNALS

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _runner(config: uvicorn.Config, opened: socket.socket) -> Callable[[], bool]:
    """What serves until a signal comes, and tells whether it could. Signals count from now on, not from its call."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    if config.workers > 1:
        supervisor = Multiprocess(config, [opened])

        def run_several() -> bool:
            supervisor.run()
            return all(process.exitcode != FAILED_TO_START for process in supervisor.processes)

        return run_several

    server = uvicorn.Server(config)

    def stop(_: int, __: FrameType | None) -> None:
        # Before uvicorn looks at signals itself, and after, when it raises those it saw once more.
        server.should_exit = True

    def run_one() -> bool:
        try:
            server.run([opened])
        except SystemExit:
            return False
        return True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return run_one
