"""Drivers that are installed, and readers that are plugged in, whether or not the service knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from akis.doctor.finding import Driver, Finding, SeenReader
from akis.doctor.machine import Machine

_DRIVERS = ("/usr/lib/pcsc/drivers", "/usr/lib64/pcsc/drivers", "/usr/local/lib/pcsc/drivers")
_OF_MACOS = ("/usr/libexec/SmartCardServices/drivers", "/usr/local/libexec/SmartCardServices/drivers")
_DROP_VARIABLE = "PCSCLITE_HP_DROPDIR"
_VERSION = re.compile(r"CFBundleShortVersionString</key>\s*<string>([^<]{1,40})</string>")
_USB = "/sys/bus/usb/devices"
_SMART_CARD_CLASS = "0b"
"""bInterfaceClass of readers (USB-IF, Smart Card Class)."""
_VIRTUAL = "vpcd"
_VIRTUAL_READER = "Virtual PCD"

VirtualReader = Literal["in use", "installed", "absent"]


def drivers(machine: Machine) -> tuple[Driver, ...]:
    """The drivers of the PC/SC service, by name; none where the system brings its own."""
    places = _OF_MACOS if machine.platform == "darwin" else _DRIVERS if machine.is_linux else ()
    dropped = machine.environ.get(_DROP_VARIABLE)
    found = {
        driver.name: driver
        for place in (*places, *([dropped] if dropped else []))
        for driver in _drivers_in(machine.path(place))
    }
    return tuple(found[name] for name in sorted(found))


def _drivers_in(place: Path) -> Iterator[Driver]:
    for bundle in sorted(_inside(place, "*.bundle")):
        yield Driver(bundle.name.removesuffix(".bundle"), _version_of(bundle))
    for library in sorted(_inside(place / "serial", "lib*.so")):
        yield Driver(library.name.removeprefix("lib").removesuffix(".so"))


def _version_of(bundle: Path) -> str | None:
    try:
        found = _VERSION.search((bundle / "Contents" / "Info.plist").read_text("utf-8", "replace"))
    except OSError:
        return None
    return None if found is None else found[1]


def usb_readers(machine: Machine) -> tuple[str, ...]:
    """The smart card readers on USB as the kernel sees them; none where the system does not list its devices so."""
    return tuple(name for name, _ in _usb(machine))


def _usb(machine: Machine) -> Iterator[tuple[str, str]]:
    """Name, and the kernel's driver that has it, nothing for none."""
    for interface in sorted(_inside(machine.path(_USB), "*:*")):
        if _read(interface / "bInterfaceClass") != _SMART_CARD_CLASS:
            continue
        device = interface.parent / interface.name.partition(":")[0]
        named = " ".join(filter(None, (_read(device / "manufacturer"), _read(device / "product"))))
        taken = (interface / "driver").resolve().name if (interface / "driver").exists() else ""
        yield named or "a reader without a name", "" if taken == "usbfs" else taken


def findings(machine: Machine, listed: Sequence[SeenReader], installed: Sequence[Driver]) -> list[Finding]:
    """Readers that are plugged in, or none at all, and drivers that are missing; the service runs."""
    plugged = list(_usb(machine))
    found = [
        Finding(
            "drivers",
            "warning",
            f"the kernel's driver {taken} has the reader {name}, so the PC/SC service cannot use it",
            f"let go of it: sudo modprobe -r {taken}, and blacklist {taken} in /etc/modprobe.d",
        )
        for name, taken in plugged
        if taken
    ]
    if listed:
        return found
    if plugged:
        names = ", ".join(name for name, _ in plugged)
        cause = "is installed" if _has_ccid(installed) else "(Debian and Ubuntu: libccid) is not installed"
        return [
            *found,
            Finding(
                "drivers",
                "problem",
                f"the PC/SC service does not show the reader {names}; the usual driver {cause}",
                "install the driver of its maker or libccid, then plug the reader in again",
            ),
        ]
    lacking = machine.is_linux and not _has_ccid(installed)
    remedy = "plug one in; for one on USB, install libccid first" if lacking else "plug one in"
    return [*found, Finding("readers", "problem", "there is no card reader", remedy)]


def _has_ccid(installed: Sequence[Driver]) -> bool:
    return any("ccid" in driver.name and driver.version is not None for driver in installed)


def virtual_reader(machine: Machine, listed: Sequence[SeenReader], installed: Sequence[Driver]) -> VirtualReader | None:
    """Whether there is the virtual reader that `akis emulate` puts cards into; None where there cannot be one."""
    if any(reader.name.startswith(_VIRTUAL_READER) for reader in listed):
        return "in use"
    if not machine.is_linux:
        return None
    return "installed" if any(_VIRTUAL in driver.name for driver in installed) else "absent"


def _inside(place: Path, pattern: str) -> list[Path]:
    try:
        return list(place.glob(pattern))
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
