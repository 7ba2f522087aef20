"""Where a key is inside an HSM, as an RFC 7512 URI: ``pkcs11:token=…;object=…?module-path=…&pin-source=…``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_to_bytes

from akis.errors import InvalidArgument

SCHEME = "pkcs11:"
_PATH = ("token", "serial", "manufacturer", "model", "object", "id", "type")
_QUERY = ("module-path", "pin-source", "pin-value")


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """One AES key on one token; what is None may be anything. RFC 7512 §2.3."""

    token: str | None = None
    """Label of the token."""
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    object: str | None = None
    """Label of the key."""
    id: bytes | None = None
    module_path: str | None = None
    pin_source: str | None = field(default=None, repr=False)
    """Where the PIN is, ``env:NAME``, ``fd:NUMBER`` or ``file:PATH``; never the PIN itself."""

    @property
    def token_name(self) -> str:
        """What to call the token in a sentence."""
        return f"token {self.token}" if self.token is not None else f"token with serial number {self.serial}"

    @property
    def key_name(self) -> str:
        """What to call the key in a sentence."""
        return f"key {self.object}" if self.object is not None else f"key with id {(self.id or b'').hex().upper()}"


def is_pkcs11(source: str) -> bool:
    """Whether ``source`` is meant as such a URI."""
    return source[: len(SCHEME)].lower() == SCHEME


def parse(uri: str) -> KeyAddress:
    """The address in a URI that says which token and which key; :class:`InvalidArgument` for any other.

    A PIN inside it (``pin-value``) is refused: URIs are in process lists and configuration files. No error repeats
    anything of the URI, as a PIN may be in a wrong place there.
    """
    if not is_pkcs11(uri):
        raise InvalidArgument("the address of a key in an HSM begins with pkcs11:")
    path, _, query = uri[len(SCHEME) :].partition("?")
    found = _attributes(path, ";", _PATH)
    asked = _attributes(query, "&", _QUERY)
    if "pin-value" in asked:
        raise InvalidArgument(
            "the PIN stands in the pkcs11: URI, where others may see it; name its place instead, such as"
            " pin-source=env:NAME or pin-source=file:PATH"
        )
    texts = {name: _text(value) for name, value in {**found, **asked}.items() if name != "id"}
    if texts.pop("type", "secret-key") != "secret-key":
        raise InvalidArgument("the pkcs11: URI names an object of another type; a master key is a secret-key")
    # A PIN sent to a token that merely happens to be there may be a wrong one, which counts.
    if not (texts.get("token") or texts.get("serial")):
        raise InvalidArgument("the pkcs11: URI does not say which token, by token= or serial=")
    if not (texts.get("object") or found.get("id")):
        raise InvalidArgument("the pkcs11: URI does not say which key, by object= or id=")
    return KeyAddress(
        token=texts.get("token"),
        serial=texts.get("serial"),
        manufacturer=texts.get("manufacturer"),
        model=texts.get("model"),
        object=texts.get("object"),
        id=unquote_to_bytes(found["id"]) if "id" in found else None,
        module_path=texts.get("module-path"),
        pin_source=texts.get("pin-source"),
    )


def _attributes(text: str, between: str, known: tuple[str, ...]) -> Mapping[str, str]:
    """The attributes of one part of the URI, still encoded."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(between)):
        name, equals, value = part.partition("=")
        if not equals or name not in known:
            raise InvalidArgument(
                f"the pkcs11: URI has something in it that is not known here; there are {', '.join(known)}"
            )
        if name in found:
            raise InvalidArgument(f"the pkcs11: URI has {name} twice")
        found[name] = value
    return found


def _text(value: str) -> str:
    try:
        text = unquote(value, errors="strict")
    except UnicodeDecodeError:
        text = "\0"
    if not text.isprintable():
        raise InvalidArgument("the pkcs11: URI has a value that is not text")
    return text
