"""The master key inside an HSM, through PKCS#11; the value of the key never leaves it.

Needs ``pip install akis[hsm]``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from akis.authority.keys.hsm_errors import may_send_pin, plain
from akis.authority.keys.master import BLOCK, MasterKeyError, TokenPinRefused, closed
from akis.authority.keys.pkcs11_uri import KeyAddress
from akis.errors import InvalidArgument
from akis.secret import Secret

if TYPE_CHECKING:
    from pkcs11 import Session, Token

MODULE_PATH = "PKCS11_MODULE_PATH"
"""Environment variable with the path of the PKCS#11 module, for URIs that do not name one."""
_PROBE = bytes(BLOCK)
"""Is no input of the KDF, which begins with a counter from 1."""

# python-pkcs11 initialises modules for programs of one thread, so their calls are made one after the other.
_ONE_AT_A_TIME = threading.Lock()


class HsmMasterKey:
    """A :class:`~akis.authority.keys.master.MasterKey` that an HSM keeps: only CMACs come out of it.

    The key is an AES key with CKA_SIGN and CKA_SENSITIVE, and every :meth:`cmac` is one C_Sign with CKM_AES_CMAC. Where
    the session is lost, by a restart of the HSM for instance, it is opened anew, once for every CMAC; the PIN is held
    for that. A PIN that was refused is not sent again by this object.
    """

    def __init__(self, address: KeyAddress, pin: Secret | None) -> None:
        """Log in, find the key and make one CMAC with it. ``pin`` is None for tokens that want none."""
        self._address = address
        self._pin = pin
        self._session: Session | None = None
        self._key: Any = None
        self._refused: str | None = None
        """What the token said of the PIN, if that was no."""
        self._closed = False
        try:
            with _ONE_AT_A_TIME, self._plainly():
                self._open()
                self._sign(_PROBE)
        except BaseException:
            self.close()
            raise

    def cmac(self, data: bytes) -> bytes:
        with _ONE_AT_A_TIME, self._plainly():
            if self._closed:
                raise closed()
            if self._refused is not None:
                raise TokenPinRefused(self._refused)
            if self._key is not None:
                # Vendors differ in what they call a lost session, so whatever went wrong is tried anew, once.
                with suppress(_pkcs11_error()):
                    return self._sign(data)
            self._leave()
            self._open()
            return self._sign(data)

    def check(self) -> None:
        self.cmac(_PROBE)

    def close(self) -> None:
        with _ONE_AT_A_TIME:
            self._closed = True
            self._leave()
            if self._pin is not None:
                self._pin.wipe()

    def __repr__(self) -> str:
        return f"HsmMasterKey({self._address.key_name}, {self._address.token_name})"

    def _sign(self, data: bytes) -> bytes:
        from pkcs11 import Mechanism

        made = bytes(self._key.sign(data, mechanism=Mechanism.AES_CMAC))
        if len(made) != BLOCK:
            raise MasterKeyError(f"the HSM answered {len(made)} bytes where an AES-CMAC has {BLOCK}")
        return made

    def _open(self) -> None:
        self._session = self._log_in(self._token())
        self._key = self._found_key(self._session)

    def _token(self) -> Token:
        import pkcs11

        address = self._address
        path = address.module_path or os.environ.get(MODULE_PATH)
        if not path:
            raise InvalidArgument(f"no PKCS#11 module is named, neither by module-path in the URI nor in {MODULE_PATH}")
        try:
            module = pkcs11.lib(path)
        except pkcs11.PKCS11Error:
            raise MasterKeyError(f"{path} is no PKCS#11 module that can be loaded; see module-path") from None
        fitting = []
        for slot in module.get_slots(token_present=True):
            # Another token that has gone again, or is none, is no concern of ours.
            with suppress(pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                token = slot.get_token()
                if _fits(token, address):
                    fitting.append(token)
        if len(fitting) != 1:
            many = "more than one" if fitting else "no"
            raise MasterKeyError(f"there is {many} {address.token_name} behind the PKCS#11 module; no PIN was sent")
        return fitting[0]

    def _log_in(self, token: Token) -> Session:
        import pkcs11

        if self._pin is None:
            if pkcs11.TokenFlag.LOGIN_REQUIRED in token.flags:
                raise InvalidArgument(f"the {self._address.token_name} wants a PIN; say where it is with pin-source")
            return token.open()
        may_send_pin(token.flags, self._address)
        try:
            pin = self._pin.reveal().decode("utf-8")
        except UnicodeDecodeError:
            pin = ""
        if not pin:
            raise InvalidArgument("the PIN of the token is not text; nothing was sent")
        try:
            return token.open(user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            # A login is the whole process's: another master key on the same token has made it.
            return token.open()

    def _found_key(self, session: Session) -> Any:
        from pkcs11 import Attribute, KeyType, ObjectClass

        address = self._address
        wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
        if address.object is not None:
            wanted[Attribute.LABEL] = address.object
        if address.id is not None:
            wanted[Attribute.ID] = address.id
        keys = list(session.get_objects(wanted))
        where = f"{address.key_name} on the {address.token_name}"
        if len(keys) != 1:
            raise MasterKeyError(f"there is {'more than one' if keys else 'no'} AES {where}")
        [key] = keys
        if not hasattr(key, "sign"):
            raise MasterKeyError(f"the {where} cannot make CMACs; it was made without CKA_SIGN")
        if not key[Attribute.SENSITIVE]:
            raise MasterKeyError(f"the {where} can be read by its users; make one with CKA_SENSITIVE instead")
        return key

    def _leave(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            with suppress(_pkcs11_error()):
                session.close()

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Whatever PKCS#11 raises, as one sentence; a PIN that was refused is remembered as such."""
        try:
            error = _pkcs11_error()
        except ImportError:
            raise MasterKeyError("keys in an HSM need python-pkcs11; pip install akis[hsm] brings it") from None
        try:
            yield
        except error as caught:
            said = plain(caught, self._address)
            if isinstance(said, TokenPinRefused):
                self._refused = str(said)
            raise said from None


def _fits(token: Token, address: KeyAddress) -> bool:
    return (
        address.token in (None, token.label)
        and address.serial in (None, token.serial.decode("utf-8", "replace"))
        and address.manufacturer in (None, token.manufacturer_id)
        and address.model in (None, token.model)
    )


def _pkcs11_error() -> type[Exception]:
    from pkcs11 import PKCS11Error

    return PKCS11Error
