"""Secure messaging and device authentication: pure computation, no I/O."""

from akis.profile.model import SmRules
from akis.sm.session import CardSession, SecureSession
from akis.sm.suite import Suite

__all__ = ["CardSession", "SecureSession", "SmRules", "Suite"]
