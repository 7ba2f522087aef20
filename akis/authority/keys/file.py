"""The master key in a file, for those who have no HSM."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from akis.authority.keys.master import KEY_LENGTHS, MasterKeyError, closed
from akis.errors import InvalidArgument, WrongType
from akis.secret import Secret
from akis.sm.mutual_auth import checked_random
from akis.sources.keys import read_private

_NEW_LENGTH = 32


class NoMasterKey(MasterKeyError, InvalidArgument):
    """The file that was named for a master key holds something else."""


class FileMasterKey:
    """A :class:`~akis.authority.keys.master.MasterKey` in the memory of this process, wiped on :meth:`close`.

    Whoever gets hold of the file or of this process has all keys of all cards.
    """

    def __init__(self, key: Secret) -> None:
        """``key`` is an AES key of 16, 24 or 32 bytes."""
        if not isinstance(key, Secret):
            raise WrongType(f"a master key is a Secret, not {type(key).__name__}")
        if len(key) not in KEY_LENGTHS:
            raise InvalidArgument(f"a master key is an AES key of 16, 24 or 32 bytes, not {len(key)}")
        self._key = key
        self._closed = False

    @classmethod
    def read(cls, source: str) -> FileMasterKey:
        """The key from a file that holds one line of hex and that nobody else can read.

        Raises :class:`PolicyRefused` where others can, :class:`InvalidArgument` where the file is not there, and
        :class:`NoMasterKey` where it holds something else, which is not shown.
        """
        text = read_private(source).strip()
        if not re.fullmatch(r"[0-9A-Fa-f]+", text) or len(text) not in [2 * length for length in KEY_LENGTHS]:
            raise NoMasterKey(f"the key file {source} holds no master key: one line of 32, 48 or 64 hex digits")
        return cls(Secret(bytes.fromhex(text)))

    def cmac(self, data: bytes) -> bytes:
        # A context of its own for each: one that is kept has state, and threads share the key.
        if self._closed:
            raise closed()
        made = CMAC(AES(self._key.reveal()))
        made.update(data)
        return made.finalize()

    def check(self) -> None:
        if self._closed:
            raise closed()

    def close(self) -> None:
        self._closed = True
        self._key.wipe()

    def __repr__(self) -> str:
        return f"FileMasterKey({8 * len(self._key)} bits)"


def new_master_key_file(path: Path, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
    """Write a new AES-256 key into a file that is not there yet, for its owner only.

    Raises :class:`InvalidArgument` where there is such a file, which is left as it is, or where it cannot be written.
    """
    key = checked_random(random, _NEW_LENGTH)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise InvalidArgument(f"{path} is there already and was left as it is; name another file") from None
    except (OSError, ValueError) as error:
        raise _cannot(path, error) from None
    try:
        with os.fdopen(file, "w", encoding="ascii") as stream:
            os.fchmod(file, 0o600)  # whatever the umask
            stream.write(key.hex().upper() + "\n")
            stream.flush()
            os.fsync(file)  # cards will be given keys of it
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise _cannot(path, error) from None


def _cannot(path: Path, error: OSError | ValueError) -> InvalidArgument:
    reason = error.strerror if isinstance(error, OSError) else "that is no name of a file"
    return InvalidArgument(f"{path} cannot be written: {reason}")
