"""The examination as a whole: service, readers, cards, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from akis.doctor import environment, hardware, peers, readers, service
from akis.doctor.finding import SEVERITIES, Finding, Program, Report, Service
from akis.doctor.machine import Machine
from akis.doctor.patience import within
from akis.doctor.versions import versions
from akis.errors import TransportError
from akis.transport.readers import Reader

_PATIENCE = 5.0
ListReaders = Callable[[], Sequence[Reader]]


def examine(
    machine: Machine | None = None,
    list_readers: ListReaders | None = None,
    connect: readers.Connect | None = None,
) -> Report:
    """Look at ``machine``, by default this one, and raise nothing for what is wrong with it.

    ``list_readers`` and ``connect`` are the ways to its PC/SC service, by default pyscard's.
    """
    machine = machine or Machine()
    installed = hardware.drivers(machine)
    (state, found), listed = _listed(machine, list_readers or _list_readers)
    looked = readers.look(listed, machine.environ, connect or _connect)
    programs = _programs(state)
    seen = tuple(one.reader for one in looked)
    findings = [*found, *readers.findings(looked, programs)]
    if state.state == "running":
        findings += hardware.findings(machine, seen, installed)
    findings += environment.findings(machine.environ, seen, state.state == "running")
    virtual = hardware.virtual_reader(machine, seen, installed)
    if virtual == "absent":
        findings.append(_NO_VIRTUAL_READER)
    return Report(
        service=state,
        readers=seen,
        usb_readers=hardware.usb_readers(machine),
        drivers=installed,
        programs=programs,
        virtual_reader=virtual,
        versions=versions(machine, installed),
        environment=environment.variables(machine.environ),
        findings=tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))),
    )


_NO_VIRTUAL_READER = Finding(
    "virtual reader",
    "note",
    "there is no virtual reader, so `akis emulate` has nowhere to put its cards",
    "install what Debian and Ubuntu call vsmartcard-vpcd, or use --reader emulator: without any reader",
)


def _listed(machine: Machine, list_readers: ListReaders) -> tuple[service.Diagnosis, Sequence[Reader]]:
    try:
        return service.running(machine), within(_PATIENCE, list_readers)
    except ImportError:
        broken = Finding(
            "service",
            "problem",
            "pyscard, which leads to the PC/SC service, cannot be loaded",
            "install it anew (pip install --force-reinstall pyscard), and on Linux the library libpcsclite1",
        )
        return service.unknown(machine, broken), ()
    except TransportError as failure:
        return service.diagnose(failure, machine), ()


def _programs(state: Service) -> tuple[Program, ...] | None:
    return None if state.socket is None else peers.programs(state.socket)


def _list_readers() -> Sequence[Reader]:
    from akis.transport.pcsc import list_readers

    return list_readers(ignore="")


def _connect(name: str) -> None:
    from akis.transport.pcsc import PcscTransport

    PcscTransport(name, leave_card=True).close()
