"""SMS to a holder: by a web service, or into a file where one is developing."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from akis.errors import AkisError, InvalidArgument
from akis.secret import Secret
from akis.unlock.address import is_loopback

if TYPE_CHECKING:
    import httpx

TIMEOUT = 10.0
"""Seconds that each step of sending may take: connecting, writing, waiting for an answer."""
_OUTBOX = "outbox:"


class SmsFailed(AkisError):
    """The SMS was not taken; the message says why, and neither to whom nor what it was."""


class SmsSender(Protocol):
    """Sends SMS; several threads may use one."""

    def send(self, phone: str, text: str) -> None:
        """Hand over one SMS, or raise :class:`SmsFailed`. Nothing of ``text`` is logged: it holds a code."""
        ...


class Outbox:
    """For development: every SMS is one line of JSON ``{"at","to","text"}`` at the end of a file of the owner's own."""

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now

    def send(self, phone: str, text: str) -> None:
        line = json.dumps({"at": self._now().isoformat(), "to": phone, "text": text}, ensure_ascii=False) + "\n"
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                if os.name == "posix" and stat.S_IMODE(os.fstat(file).st_mode) & 0o077:
                    raise SmsFailed(f"others can read {self._path}, so no SMS was put there; run chmod 600 on it first")
                os.write(file, line.encode("utf-8", "replace"))  # at once, as other workers write there too
            finally:
                os.close(file)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "that is no name of a file"
            raise SmsFailed(f"the SMS could not be written to {self._path}: {reason}") from None

    def __repr__(self) -> str:
        return f"Outbox({str(self._path)!r})"


class Webhook:
    """A web service that takes ``{"to","text"}`` by POST and answers 2xx once it has taken the SMS.

    Over TLS with the certificate checked, or on this machine. A redirect is no 2xx: it is not followed.
    """

    def __init__(self, url: str, token: Secret | None = None, transport: httpx.BaseTransport | None = None) -> None:
        """``token`` goes into ``Authorization: Bearer …``; ``transport`` stands in for the network in tests.

        Raises :class:`InvalidArgument` for a URL that is none, or not https.
        """
        import httpx

        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, TypeError):
            parsed = httpx.URL()
        # The URL may hold a password of the service, so it is not repeated.
        if not parsed.host or not (parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(parsed.host))):
            raise InvalidArgument("the SMS service is named by a URL that begins with https://")
        if token is not None and not _is_token(token.reveal()):
            raise InvalidArgument("the token of the SMS service is ASCII without spaces")
        self._url = parsed
        self._token = token
        # A proxy that the environment names would read along where there is no TLS.
        self._client = httpx.Client(timeout=TIMEOUT, transport=transport, trust_env=parsed.scheme == "https")

    def send(self, phone: str, text: str) -> None:
        import httpx

        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token.reveal().decode('ascii')}"}
        body = json.dumps({"to": phone, "text": text}).encode("ascii")
        try:
            answer = self._client.post(self._url, headers={"Content-Type": "application/json", **headers}, content=body)
        except httpx.TimeoutException:
            reason = f"did not answer within {TIMEOUT:.0f} seconds"
        except httpx.HTTPError as error:
            reason = f"could not be asked ({type(error).__name__})"
        else:
            if answer.is_success:
                return
            reason = f"answered {answer.status_code}"
        raise SmsFailed(f"the SMS service {self._url.host} {reason}")

    def close(self) -> None:
        """Let go of its connections and its token."""
        self._client.close()
        if self._token is not None:
            self._token.wipe()

    def __repr__(self) -> str:
        return f"Webhook({self._url.host!r})"


def open_sms_sender(source: str, token: Secret | None = None) -> Outbox | Webhook:
    """What ``outbox:FILE`` or the URL of a web service names; ``token`` is the service's."""
    if source.startswith(_OUTBOX):
        if token is not None:
            raise InvalidArgument("an outbox takes no token; leave out where it is")
        return Outbox(Path(source.removeprefix(_OUTBOX)))
    return Webhook(source, token)


def masked(phone: str) -> str:
    """A phone number as its owner may see it: the last two digits, ``… 42``, and of a very short one nothing."""
    digits = [character for character in phone if character.isdecimal()]
    return f"… {''.join(digits[-2:])}" if len(digits) > 4 else "…"


def _is_token(value: bytes) -> bool:
    return bool(value) and all(0x21 <= byte <= 0x7E for byte in value)
