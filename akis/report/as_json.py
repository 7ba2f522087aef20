"""A report as values for JSON, in the form of ``report-1.schema.json``; text, page and comparison are made from these.

Where it is to be passed on, ``redact`` leaves out whose card it is: serial numbers, holders, and the labels of
certificates, which may be names.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from akis.codec.fci import FileControl
from akis.codec.file_path import path_text
from akis.codec.historical import LifeCycle
from akis.codec.pin_flags import PinFlags
from akis.conversation.certificates import FoundCertificate
from akis.conversation.list_files import ListedFile
from akis.pkcs15.certificate import read_certificate
from akis.pkcs15.names import Name
from akis.pkcs15.qualified import qualification
from akis.report.check import VERDICTS
from akis.report.model import Report
from akis.report.times import CommandTimes

SCHEMA = 1
COMMAND = "report"
_CERTIFICATE = "certificate"


def as_json(report: Report, redact: bool = False) -> dict[str, Any]:
    """The report; None where the card does not say, or where it is left out. Times are in microseconds."""
    identity = report.identity
    return {
        "schema": SCHEMA,
        "command": COMMAND,
        "made": report.made.isoformat(timespec="seconds"),
        "reader": report.reader,
        "redacted": redact,
        "identity": {
            "atr": identity.atr.hex().upper(),
            "version": identity.version,
            "profile": identity.profile,
            "profile_guessed": identity.guessed,
            "application": identity.application,
            "life_cycle": identity.life_cycle,
            "serial": None if identity.serial is None or redact else identity.serial.hex().upper(),
            "pin_flags": None if identity.flags is None else list(identity.flags),
        },
        "counters": [asdict(counter) for counter in report.counters],
        "files": {
            "complete": report.lists_itself,
            "listed": [_file(file, report.lists_itself, redact) for file in report.files],
        },
        "certificates": {
            "found_by": report.certificates.by,
            "notes": list(report.certificates.notes),
            "listed": [_certificate(found, report, redact) for found in report.certificates.certificates],
        },
        "verdicts": {verdict: report.count(verdict) for verdict in VERDICTS},
        "checks": [
            {
                "name": done.name,
                "title": done.title,
                "clause": done.clause,
                "verdict": done.outcome.verdict,
                "observed": done.outcome.observed,
                "sent": [asdict(sent) for sent in done.sent],
            }
            for done in report.checks
        ],
        "times": [_times(one) for one in report.times],
        "commands": report.commands,
        "baseline": None,
    }


def _file(file: ListedFile, flagged: bool, redact: bool) -> dict[str, Any]:
    control = file.control or FileControl()
    access = control.access
    flags = PinFlags(control.flags).names if flagged and control.flags is not None else None
    # What follows the word is the label of a certificate, and that may be a name.
    name = _CERTIFICATE if redact and file.name.startswith(f"{_CERTIFICATE}, ") else file.name
    return {
        "path": path_text(file.path),
        "depth": len(file.path),
        "name": name or None,
        "kind": control.structure,
        "size": control.size,
        "record_length": control.record_length,
        "records": control.records,
        "read": None if access is None else access.read,
        "update": None if access is None else access.update,
        "flags": None if flags is None else list(flags),
        "life_cycle": None if control.life_cycle is None else LifeCycle.of(control.life_cycle).value,
        "refused": None if file.sw is None else str(file.sw),
    }


def _certificate(found: FoundCertificate, report: Report, redact: bool) -> dict[str, Any]:
    read = read_certificate(found.content)
    validity = read.validity
    return {
        "place": None if found.path is None else path_text(found.path),
        "label": None if redact else found.label,
        "holder": None if redact else _name(read.holder),
        "issuer": _name(read.issuer),
        "serial": None if redact else read.serial_text,
        "begins": None if validity.begins is None else validity.begins.isoformat(),
        "ends": None if validity.ends is None else validity.ends.isoformat(),
        "validity": validity.state(report.made),
        "validity_in_words": validity.in_words(report.made),
        "key": read.key,
        "signed_with": read.signed_with,
        "key_usage": None if read.extensions.key_usage is None else list(read.extensions.key_usage),
        "qualified": qualification(read).qualified,
        "problems": [found.problem] if found.problem else list(read.problems),
    }


def _name(name: Name | None) -> str | None:
    return None if name is None else name.common_name


def _times(times: CommandTimes) -> dict[str, Any]:
    return {
        "name": times.name,
        "count": len(times.durations),
        "median": times.median,
        "worst": times.worst,
        "distribution": [{"from": one.start, "to": one.end, "count": one.count} for one in times.distribution],
    }
