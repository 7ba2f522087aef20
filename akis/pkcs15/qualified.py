"""Whether a certificate is one for qualified electronic signatures, and what speaks for and against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from akis.pkcs15 import oids
from akis.pkcs15.certificate import Certificate
from akis.pkcs15.qc_statements import QcStatements

CriterionName = Literal["whole", "compliance", "signatures", "non-repudiation", "holder", "device", "policy", "turkish"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a qualified certificate has; ``says`` is what was found, as a sentence without a full stop.

    A certificate that lacks one that is ``required`` is not taken for qualified. ``source`` says where the criterion
    comes from and how sure that is; it begins with one of :data:`akis.profile.model.SOURCES`.
    """

    name: CriterionName
    holds: bool
    says: str
    required: bool
    source: str


@dataclass(frozen=True, slots=True)
class Qualification:
    """All criteria, held or not. It is what the certificate says of itself: issuer and signature are not checked."""

    criteria: tuple[Criterion, ...]

    @property
    def qualified(self) -> bool:
        """It has all that is required of a certificate for qualified signatures, whichever the country."""
        return all(item.holds for item in self.criteria if item.required)

    @property
    def turkish(self) -> bool:
        """It is qualified and has the Turkish regulator's statement: a *nitelikli elektronik sertifika* (NES)."""
        return self.qualified and any(item.holds for item in self.criteria if item.name == "turkish")

    @property
    def missing(self) -> tuple[Criterion, ...]:
        """What is required and does not hold."""
        return tuple(item for item in self.criteria if item.required and not item.holds)


def qualification(certificate: Certificate) -> Qualification:
    """What speaks for and against it."""
    extensions = certificate.extensions
    statements = extensions.statements or QcStatements()
    usage = extensions.key_usage or ()
    policies = [policy.oid for policy in extensions.policies]
    # ETSI EN 319 412-5 §4.2.3: without QcType it was issued for signatures.
    signatures = not statements.types or "signatures" in statements.types
    found = (
        _criterion(
            "whole",
            certificate.whole,
            "all of it is there",
            "it is cut off, and what it would say is not known",
            True,
            "documented: RFC 5280 §4.1",
        ),
        _criterion(
            "compliance",
            statements.compliance,
            "the issuer states that it is a qualified certificate",
            "the issuer does not state that it is a qualified certificate",
            True,
            "documented: ETSI EN 319 412-5 §4.2.1",
        ),
        _criterion(
            "signatures",
            signatures,
            "it is for signatures",
            f"it is for {', '.join(statements.types)}, not for signatures",
            True,
            "documented: ETSI EN 319 412-5 §4.2.3",
        ),
        _criterion(
            "non-repudiation",
            "non-repudiation" in usage,
            "its key is for signatures that commit",
            "its key usage lacks non-repudiation",
            True,
            "documented: ETSI EN 319 412-2 §4.3.2",
        ),
        _criterion(
            "holder",
            extensions.authority is not True,
            "its holder is not an issuer of certificates",
            "it belongs to an issuer of certificates",
            True,
            "documented: RFC 5280 §4.2.1.9",
        ),
        _criterion(
            "device",
            statements.sscd,
            "the issuer states that the key is in a qualified signature device",
            "the issuer does not state that the key is in a qualified signature device",
            False,
            "documented: ETSI EN 319 412-5 §4.2.2",
        ),
        _criterion(
            "policy",
            not oids.QUALIFIED_PERSON.isdisjoint(policies),
            "it was issued under a policy of ETSI for qualified certificates",
            "none of its policies is one of ETSI for qualified certificates",
            False,
            "documented: ETSI EN 319 411-2 §5.3",
        ),
        _criterion(
            "turkish",
            statements.turkish or oids.TURKISH_STATEMENT in policies,
            "it has the Turkish regulator's statement (Law 5070)",
            "it lacks the Turkish regulator's statement (Law 5070)",
            False,
            "open code: Turkish signature software looks for this identifier",
        ),
    )
    return Qualification(found)


def _criterion(
    name: CriterionName, holds: bool, positive: str, negative: str, required: bool, source: str
) -> Criterion:
    return Criterion(name, holds, positive if holds else negative, required, source)
