"""Why the PC/SC service does not serve: sockets made for it here, and other systems by what their programs say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from akis.doctor.finding import Finding, Service
from akis.doctor.patience import Silent
from akis.doctor.service import diagnose, running
from akis.errors import NoService, ServiceForbidden, TransportError
from tests.akis.doctor.machines import MadeUp

ABSENT = NoService("the PC/SC service does not answer")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the socket of a machine with its root at ``tmp_path`` is."""
    (tmp_path / "run/pcscd").mkdir(parents=True)
    return tmp_path / "run/pcscd/pcscd.comm"


@pytest.fixture
def listener(place: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
        made.listen()
        yield made


def found(machine: MadeUp, failure: TransportError = ABSENT) -> tuple[Service, Finding]:
    service, findings = diagnose(failure, machine)
    [finding] = findings
    assert (finding.area, finding.severity) == ("service", "problem")
    return service, finding


def linux(tmp_path: Path, **programs: str) -> MadeUp:
    return MadeUp("linux", root=tmp_path, programs=programs)


def test_it_runs(tmp_path: Path) -> None:
    assert running(linux(tmp_path)) == (Service("running", "/run/pcscd/pcscd.comm"), ())


def test_it_is_not_installed(tmp_path: Path) -> None:
    service, finding = found(linux(tmp_path))
    assert service.state == "absent"
    assert finding.message == "there is no PC/SC service: no socket /run/pcscd/pcscd.comm, and no pcscd is installed"
    assert "apt install pcscd" in finding.remedy


def test_it_does_not_run(tmp_path: Path) -> None:
    service, finding = found(linux(tmp_path, pcscd="1.9.9"))
    assert service.state == "absent"
    assert finding.remedy == "start it: run pcscd as root"
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert found(linux(tmp_path, pcscd=""))[1].remedy == "start it: sudo systemctl enable --now pcscd.socket"


def test_it_is_looked_for_elsewhere(tmp_path: Path) -> None:
    machine = MadeUp("linux", {"PCSCLITE_CSOCK_NAME": "/run/elsewhere"}, tmp_path)
    service, finding = found(machine)
    assert service == Service("absent", "/run/elsewhere")
    assert "/run/elsewhere, which PCSCLITE_CSOCK_NAME names" in finding.message
    assert finding.remedy.startswith("unset PCSCLITE_CSOCK_NAME")


def test_it_has_ended_and_left_its_socket(tmp_path: Path, place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    service, finding = found(linux(tmp_path))
    assert service.state == "absent"
    assert "has ended and left its socket behind" in finding.message


def test_there_is_a_file_in_its_place(tmp_path: Path, place: Path) -> None:
    place.write_text("")
    service, finding = found(linux(tmp_path))
    assert (service.state, finding.message) == ("broken", "/run/pcscd/pcscd.comm is no socket")


def test_it_listens_and_serves_nobody(tmp_path: Path, listener: socket.socket) -> None:
    service, finding = found(linux(tmp_path))
    assert service.state == "broken"
    assert "listens at /run/pcscd/pcscd.comm and serves nobody" in finding.message


def test_it_listens_and_says_nothing(tmp_path: Path, listener: socket.socket) -> None:
    service, finding = found(linux(tmp_path), Silent("no answer came in time"))
    assert service.state == "silent"
    assert "systemctl restart pcscd" in finding.remedy


def test_polkit_refuses_this_user(tmp_path: Path) -> None:
    """Not produced for real: pcscd of Debian 12 is built without polkit, so this is its answer alone."""
    service, finding = found(linux(tmp_path), ServiceForbidden("the PC/SC service does not let this user in"))
    assert service.state == "forbidden"
    assert "by a rule of polkit" in finding.message
    assert "org.debian.pcsc-lite.access_pcsc" in finding.remedy


class TestOtherSystems:
    """Not produced for real: these need another system than the tests run on."""

    QUERY = """
SERVICE_NAME: SCardSvr
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : {}
                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
"""

    def test_windows_whose_service_is_stopped(self) -> None:
        service, finding = found(MadeUp("win32", programs={"sc": self.QUERY.format("1  STOPPED")}))
        assert service == Service("absent", None)
        assert finding.message == "the service Smart Card (SCardSvr) is stopped"
        assert "sc start SCardSvr" in finding.remedy

    def test_windows_in_turkish(self) -> None:
        said = self.QUERY.replace("STATE", "DURUM").replace("TYPE", "TÜR").format("3  STOP_PENDING")
        assert "is stop pending" in found(MadeUp("win32", programs={"sc": said}))[1].message

    def test_windows_whose_service_runs(self) -> None:
        service, finding = found(MadeUp("win32", programs={"sc": self.QUERY.format("4  RUNNING")}))
        assert service.state == "broken"
        assert "remote session" in finding.remedy

    def test_windows_without_the_service(self) -> None:
        assert found(MadeUp("win32"))[1].message == "the service Smart Card (SCardSvr) is not there"

    def test_macos(self) -> None:
        service, finding = found(MadeUp("darwin"))
        assert service == Service("absent", None)
        assert finding.remedy.startswith("plug a reader in, which starts it on macOS")

    @pytest.mark.parametrize("platform", ["win32", "darwin"])
    def test_a_service_that_hangs(self, platform: str) -> None:
        assert found(MadeUp(platform), Silent("no answer came in time"))[0].state == "silent"
