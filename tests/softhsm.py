"""An HSM made of software (SoftHSM2), each test its own.

Fixture, for every test of this tree (``tests/conftest.py`` loads this file as a plugin):

``soft_hsm``
    A :class:`SoftHsm` with one token, in a directory of the test's own, in which there is no key yet. Without softhsm2
    the test is skipped, or fails where ``AKIS_REQUIRE_PCSC=1`` says that all must run.

SoftHSM finds its tokens by ``SOFTHSM2_CONF``, which is set as long as the test lasts, for this process and so for all
it starts. It reads it when it is initialised, once in a process: so it is initialised anew for each test, and again by
:meth:`SoftHsm.restart`. python-pkcs11 is loaded only by tests that ask for the fixture.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.installed import installed

if TYPE_CHECKING:
    from pkcs11 import Session

_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
_SO_PIN = "60417392"


@pytest.fixture
def soft_hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    hsm = make_soft_hsm(tmp_path / "softhsm")
    monkeypatch.setenv("SOFTHSM2_CONF", str(hsm.configuration))
    hsm.restart()
    yield hsm
    hsm.stop()


def make_soft_hsm(place: Path, token: str = "issuer", pin: str = "73915028") -> SoftHsm:
    """A new directory ``place`` with configuration and one token; ``SOFTHSM2_CONF`` is left to the caller."""
    utility = installed("softhsm2-util", "softhsm2")
    found = [path for path in _MODULES if Path(path).exists()]
    if not found:
        pytest.fail("there is softhsm2-util, but the module libsofthsm2.so is in none of the places known here")
    tokens = place / "tokens"
    tokens.mkdir(parents=True)
    configuration = place / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"
    )
    hsm = SoftHsm(utility, found[0], configuration, token, pin)
    hsm.add_token(token)
    return hsm


@dataclass(frozen=True)
class SoftHsm:
    """Tokens in a directory, of which ``token`` is the first; ``pin`` is its user's."""

    utility: str
    module: str
    configuration: Path
    token: str
    pin: str

    @property
    def tokens(self) -> Path:
        """Where the tokens are, one directory each."""
        return self.configuration.parent / "tokens"

    @property
    def environment(self) -> dict[str, str]:
        """For programs that are to find this HSM."""
        return {**os.environ, "SOFTHSM2_CONF": str(self.configuration)}

    def uri(self, key: str = "master", *, token: str | None = None, **query: str) -> str:
        """A ``pkcs11:`` URI; ``pin_source="env:NAME"`` becomes ``pin-source=env:NAME``."""
        asked = {"module-path": self.module, **{name.replace("_", "-"): value for name, value in query.items()}}
        ends = "&".join(f"{name}={quote(value, safe='/:')}" for name, value in asked.items())
        return f"pkcs11:token={quote(token or self.token)};object={quote(key)};type=secret-key?{ends}"

    def add_token(self, label: str) -> None:
        """One more token, seen after :meth:`restart`; it has the same PIN."""
        command = [self.utility, "--init-token", "--free", "--label", label, "--so-pin", _SO_PIN, "--pin", self.pin]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def restart(self) -> None:
        """As if it had been off and on: whoever has a session has it no more."""
        import pkcs11

        pkcs11.lib(self.module).reinitialize()

    def stop(self) -> None:
        """Let go of everything, for the next one in this process."""
        import pkcs11

        pkcs11.lib(self.module).finalize()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Somebody else's session with the right to write, which sees all that its user may. Its end is the end of
        the login of this process."""
        import pkcs11

        [token] = pkcs11.lib(self.module).get_tokens(token_label=self.token)
        try:
            session = token.open(rw=True, user_pin=self.pin)
        except pkcs11.UserAlreadyLoggedIn:
            session = token.open(rw=True)
        try:
            yield session
        finally:
            session.close()

    def import_key(self, value: bytes, label: str = "master", key_id: bytes = b"\x01", **changes: Any) -> None:
        """Put an AES key of this value in: to be used for CMACs, and never to be seen again.

        ``changes`` are other attributes, such as ``SIGN=False``.
        """
        from pkcs11 import Attribute, KeyType, ObjectClass

        template = {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.VALUE: value,
            Attribute.LABEL: label,
            Attribute.ID: key_id,
            Attribute.TOKEN: True,
            Attribute.PRIVATE: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.SIGN: True,
            **{Attribute[name]: value for name, value in changes.items()},
        }
        with self.session() as session:
            session.create_object(template)

    def new_key(self, label: str = "master", key_id: bytes = b"\x01") -> None:
        """Have the HSM make an AES-256 key that nobody ever sees."""
        from pkcs11 import Attribute, KeyType, MechanismFlag

        template = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
        with self.session() as session:
            session.generate_key(
                KeyType.AES,
                256,
                label=label,
                id=key_id,
                store=True,
                capabilities=MechanismFlag.SIGN,
                template=template,
            )

    def change_pin(self, old: str, new: str) -> None:
        """Have another PIN from now on; ``pin`` stays what it was."""
        import pkcs11

        [token] = pkcs11.lib(self.module).get_tokens(token_label=self.token)
        session = token.open(rw=True, user_pin=old)
        session.set_pin(old, new)
        session.close()
