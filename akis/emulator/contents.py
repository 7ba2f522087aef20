"""The files that a personality lists, and the certificates in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from akis.codec.file_path import checked_path, path_text
from akis.errors import InvalidArgument
from akis.profile.model import check_fields

Structure = Literal["df", "transparent", "linear-fixed", "linear-variable", "cyclic"]
Access = Literal["always", "pin", "issuer", "never"]
LONGEST_RECORD, MOST_RECORDS = 0xFF, 0xFE
"""A short Lc holds 255 bytes; record numbers are 01 to FE (ISO/IEC 7816-4:2005 §7.3.2)."""
LARGEST_FILE = 0xFFFFFF
_RESERVED = (0x0000, 0x3F00, 0x3FFF, 0xFFFF)
"""No file below the MF has one of these identifiers (ISO/IEC 7816-4:2005 §5.3.1.1)."""


@dataclass(frozen=True, slots=True, repr=False)
class FileEntry:
    """One file of a card: ``path`` from the MF, the MF itself left out, and what is in it.

    A transparent file has ``content``, or the ``certificate`` of that name in the same personality, and as many bytes
    as ``size`` says, unless that is 0: those behind its content are 00. Others have ``records``, the first one first,
    of ``record_length`` bytes (of up to so many in a linear-variable file; 0 there is 255), and room for
    ``record_count`` of them, 0 being as many as there are. ``read`` and ``update`` say who may: "pin" is who has
    verified the PIN, "issuer" who has a session of the issuer's key.
    """

    path: tuple[int, ...]
    type: Structure = "transparent"
    content: bytes | None = None
    certificate: str | None = None
    size: int = 0
    records: tuple[bytes, ...] = ()
    record_length: int = 0
    record_count: int = 0
    read: Access = "always"
    update: Access = "never"

    def __post_init__(self) -> None:
        check_fields(self)
        if not checked_path(self.path) or any(fid in _RESERVED for fid in self.path):
            raise InvalidArgument("path is one to eight file identifiers below the MF, none of them reserved")
        if self.type != "transparent" and (self.content is not None or self.certificate is not None or self.size):
            raise InvalidArgument(f"content, certificate and size are for a transparent file, not for type {self.type}")
        if self.type in ("df", "transparent") and (self.records or self.record_length or self.record_count):
            raise InvalidArgument(f"records, record_length and record_count are not for a file of type {self.type}")
        if self.content is not None and self.certificate is not None:
            raise InvalidArgument("a file has content or a certificate, not both")
        if not 0 <= self.size <= LARGEST_FILE or len(self.content or b"") > LARGEST_FILE:
            raise InvalidArgument(f"size is 0 to {LARGEST_FILE}")
        if self.size and len(self.content or b"") > self.size:
            raise InvalidArgument("size is below the length of content")
        self._check_records()

    def _check_records(self) -> None:
        if not isinstance(self.records, tuple) or not all(isinstance(record, bytes) for record in self.records):
            raise InvalidArgument("records is a list of bytes as hex text")
        if not 0 <= self.record_length <= LONGEST_RECORD:
            raise InvalidArgument(f"record_length is 0 to {LONGEST_RECORD}")
        if not 0 <= self.record_count <= MOST_RECORDS or len(self.records) > MOST_RECORDS:
            raise InvalidArgument(f"record_count is 0 to {MOST_RECORDS}")
        if self.record_count and len(self.records) > self.record_count:
            raise InvalidArgument("record_count is below the number of records")
        lengths = {len(record) for record in self.records}
        if self.type == "linear-variable" and not all(1 <= length <= self.longest_record for length in lengths):
            raise InvalidArgument(f"each record is 1 to {self.longest_record} bytes")
        if self.type in ("linear-fixed", "cyclic"):
            if not self.record_length:
                raise InvalidArgument(f"record_length is missing in a file of type {self.type}")
            if lengths - {self.record_length}:
                raise InvalidArgument(f"each record is {self.record_length} bytes, as record_length says")

    @property
    def longest_record(self) -> int:
        """How many bytes a record may have."""
        return self.record_length or LONGEST_RECORD

    @property
    def room(self) -> int:
        """How many bytes of the card it takes."""
        return max(self.size, len(self.content or b"")) + sum(map(len, self.records))

    def __repr__(self) -> str:
        return f"FileEntry({path_text(self.path)}, {self.type})"


def check_room(entries: Iterable[FileEntry]) -> None:
    """Raise :class:`InvalidArgument` where these files are more than any card has room for."""
    if sum(entry.room for entry in entries) > LARGEST_FILE:
        raise InvalidArgument(f"files have {LARGEST_FILE} bytes in all at most")


@cache
def certificate_bytes(pem: str) -> bytes:
    """The DER bytes of a certificate in PEM; :class:`InvalidArgument` where it is none."""
    try:
        return x509.load_pem_x509_certificate(pem.encode("ascii")).public_bytes(Encoding.DER)
    except ValueError:
        pass
    raise InvalidArgument("not a certificate as PEM text")
