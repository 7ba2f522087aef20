"""Which versions of what there are here."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata

import akis
from akis.doctor.finding import Driver
from akis.doctor.machine import Machine

_PACKAGES = ("pyscard", "cryptography", "construct")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")


def versions(machine: Machine, drivers: Sequence[Driver]) -> Mapping[str, str | None]:
    """By name; None for what is not there or does not say."""
    ccid = next((driver.version for driver in drivers if driver.name == "ifd-ccid"), None)
    return {
        "akis": akis.__version__,
        "Python": platform.python_version(),
        **{name: _package(name) for name in _PACKAGES},
        "pcsc-lite": _first_number(machine.said("pcscd", "--version")),
        "CCID driver": ccid,
        "OpenSC": _first_number(machine.said("opensc-tool", "--info")),
        "system": _system(machine),
    }


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _first_number(text: str) -> str | None:
    found = _NUMBER.search(text)
    return None if found is None else found[0]


def _system(machine: Machine) -> str:
    """The system's name for itself, and its kernel; not the name of the machine, which is nobody's business."""
    kernel = f"{platform.system()} {platform.release()}, {platform.machine()}"
    named = re.search(r'(?m)^PRETTY_NAME="?([^"\n]{1,80})', machine.text("/etc/os-release"))
    return kernel if named is None else f"{named[1]}, {kernel}"
