"""Certificates as a report: for programs as JSON, for people as one block each in 80 columns."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from akis.conversation.certificates import FoundCertificate, FoundCertificates
    from akis.pkcs15.certificate import Certificate
    from akis.pkcs15.names import Name
    from akis.pkcs15.oids import Meaning
    from akis.pkcs15.qc_statements import QcStatements

_WIDTH, _COLUMNS = 19, 80


def describe(found: FoundCertificates, now: datetime) -> dict[str, Any]:
    """Everything there is to know of the certificates at the time ``now``; None where it cannot be read."""
    return {
        "found_by": found.by,
        "notes": list(found.notes),
        "certificates": [_described(item, now) for item in found.certificates],
    }


def as_pem(found: FoundCertificates) -> str:
    """All that could be read, in the card's order."""
    return "".join(_pem(certificate.der) for _, certificate in _read(found))


def der_files(found: FoundCertificates) -> dict[str, bytes]:
    """File names and contents: ``3D00-2F10.der`` for the certificate in 3D00/2F10."""
    files: dict[str, bytes] = {}
    for number, (item, certificate) in enumerate(_read(found), 1):
        name = f"listed-{number}" if item.path is None else _place(item).replace("/", "-")
        files[f"{name}.der" if f"{name}.der" not in files else f"{name}-{number}.der"] = certificate.der
    return files


def as_text(report: Mapping[str, Any]) -> str:
    """The blocks, one below the other."""
    certificates = report["certificates"]
    blocks = ["\n".join(_block(number, item)) for number, item in enumerate(certificates, 1)]
    if not blocks:
        blocks.append("There are no certificates on this card.")
    if report["notes"] or report["written"]:
        rows = [("Note", f"{note}.") for note in report["notes"]] + [("Written", name) for name in report["written"]]
        blocks.append("\n".join(_row(*row) for row in rows))
    return "\n\n".join(blocks)


def _read(found: FoundCertificates) -> Iterator[tuple[FoundCertificate, Certificate]]:
    """Those of which there are bytes that begin like a certificate."""
    from akis.pkcs15.certificate import read_certificate

    for item in found.certificates:
        certificate = read_certificate(item.content)
        if item.content and certificate.whole:
            yield item, certificate


def _pem(der: bytes) -> str:
    lines = textwrap.wrap(base64.b64encode(der).decode("ascii"), 64)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def _place(item: FoundCertificate) -> str:
    from akis.codec.file_path import path_text

    return "in the card's list" if item.path is None else path_text(item.path)


def _described(item: FoundCertificate, now: datetime) -> dict[str, Any]:
    from akis.pkcs15.certificate import read_certificate
    from akis.pkcs15.oids import POLICIES, PURPOSES
    from akis.pkcs15.qualified import qualification

    certificate = read_certificate(item.content)
    extensions, validity = certificate.extensions, certificate.validity
    judged = qualification(certificate)
    return {
        "place": _place(item),
        "label": item.label,
        "id": item.id.hex().upper(),
        "der": certificate.der.hex().upper() if certificate.whole else None,
        "holder": _name(certificate.holder),
        "issuer": _name(certificate.issuer),
        "serial": certificate.serial_text,
        "begins": None if validity.begins is None else validity.begins.isoformat(),
        "ends": None if validity.ends is None else validity.ends.isoformat(),
        "validity": validity.state(now),
        "validity_in_words": validity.in_words(now),
        "key": certificate.key,
        "signed_with": certificate.signed_with,
        "key_usage": None if extensions.key_usage is None else list(extensions.key_usage),
        "purposes": [_meant(oid, PURPOSES) for oid in extensions.purposes],
        "policies": [
            {**_meant(policy.oid, POLICIES), "addresses": list(policy.addresses), "notices": list(policy.notices)}
            for policy in extensions.policies
        ],
        "authority": extensions.authority,
        "statements": _statements(extensions.statements),
        "other_critical_extensions": list(extensions.critical),
        "qualified": judged.qualified,
        "turkish_qualified": judged.turkish,
        "criteria": [
            {"name": one.name, "holds": one.holds, "required": one.required, "says": one.says, "source": one.source}
            for one in judged.criteria
        ],
        "problems": [item.problem] if item.problem else list(certificate.problems),
    }


def _name(name: Name | None) -> dict[str, Any] | None:
    if name is None:
        return None
    return {"name": name.common_name, "all": str(name), "attributes": [list(pair) for pair in name.attributes]}


def _meant(oid: str, table: Mapping[str, Meaning]) -> dict[str, str | None]:
    known = table.get(oid)
    return {"oid": oid, "meaning": known.text if known else None, "source": known.source if known else None}


def _statements(statements: QcStatements | None) -> dict[str, Any] | None:
    from akis.pkcs15.oids import STATEMENTS

    if statements is None:
        return None
    return {
        "stated": [_meant(oid, STATEMENTS) for oid in statements.stated],
        "types": list(statements.types),
        "limits": [str(limit) for limit in statements.limits],
        "retention_years": statements.retention_years,
        "disclosure": [{"address": address, "language": language} for address, language in statements.disclosure],
        "legislation": list(statements.legislation),
        "semantics": statements.semantics,
        "unread": list(statements.unread),
    }


def _block(number: int, item: Mapping[str, Any]) -> Iterator[str]:
    """The rows of one certificate; what it does not have has no row, what cannot be read says so."""
    label = f", {item['label']!r}" if item["label"] else ""
    yield _row(f"Certificate {number}", f"{item['place']}{label}")
    if any(item[part] is not None for part in ("holder", "issuer", "serial", "key")):
        yield _row("Holder", item["holder"]["all"] if item["holder"] else "cannot be read")
        yield _row("Issuer", item["issuer"]["all"] if item["issuer"] else "cannot be read")
        yield _row("Serial number", item["serial"] or "cannot be read")
        days = [time[:10] if time else "unknown" for time in (item["begins"], item["ends"])]
        yield _row("Validity", f"{' to '.join(days)}: {item['validity_in_words']}")
        yield _row(
            "Key", f"{item['key'] or 'cannot be read'}; certificate signed with {item['signed_with'] or 'unknown'}"
        )
        yield _row("Usage", _usage(item))
        yield from (_row("Policy", _with_meaning(policy)) for policy in item["policies"])
        yield from (_row("Notice", notice) for policy in item["policies"] for notice in policy["notices"])
        yield from (_row("States", text) for text in _stated(item["statements"]))
        yield _row("Qualified", _verdict(item))
    yield from (_row("Problem", f"{problem}.") for problem in item["problems"])


def _usage(item: Mapping[str, Any]) -> str:
    words = ["nothing is said of it"] if item["key_usage"] is None else list(item["key_usage"])
    words += [_with_meaning(purpose) for purpose in item["purposes"]]
    return ", ".join(words) or "none"


def _with_meaning(known: Mapping[str, Any]) -> str:
    """An identifier, and what it means; how sure that is where no standard says so."""
    if known["meaning"] is None:
        return f"{known['oid']} (unknown)"
    sure = "" if known["source"].startswith("documented") else f" [{known['source']}]"
    return f"{known['meaning']}{sure}"


def _stated(statements: Mapping[str, Any] | None) -> Iterator[str]:
    """What the issuer states beyond being qualified."""
    if statements is None:
        return
    for limit in statements["limits"]:
        yield f"not for transactions above {limit}"
    if statements["retention_years"] is not None:
        yield f"the issuer keeps its papers for {statements['retention_years']} years after the end"
    for place in statements["disclosure"]:
        yield f"disclosure statement at {place['address']} ({place['language']})"
    if statements["legislation"]:
        yield f"under the law of {', '.join(statements['legislation'])}"
    for oid in statements["unread"]:
        yield f"{oid}, which cannot be read"


def _verdict(item: Mapping[str, Any]) -> str:
    """Yes or no, and why; it is what the certificate says of itself."""
    if not item["qualified"]:
        wrong = [one["says"] for one in item["criteria"] if one["required"] and not one["holds"]]
        return f"no: {'; '.join(wrong)}"
    more = [one["says"] for one in item["criteria"] if not one["required"] and one["name"] != "turkish"]
    kind = "a Turkish qualified certificate (NES) [open code]" if item["turkish_qualified"] else "by its own statements"
    lacks = "" if item["turkish_qualified"] else "; it lacks the Turkish regulator's statement"
    return f"yes, {kind}; {'; '.join(more)}{lacks}"


def _row(name: str, value: str) -> str:
    """A name and a value, which goes on below itself where it is long; nothing in it moves the terminal."""
    from akis.trace.say import wrapped

    return f"{name + ' ':.<{_WIDTH}}: {wrapped(value, _COLUMNS - _WIDTH - 2, _WIDTH + 2)}"
