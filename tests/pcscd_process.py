"""The process of pcscd, with socket, configuration, driver and log in a directory of its own.

Loading this module sets ``PCSCLITE_CSOCK_NAME``, so that PC/SC programs started from here on look for that socket.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="akis-pcsc-"))
"""Holds the socket, the configuration, the driver and the log."""
SOCKET = HOME / "pcscd.comm"

atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["PCSCLITE_CSOCK_NAME"] = str(SOCKET)

_DRIVERS = Path("/usr/lib/pcsc/drivers")
_DRIVER = _DRIVERS / "serial" / "libifdvpcd.so"
_LAUNCHER = """
import ctypes, os, signal, subprocess, sys
listener, hidden, *command = sys.argv[1:]
for place in filter(None, hidden.split(":")):
    subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: not to outlive the tests
os.dup2(int(listener), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(command[0], command)
"""
"""Hands pcscd a socket that listens already, in the way of systemd: the only way to have it elsewhere than in /run."""


def missing() -> str:
    """What keeps pcscd from running here; nothing where it can."""
    if shutil.which("pcscd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        return "there is no pcscd; install what Debian calls pcscd"
    if not _DRIVER.exists():
        return "there is no virtual reader; install what Debian calls vsmartcard-vpcd"
    return ""


def log() -> str:
    """What pcscd has had to say since its last start."""
    return (HOME / "pcscd.log").read_text("utf-8", "replace")


def launch(port: int, also: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """Start pcscd with two virtual readers that wait for their cards at ``port`` and the one after it.

    ``also`` are options in addition, such as ``--apdu``.
    """
    SOCKET.unlink(missing_ok=True)
    configuration = HOME / "reader.conf.d"
    configuration.mkdir(exist_ok=True)
    driver = HOME / _DRIVER.name
    shutil.copy(_DRIVER, driver)
    (configuration / "vpcd").write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port}\nLIBPATH {driver}\nCHANNELID {port}\n'
    )
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    pcscd = shutil.which("pcscd", path=path) or "pcscd"
    options = ["--foreground", "--info", "--config", str(configuration), *also]
    if "--disable-polkit" in subprocess.run([pcscd, "--help"], capture_output=True, text=True).stdout:
        options.append("--disable-polkit")
    own_mounts = _own_mounts()
    hidden = f"/run:{_DRIVERS}" if own_mounts else ""
    with socket.socket(socket.AF_UNIX) as listener, (HOME / "pcscd.log").open("wb") as output:
        listener.bind(str(SOCKET))
        listener.listen(16)
        number = listener.fileno()
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(number), hidden, pcscd, *options]
        return subprocess.Popen(
            [*own_mounts, *launcher],
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PATH": path},
        )


def _own_mounts() -> list[str]:
    """The command in front of another that gives it mounts of its own; nothing where the system does not allow it."""
    for command in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        try:
            tried = subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/run"], capture_output=True)
        except OSError:
            return []
        if tried.returncode == 0:
            return command
    return []


def two_free_ports() -> int:
    """The first of two neighbours, beneath those that the kernel gives to clients."""
    for _ in range(100):
        first = random.randrange(20000, 32000, 2)
        try:
            with socket.create_server(("", first)), socket.create_server(("", first + 1)):
                return first
        except OSError:
            continue
    raise RuntimeError("no two free ports")
