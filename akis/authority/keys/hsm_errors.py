"""What PKCS#11 has to say, in plain sentences, and what it says of a PIN before one is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akis.authority.keys.master import MasterKeyError, TokenPinRefused
from akis.authority.keys.pkcs11_uri import KeyAddress

if TYPE_CHECKING:
    from pkcs11 import TokenFlag

_PIN = {
    "PinIncorrect": "is wrong",
    "PinInvalid": "is wrong: it has characters that the token does not know",
    "PinLenRange": "is wrong: it is too short or too long",
    "PinLocked": "is locked; the token's security officer can set a new one",
    "PinExpired": "has expired; set a new one",
    "UserPinNotInitialized": "was never set; the token's security officer can do so",
}
_KEY = {
    "MechanismInvalid": "CKM_AES_CMAC is not among its mechanisms",
    "KeyTypeInconsistent": "CKM_AES_CMAC does not go with this kind of key",
    "KeySizeRange": "CKM_AES_CMAC does not go with a key of this length",
    "FunctionNotSupported": "it does not sign at all",
    "UserNotLoggedIn": "it wants a PIN; say where it is with pin-source",
}


def plain(error: Exception, address: KeyAddress) -> MasterKeyError:
    """The error for an exception of python-pkcs11; constant texts and the names that the URI has."""
    name = type(error).__name__  # such as PinIncorrect for CKR_PIN_INCORRECT
    if name in _PIN:
        return TokenPinRefused(f"the PIN of the {address.token_name} {_PIN[name]}; it will not be sent again")
    if name in _KEY:
        return MasterKeyError(f"the {address.token_name} cannot use the {address.key_name}: {_KEY[name]}")
    return MasterKeyError(f"the {address.token_name} cannot be used now; PKCS#11 says {name}")


def may_send_pin(flags: TokenFlag, address: KeyAddress) -> None:
    """Raise :class:`TokenPinRefused` where the token's flags say that one more wrong PIN would lock it, or that it is.

    PKCS#11 2.40 §3.2, CK_TOKEN_INFO: CKF_USER_PIN_FINAL_TRY and CKF_USER_PIN_LOCKED.
    """
    from pkcs11 import TokenFlag

    if TokenFlag.USER_PIN_LOCKED in flags:
        raise TokenPinRefused(f"the PIN of the {address.token_name} is locked; nothing was sent")
    if TokenFlag.USER_PIN_FINAL_TRY in flags:
        raise TokenPinRefused(
            f"the PIN of the {address.token_name} has one try left, so nothing was sent; log in once with another"
            " program, such as pkcs11-tool --login, which sets the tries back"
        )
