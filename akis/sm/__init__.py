"""Secure messaging and device authentication: pure computation, no I/O."""

from akis.profile.model import SmRules
from akis.sm.card import CardSession
from akis.sm.suite import Suite
from akis.sm.terminal import SecureSession

__all__ = ["CardSession", "SecureSession", "SmRules", "Suite"]
