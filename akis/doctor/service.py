"""Why the PC/SC service does not serve this process, and how to make it."""

from __future__ import annotations

import os
import re
import socket
import stat

from akis.doctor.finding import Finding, Service
from akis.doctor.machine import Machine
from akis.doctor.patience import Silent
from akis.errors import ServiceForbidden, TransportError

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
_SOCKET = "/run/pcscd/pcscd.comm"
_PATIENCE = 2.0
_WINDOWS_STATE = re.compile(r":\s*[1-7]\s+(STOPPED|START_PENDING|STOP_PENDING|RUNNING|PAUSED|\w+_PENDING)")
_POLKIT = (
    "allow the actions org.debian.pcsc-lite.access_pcsc and access_card to this user in /etc/polkit-1/rules.d, or sit "
    "at the machine itself: sessions from afar are let in by a rule only"
)

Diagnosis = tuple[Service, tuple[Finding, ...]]


def socket_of(machine: Machine) -> str | None:
    """Where pcsc-lite's socket is looked for; None where PC/SC is the system's own."""
    if not machine.is_linux:
        return None
    return machine.environ.get(SOCKET_VARIABLE) or _SOCKET


def running(machine: Machine) -> Diagnosis:
    """The service answers."""
    return Service("running", socket_of(machine)), ()


def unknown(machine: Machine, why: Finding) -> Diagnosis:
    """Nobody could ask it."""
    return Service("broken", socket_of(machine)), (why,)


def diagnose(failure: TransportError, machine: Machine) -> Diagnosis:
    """What is behind the failure to reach the service."""
    path = socket_of(machine)
    if isinstance(failure, ServiceForbidden):
        return _found(Service("forbidden", path), "the PC/SC service refuses this user, by a rule of polkit", _POLKIT)
    if path is not None:
        return _of_socket(path, isinstance(failure, Silent), machine)
    if isinstance(failure, Silent):
        return _found(
            Service("silent"),
            "the PC/SC service does not answer",
            "start it anew, or the machine if that does not help",
        )
    if machine.platform == "win32":
        return _of_windows(machine)
    return _found(
        Service("absent"),
        "the PC/SC service does not run",
        "plug a reader in, which starts it on macOS, and start the machine anew if that does not help",
    )


def _of_socket(path: str, silent: bool, machine: Machine) -> Diagnosis:
    start = _how_to_start(machine)
    try:
        if not stat.S_ISSOCK(machine.path(path).stat().st_mode):
            return _found(Service("broken", path), f"{path} is no socket", f"remove it, then {start}")
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_PATIENCE)
            line.connect(str(machine.path(path)))
    except PermissionError:
        return _found(
            Service("forbidden", path),
            f"this user (uid {os.geteuid()}) is not permitted to use {_culprit(path, machine)}",
            f"make the directory of {path} open to everyone (mode 755) and the socket writable (666), as systemd's "
            "pcscd.socket has them; whom to let in is left to polkit",
        )
    except FileNotFoundError:
        return _absent(path, start, machine)
    except ConnectionRefusedError:
        message = f"nobody listens at {path}: the PC/SC service has ended and left its socket behind"
        return _found(Service("absent", path), message, start)
    except (TimeoutError, BlockingIOError):
        silent = True
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name"
        return _found(Service("broken", path), f"{path} cannot be used: {why}", f"see to that, then {start}")
    if silent:
        return _found(
            Service("silent", path),
            "the PC/SC service is there and does not answer",
            "end it and start it anew (sudo systemctl restart pcscd); where it hangs again, unplug the readers one by "
            "one",
        )
    return _found(
        Service("broken", path),
        f"the PC/SC service listens at {path} and serves nobody; it may be of another version than this library",
        f"look at its log (journalctl -u pcscd), then {start}",
    )


def _absent(path: str, start: str, machine: Machine) -> Diagnosis:
    service = Service("absent", path)
    if machine.environ.get(SOCKET_VARIABLE):
        message = (
            f"the PC/SC service does not run, or elsewhere: there is no socket {path}, which {SOCKET_VARIABLE} names"
        )
        return _found(service, message, f"unset {SOCKET_VARIABLE}, or {start}")
    if machine.program("pcscd") is None:
        message = f"there is no PC/SC service: no socket {path}, and no pcscd is installed"
        return _found(service, message, "install it (Debian and Ubuntu: sudo apt install pcscd libccid)")
    return _found(service, f"the PC/SC service does not run: there is no socket {path}", start)


def _culprit(path: str, machine: Machine) -> str:
    """The socket itself, or what is in the way to it, with its mode."""
    try:
        mode = machine.path(path).stat().st_mode
    except OSError:
        return f"the directory of {path}"
    return f"the socket {path} (mode {stat.S_IMODE(mode):o})"


def _how_to_start(machine: Machine) -> str:
    if machine.exists("/run/systemd/system"):
        return "start it: sudo systemctl enable --now pcscd.socket"
    return "start it: run pcscd as root"


def _of_windows(machine: Machine) -> Diagnosis:
    said = machine.said("sc", "query", "SCardSvr")
    found = _WINDOWS_STATE.search(said)
    if found is not None and found[1] == "RUNNING":
        return _found(
            Service("broken"),
            "the service Smart Card (SCardSvr) runs and does not let this program in",
            "plug a reader in, and run this outside of a remote session, which sees the readers of its own side only",
        )
    state = "is not there" if found is None else f"is {found[1].lower().replace('_', ' ')}"
    return _found(
        Service("absent"),
        f"the service Smart Card (SCardSvr) {state}",
        "start it, as administrator: sc config SCardSvr start= auto, then sc start SCardSvr",
    )


def _found(service: Service, message: str, remedy: str) -> Diagnosis:
    return service, (Finding("service", "problem", message, remedy),)
