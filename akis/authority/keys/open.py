"""The master key by the words that name where it is."""

from __future__ import annotations

from akis.authority.keys.file import FileMasterKey
from akis.authority.keys.hsm import HsmMasterKey
from akis.authority.keys.master import MasterKey
from akis.authority.keys.pkcs11_uri import is_pkcs11, parse
from akis.errors import InvalidArgument
from akis.sources.secrets import read_secret


def open_master_key(source: str, pin: str | None = None) -> MasterKey:
    """The master key in a file, or the one that a ``pkcs11:`` URI names inside an HSM, ready for use.

    ``pin`` says where the token's PIN is (``env:NAME``, ``fd:NUMBER`` or ``file:PATH``), where the URI has no
    ``pin-source`` that does. Every process opens a master key of its own: a PKCS#11 session does not outlive a fork.
    """
    if not is_pkcs11(source):
        if pin is not None:
            raise InvalidArgument("a master key in a file has no PIN; leave out where the PIN is")
        return FileMasterKey.read(source)
    address = parse(source)
    if pin is not None and address.pin_source is not None:
        raise InvalidArgument("the PIN of the token comes from the pkcs11: URI or from beside it, not from both")
    place = pin if pin is not None else address.pin_source
    return HsmMasterKey(address, None if place is None else read_secret(place, "PIN of the token"))
