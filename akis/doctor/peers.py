"""Who talks to a socket: the kernel names both ends of each connection, and /proc says whose they are.

Only names and numbers of programs are read, never their command lines, in which a PIN may stand.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from akis.doctor.finding import Program

# linux/sock_diag.h, linux/unix_diag.h, linux/netlink.h
_SOCK_DIAG, _BY_FAMILY = 4, 20
_REQUEST_DUMP = 0x001 | 0x300
_SHOW_NAME_AND_PEER = 0x1 | 0x4
_NAME, _PEER = 0, 2
_ERROR, _DONE = 2, 3
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_MESSAGE, _REQUEST = struct.Struct("=BBBBIII"), struct.Struct("=BBHIIIII")
_LONGEST = 1 << 16
_PATIENCE = 2.0


def programs(path: str, proc: Path = Path("/proc")) -> tuple[Program, ...] | None:
    """The programs, other than this one, with a connection to the socket ``path``; None where the system hides that."""
    try:
        ends = set(_far_ends(path))
    except (OSError, AttributeError, struct.error):  # no netlink here, or none for us
        return None
    found: dict[int, str] = {}
    seen: set[int] = set()
    for pid in _pids(proc):
        theirs = ends & set(_sockets(proc / str(pid)))
        seen |= theirs
        if theirs and pid != os.getpid():
            with suppress(OSError):
                found[pid] = (proc / str(pid) / "comm").read_text("utf-8", "replace").strip()
    hidden = (Program(),) if ends - seen else ()
    return (*(Program(pid, name) for pid, name in sorted(found.items())), *hidden)


def _far_ends(path: str) -> Iterator[int]:
    """The inodes of the sockets at the other end of each connection to ``path``."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE)
        kernel.bind((0, 0))
        request = _REQUEST.pack(socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_NAME_AND_PEER, 0, 0)
        kernel.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _REQUEST_DUMP, 1, 0) + request)
        while True:
            for kind, body in _messages(kernel.recv(_LONGEST)):
                if kind == _ERROR:
                    raise OSError("the kernel does not list its sockets")
                if kind == _DONE:
                    return
                attributes = dict(_attributes(body))
                name = attributes.get(_NAME, b"").rstrip(b"\0")
                if name == os.fsencode(path) and _PEER in attributes:
                    yield int.from_bytes(attributes[_PEER], "little" if struct.pack("=H", 1)[0] else "big")


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        yield kind, data[_HEADER.size : length]
        data = data[max(_aligned(length), _HEADER.size) :]


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = _MESSAGE.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        yield kind, body[at + _ATTRIBUTE.size : at + length]
        at += max(_aligned(length), _ATTRIBUTE.size)


def _aligned(length: int) -> int:
    return length + 3 & ~3


def _pids(proc: Path) -> Iterator[int]:
    with suppress(OSError):
        yield from (int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal())


def _sockets(process: Path) -> Iterator[int]:
    """The inodes of the sockets that a process has open, as far as this user may see."""
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError, ValueError):
                kind, _, inode = os.readlink(descriptor).partition(":[")  # noqa: PTH115  it is no path
                if kind == "socket":
                    yield int(inode.rstrip("]"))
