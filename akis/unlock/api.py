"""The authority as the client sees it: a code redeemed, a card chosen, the holder confirmed, the exchange opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from akis.errors import AuthorityUnreachable, CodecError, InvalidArgument
from akis.secret import Secret
from akis.unlock import answers
from akis.unlock.address import Address, tls_context
from akis.unlock.channel import Channel, open_channel
from akis.unlock.code import UnlockCode
from akis.unlock.opened import CardCertificate, HolderCard, OpenedUnlock, SecondFactor
from akis.unlock.trouble import no_authority, timed_out, unreachable

if TYPE_CHECKING:
    import httpx

__all__ = ["AuthorityClient", "CardCertificate", "HolderCard", "OpenedUnlock", "SecondFactor"]

T = TypeVar("T")

_LONGEST = 0x40000
"""Bytes of the longest answer that is read: a hundred cards with their certificates."""
_CURRENT = "/v1/unlocks/current"


class AuthorityClient:
    """One unlock at the authority behind ``url``: https, or http on this machine alone.

    Its certificate is verified by the CAs of the system, or by those of the PEM file ``ca`` and no others. No redirect
    is followed and no proxy used. ``timeout`` is seconds, for a connection and for the whole of an answer.
    :class:`InvalidArgument` where the address or the file is not one.

    Every method raises :class:`AuthorityRefused` where the authority says no, and :class:`AuthorityUnreachable` where
    it could not be asked or what answers is no authority.
    """

    def __init__(self, url: str, ca: Path | None = None, *, timeout: float = 20.0) -> None:
        try:
            import httpx
            import websockets.sync.client  # noqa: F401
        except ImportError:
            raise InvalidArgument(
                "an unlock needs the packages httpx and websockets, which are not here; install akis[unlock]"
            ) from None
        self.address = Address.from_text(url)
        self._tls = tls_context(self.address, ca)
        self._ca = ca
        self._timeout = timeout
        self._token: Secret | None = None
        self._http = httpx.Client(
            verify=True if self._tls is None else self._tls,
            # No proxy and no other word from the environment, and no compressed answers, whose size shows too late.
            trust_env=False,
            follow_redirects=False,
            timeout=timeout,
            headers={"Accept": "application/json, application/problem+json", "Accept-Encoding": "identity"},
        )

    def open_unlock(self, code: UnlockCode) -> OpenedUnlock:
        """Redeem the code. All that follows is done with the token that it was changed for."""
        opened = self._ask("POST", "/v1/unlocks", {"code": code.reveal()}, 201, answers.opened_unlock)
        self._token = opened.token
        return opened

    def choose_card(self, serial: bytes) -> SecondFactor:
        """Say which card is to be unlocked; this sends the SMS where that is the second factor, and again a new one."""
        card = {"serial": serial.hex().upper()}
        return self._ask("PUT", f"{_CURRENT}/card", card, 200, answers.second_factor, self._its_token())

    def confirm(self, answer: Secret) -> None:
        """Give the SMS code or the web password (UTF-8). ``tries_left`` of the refusal counts further answers."""
        try:
            text = answer.reveal().decode("utf-8")
        except UnicodeDecodeError:
            text = None
        if text is None:
            raise InvalidArgument("the answer is not text in UTF-8, so it was not sent")
        self._ask("POST", f"{_CURRENT}/second-factor", {"answer": text}, 200, answers.confirmed, self._its_token())

    @contextmanager
    def exchange(self) -> Iterator[Channel]:
        """The way on which authority and card speak to each other, open for the time of a ``with``."""
        with open_channel(self.address, self._tls, self._its_token(), self._timeout, self._ca) as channel:
            yield channel

    def close(self) -> None:
        """Forget the token and end the connection."""
        if self._token is not None:
            self._token.wipe()
            self._token = None
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _its_token(self) -> Secret:
        if self._token is None:
            raise InvalidArgument("there is no unlock yet, or no more; a code opens one")
        return self._token

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, str],
        expected: int,
        read: Callable[[Mapping[str, Any]], T],
        token: Secret | None = None,
    ) -> T:
        import httpx

        headers = {} if token is None else {"Authorization": f"Bearer {token.reveal().decode('ascii')}"}
        try:
            with self._http.stream(method, self.address.url(path), json=dict(body), headers=headers) as response:
                raw = self._whole(response)
            return self._understood(response, raw, expected, read)
        except CodecError as error:
            failure = no_authority(self.address, str(error))
        except (httpx.HTTPError, OSError) as error:
            failure = unreachable(self.address, error, self._timeout, self._ca)
        raise failure  # out here, where the other one, which has the request, is not its context

    def _whole(self, response: httpx.Response) -> bytes:
        """The body, within the bounds of size and time."""
        deadline = time.monotonic() + self._timeout
        raw = b""
        for part in response.iter_raw():
            raw += part
            if len(raw) > _LONGEST:
                raise CodecError("an answer is too long")
            if time.monotonic() > deadline:
                raise timed_out(self.address, self._timeout)
        return raw

    def _understood(
        self, response: httpx.Response, raw: bytes, expected: int, read: Callable[[Mapping[str, Any]], T]
    ) -> T:
        status = response.status_code
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if status == expected and kind == "application/json":
            return read(answers.read(raw))
        if status >= 400 and kind == "application/problem+json":
            raise answers.refusal(answers.read(raw))
        if 300 <= status < 400:
            raise no_authority(self.address, "it sends on to another address, which is not followed")
        if status >= 500:
            raise AuthorityUnreachable(
                f"the authority at {self.address} is out of order just now (HTTP {status}); try again later"
            )
        raise no_authority(self.address, f"HTTP {status}")
