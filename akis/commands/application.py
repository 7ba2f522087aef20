"""SELECT of the DF that holds PIN and keys, in the way that the profile knows."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu
from akis.commands import files
from akis.profile.model import CardProfile


def select_application(profile: CardProfile) -> CommandApdu:
    """SELECT by its name (ISO/IEC 7816-4:2005 §7.1.1, P1 = 04), or by its path from the MF where it has none (08)."""
    if profile.application is not None:
        return files.select_name(profile.application)
    return files.select_path(profile.application_path)
