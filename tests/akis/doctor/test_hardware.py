"""Drivers and readers on USB, in file systems made for it."""

from __future__ import annotations

from pathlib import Path

from akis.doctor import hardware
from akis.doctor.finding import Driver
from tests.akis.doctor.machines import MadeUp, files, seen

PLIST = "<key>CFBundleShortVersionString</key>\n\t<string>1.5.2</string>"
CCID = (Driver("ifd-ccid", "1.5.2"),)
DRIVERS = "usr__lib__pcsc__drivers"


def linux(root: Path, **environ: str) -> MadeUp:
    return MadeUp("linux", environ, root)


def plugged_in(root: Path, kind: str = "0b", taken_by: str = "") -> Path:
    """A reader on USB, which has a kernel driver where ``taken_by`` names one."""
    device = "sys/bus/usb/devices/1-2"
    for name, text in {"manufacturer": "HID Global", "product": "OMNIKEY 3x21"}.items():
        (root / device).mkdir(parents=True, exist_ok=True)
        (root / device / name).write_text(f"{text}\n")
    interface = root / f"{device}:1.0"
    interface.mkdir()
    (interface / "bInterfaceClass").write_text(f"{kind}\n")
    if taken_by:
        driver = root / "sys/bus/usb/drivers" / taken_by
        driver.mkdir(parents=True)
        (interface / "driver").symlink_to(driver)
    return root


def test_the_drivers_that_are_installed(tmp_path: Path) -> None:
    files(
        tmp_path,
        **{
            f"{DRIVERS}__ifd-ccid.bundle__Contents__Info.plist": PLIST,
            f"{DRIVERS}__odd.bundle__Contents__Linux__lib.so": "",
            f"{DRIVERS}__serial__libifdvpcd.so": "",
        },
    )
    machine = linux(tmp_path)
    assert hardware.drivers(machine) == (Driver("ifd-ccid", "1.5.2"), Driver("ifdvpcd"), Driver("odd"))
    assert hardware.virtual_reader(machine, [], hardware.drivers(machine)) == "installed"


def test_drivers_in_a_place_of_their_own(tmp_path: Path) -> None:
    files(tmp_path, **{"opt__drivers__mine.bundle__Contents__Info.plist": PLIST})
    assert hardware.drivers(linux(tmp_path, PCSCLITE_HP_DROPDIR="/opt/drivers")) == (Driver("mine", "1.5.2"),)


def test_drivers_of_macos(tmp_path: Path) -> None:
    """Not produced for real: it needs macOS."""
    place = "usr__local__libexec__SmartCardServices__drivers__ifd-ccid.bundle__Contents__Info.plist"
    machine = MadeUp("darwin", root=files(tmp_path, **{place: PLIST}))
    assert hardware.drivers(machine) == CCID
    assert hardware.virtual_reader(machine, [], CCID) is None


def test_windows_has_its_own(tmp_path: Path) -> None:
    """Not produced for real: it needs Windows."""
    assert hardware.drivers(MadeUp("win32", root=tmp_path)) == ()


def test_the_virtual_reader(tmp_path: Path) -> None:
    machine = linux(tmp_path)
    assert hardware.virtual_reader(machine, [seen("Virtual PCD 00 00")], []) == "in use"
    assert hardware.virtual_reader(machine, [seen()], CCID) == "absent"


def test_no_reader(tmp_path: Path) -> None:
    [finding] = hardware.findings(linux(tmp_path), [], CCID)
    assert (finding.severity, finding.remedy) == ("problem", "plug one in")
    [finding] = hardware.findings(linux(tmp_path), [], [])
    assert finding.remedy == "plug one in; for one on USB, install libccid first"


def test_a_reader_on_usb_that_the_service_does_not_show(tmp_path: Path) -> None:
    machine = linux(plugged_in(tmp_path))
    assert hardware.usb_readers(machine) == ("HID Global OMNIKEY 3x21",)
    [finding] = hardware.findings(machine, [], [])
    assert finding.message == (
        "the PC/SC service does not show the reader HID Global OMNIKEY 3x21; the usual driver (Debian and Ubuntu: "
        "libccid) is not installed"
    )
    assert hardware.findings(machine, [seen()], CCID) == []


def test_a_reader_that_a_driver_of_the_kernel_has_taken(tmp_path: Path) -> None:
    [finding] = hardware.findings(linux(plugged_in(tmp_path, taken_by="pn533_usb")), [seen()], CCID)
    assert finding.severity == "warning"
    assert "sudo modprobe -r pn533_usb" in finding.remedy


def test_the_driver_of_the_service_is_no_such_driver(tmp_path: Path) -> None:
    assert hardware.findings(linux(plugged_in(tmp_path, taken_by="usbfs")), [seen()], CCID) == []


def test_other_devices_are_no_readers(tmp_path: Path) -> None:
    assert hardware.usb_readers(linux(plugged_in(tmp_path, kind="03"))) == ()
