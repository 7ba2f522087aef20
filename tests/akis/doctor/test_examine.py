"""The whole examination, of machines that are not this one; those of this one are in tests/tools/test_doctor.py."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from akis.doctor import examine as room
from akis.doctor.examine import examine
from akis.doctor.finding import Report
from akis.errors import NoService, ServiceForbidden, TransportError
from akis.transport.readers import Reader
from tests.akis.doctor.machines import MadeUp, a_reader


def of(machine: MadeUp, listed: Sequence[Reader] | Exception = ()) -> Report:
    def list_readers() -> Sequence[Reader]:
        if isinstance(listed, Exception):
            raise listed
        return listed

    return examine(machine, list_readers, lambda _: None)


def linux(tmp_path: Path, **environ: str) -> MadeUp:
    said = {"pcscd": "pcsc-lite version 2.0.3.\n", "opensc-tool": "OpenSC 0.26.1 [gcc  14.2.0]\n"}
    return MadeUp("linux", environ, tmp_path, said)


def test_a_card_that_can_be_reached(tmp_path: Path) -> None:
    report = of(linux(tmp_path, AKIS_READER="0"), [a_reader()])
    assert report.usable
    assert report.service.state == "running"
    assert [finding.severity for finding in report.findings] == ["note"]
    assert report.versions["pcsc-lite"] == "2.0.3"
    assert report.versions["OpenSC"] == "0.26.1"
    assert report.environment == {"AKIS_READER": "0"}


def test_the_worst_comes_first(tmp_path: Path) -> None:
    report = of(linux(tmp_path, AKIS_READER="gemalto"), [a_reader("empty")])
    assert not report.usable
    assert [finding.severity for finding in report.findings] == ["problem", "warning", "note"]


def test_without_the_service_nothing_is_said_of_readers(tmp_path: Path) -> None:
    report = of(linux(tmp_path), NoService("the PC/SC service does not answer"))
    assert {finding.area for finding in report.findings} == {"service", "virtual reader"}


@pytest.mark.parametrize(
    ("failure", "state"),
    [(ServiceForbidden("no"), "forbidden"), (TransportError("odd"), "absent"), (ImportError("libpcsclite"), "broken")],
)
def test_what_may_go_wrong_before_a_reader_is_listed(tmp_path: Path, failure: Exception, state: str) -> None:
    """Not produced for real: polkit, which pcscd of Debian 12 is built without, and a pyscard that cannot be loaded."""
    report = of(linux(tmp_path), failure)
    assert (report.service.state, report.readers, report.usable) == (state, (), False)
    assert report.findings[0].severity == "problem"


def test_a_service_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_PATIENCE", 0.01)
    forever = threading.Event()

    def hangs() -> Sequence[Reader]:
        forever.wait()
        return []

    report = examine(MadeUp("darwin", root=tmp_path), hangs, lambda _: None)
    forever.set()
    assert report.service.state == "silent"


def test_windows(tmp_path: Path) -> None:
    """Not produced for real: it needs Windows."""
    report = of(MadeUp("win32", root=tmp_path), [a_reader()])
    assert (report.usable, report.findings, report.programs, report.virtual_reader) == (True, (), None, None)
