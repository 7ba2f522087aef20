"""A file that keeps an emulated card across processes, as durable as a card's own memory.

Two lines: what it is, and the memory::

    {"akis-state": 1, "personality": "akis-2.2", "sha256": "…"}
    {"akis-card": 1, "life_cycle": 165, "references": …}

The digest is over the personality's name, a newline and the second line. PIN and PUK stand in it as in a card's own
memory, so only its owner may read it; files only once one was written, made or deleted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from akis.emulator.card import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality, State
from akis.errors import AkisError, ProfileError, SharingViolation, TransportError

_FORMAT = "akis-state"
_VERSION = 1
_LONGEST = 0x4000000
"""Bytes of a state file: a card's files stand in it as hex text."""
_OURS_ONLY = 0o600
_SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW


class StateFile:
    """A card whose memory is in a file: :attr:`card`. Each write of it is on the disk before the card goes on.

    A missing file is made for a new card in ``state``; with one that is there, ``state`` counts for nothing. A file
    that is damaged, of another version or personality, or something else altogether is refused with
    :class:`ProfileError` and left as it is; one that is in use, here or in another process, with
    :class:`SharingViolation`. The lock is on a file beside it, ``NAME.lock``, which stays.

    A write that fails raises :class:`TransportError` out of the command that needed it, as a power cut would.
    """

    def __init__(
        self,
        path: Path | str,
        personality: Personality,
        state: State = "",
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._named = str(path)
        self._personality = personality
        self._held = ExitStack()
        try:
            # Symbolic links are followed once: what is replaced is the file, not the link to it.
            self._path = Path(path).resolve()
            self._new = self._path.with_name(f".{self._path.name}.akis-new")
            self._directory = self._hold(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            self._lock()
            memory = self._read()
            if memory is None:
                memory = Memory.new(personality, state)
                self._write(memory)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError | ValueError | RuntimeError) and not isinstance(error, AkisError):
                raise ProfileError(f"{path}: {_why(error)}") from None
            raise
        self.card = EmulatedCard(personality, memory, random, self._commit)

    def close(self) -> None:
        """Let go of the file. Closing twice does nothing; the card cannot write any more."""
        self._held.close()
        self._directory = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"StateFile({self._named!r}, {self._personality.name})"

    def _hold(self, path: Path, flags: int) -> int:
        file = os.open(path, flags | _SAFELY, _OURS_ONLY)
        self._held.callback(os.close, file)
        return file

    def _lock(self) -> None:
        """Lock a file of its own: the one with the state is replaced by each write, and a lock would go with it."""
        path = self._path.with_name(f"{self._path.name}.lock")
        self._lock_file = self._hold(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SharingViolation(f"the card in {self._named} is in use") from None
        self._check_lock()

    def _check_lock(self) -> None:
        """A lock file that somebody took away lets a second holder in, and two would give each other tries back."""
        try:
            named = os.stat(f"{self._path.name}.lock", dir_fd=self._directory)
        except FileNotFoundError:
            named = None
        if named is None or not os.path.samestat(named, os.fstat(self._lock_file)):
            raise SharingViolation(
                f"the lock of {self._named} was taken away, so another may hold its card; begin again"
            )

    def _read(self) -> Memory | None:
        """The memory in the file; None where there is no file."""
        try:
            # A pipe or a device would otherwise keep us waiting here.
            file = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | _SAFELY)
        except FileNotFoundError:
            return None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ProfileError(f"{self._named}: not a file with an emulated card")
            memory = self._parse(os.read(file, _LONGEST + 1))
            os.fchmod(file, _OURS_ONLY)
        finally:
            os.close(file)
        return memory

    def _parse(self, raw: bytes) -> Memory:
        first, newline, saved = raw.partition(b"\n")
        head = _head(first)
        if head is None or not newline or len(raw) > _LONGEST:
            raise ProfileError(f"{self._named}: not a file with an emulated card")
        version, name = head.get(_FORMAT), head.get("personality")
        if type(version) is int and version != _VERSION:
            raise ProfileError(f"{self._named}: format version {version}; this library reads {_VERSION}")
        if not isinstance(name, str) or raw != _serialized(name, saved.removesuffix(b"\n")):
            raise ProfileError(f"{self._named}: damaged")
        if name != self._personality.name:
            raise ProfileError(f"{self._named}: holds a card of {name!r}, not of {self._personality.name}")
        try:
            return Memory.restore(saved)
        except ProfileError as error:
            raise ProfileError(f"{self._named}: {error}") from None

    def _commit(self, memory: Memory) -> None:
        try:
            self._check_lock()
            self._write(memory)
        except OSError as error:
            raise TransportError(f"{self._named}: the card's memory was not written ({_why(error)})") from None

    def _write(self, memory: Memory) -> None:
        """Put a new file in the place of the old one; a crash at any moment leaves one of the two, whole."""
        raw = _serialized(self._personality.name, memory.save())
        with suppress(FileNotFoundError):
            os.unlink(self._new.name, dir_fd=self._directory)
        new = os.open(
            self._new.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, _OURS_ONLY, dir_fd=self._directory
        )
        with os.fdopen(new, "wb") as stream:
            os.fchmod(new, _OURS_ONLY)  # whatever the umask
            stream.write(raw)
            stream.flush()
            os.fsync(new)
        os.replace(self._new.name, self._path.name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        os.fsync(self._directory)


def _serialized(personality: str, saved: bytes) -> bytes:
    digest = hashlib.sha256(personality.encode() + b"\n" + saved).hexdigest()
    head = json.dumps({_FORMAT: _VERSION, "personality": personality, "sha256": digest})
    return head.encode("ascii") + b"\n" + saved + b"\n"


def _head(line: bytes) -> dict[str, Any] | None:
    """The first line of a state file, of whatever version; None where it is not one."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) and _FORMAT in head else None


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
