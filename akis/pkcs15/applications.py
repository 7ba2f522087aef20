"""EF.DIR: the applications of the card (ISO/IEC 7816-4:2005 §8.2.1, PKCS #15 v1.1 §5.4)."""

from __future__ import annotations

from dataclasses import dataclass

from akis.codec import tlv
from akis.codec.tlv import Tlv, find
from akis.errors import CodecError
from akis.pkcs15.der import decode, objects, reading
from akis.pkcs15.path import Path, PathSchema, read_path

PKCS15_AID = bytes.fromhex("A000000063504B43532D3135")
"""RSA Laboratories' registered provider identifier, then ASCII ``PKCS-15`` (PKCS #15 v1.1 §5.4)."""
_TEMPLATE, _AID, _LABEL, _PATH, _DISCRETIONARY, _OID = 0x61, 0x4F, 0x50, 0x51, 0x73, 0x06
_SEQUENCE, _TOKEN_INFO = 0x30, 0xA0


@dataclass(frozen=True, slots=True)
class Application:
    """One application: its identifier, what it is called, and the DF it is in; None where the card does not say.

    ``object_directory`` and ``token_info`` say where EF.ODF and EF.TokenInfo are when not at 5031 and 5032.
    """

    aid: bytes
    label: str = ""
    path: Path | None = None
    object_directory: Path | None = None
    token_info: Path | None = None

    @property
    def is_pkcs15(self) -> bool:
        """Whether it is laid out as this package reads it."""
        return self.aid == PKCS15_AID

    def to_bytes(self) -> bytes:
        """One application template; the places of EF.ODF and EF.TokenInfo are not written."""
        inner = [Tlv(_AID, self.aid)]
        if self.label:
            inner.append(Tlv(_LABEL, self.label.encode()))
        if self.path is not None:
            inner.append(Tlv(_PATH, self.path.file))
        return Tlv(_TEMPLATE, inner).to_bytes()


def read_applications(raw: bytes) -> tuple[Application, ...]:
    """The templates of EF.DIR, or of one of its records; raises :class:`CodecError` where it is something else."""
    found = []
    for item in objects(raw, "EF.DIR"):
        [template] = tlv.parse(item)
        if template.tag == _AID:
            found.append(Application(template.value))
            continue
        aid = template.first(_AID)
        if template.tag != _TEMPLATE or aid is None:
            raise CodecError("EF.DIR holds something that is not an application template")
        found.append(_read(template, aid.value))
    return tuple(found)


def _read(template: Tlv, aid: bytes) -> Application:
    label, path, more = (template.first(tag) for tag in (_LABEL, _PATH, _DISCRETIONARY))
    inside = () if more is None else more.children
    # CIODDO of ISO/IEC 7816-15:2004 §8.2.2: two paths of the same layout, the second under [0] in place of its tag.
    token_info = find(inside, _TOKEN_INFO)
    return Application(
        aid,
        "" if label is None else label.value.decode("utf-8", "replace"),
        None if path is None else Path(path.value),
        _path(find(inside, _SEQUENCE)),
        _path(None if token_info is None else Tlv(_SEQUENCE, token_info.children)),
    )


def _path(found: Tlv | None) -> Path | None:
    if found is None:
        return None
    with reading("EF.DIR"):
        return read_path(decode(PathSchema, found.to_bytes(), "EF.DIR"))
