"""The keys of one secure session, from a file that nobody else can read."""

from __future__ import annotations

from dataclasses import fields

from akis.errors import AkisError, ProfileError
from akis.profile.load import build, read_toml
from akis.profile.model import SmRules
from akis.sm.observer import SessionKeys
from akis.sm.suite import Suite

from .sm_keys import hex_field, read_private

_FIELDS = ("suite", "enc", "mac", "ssc", "rules")


def read_session_keys(source: str) -> tuple[SessionKeys, SmRules | None]:
    """Keys, counter and, where there is a table of them, rules. Errors name file and field and never show a value."""
    return _parse(read_private(source), source)


def _parse(text: str, where: str) -> tuple[SessionKeys, SmRules | None]:
    table = read_toml(text, where)
    if any(name not in _FIELDS for name in table):
        known = ", ".join(_FIELDS)
        raise ProfileError(f"{where}: there is a field that files of session keys do not have; they have {known}")
    suites = {suite.value: suite for suite in Suite}
    name = table.get("suite")
    if not isinstance(name, str) or name not in suites:
        raise ProfileError(f"{where}: suite is {' or '.join(suites)}")
    values = [hex_field(table, field, where) for field in ("enc", "mac", "ssc")]
    try:
        return SessionKeys(suites[name], *values), _rules(table.get("rules"), where)
    except ProfileError:
        raise
    except AkisError as error:
        raise ProfileError(f"{where}: {error}") from None


def _rules(table: object, where: str) -> SmRules | None:
    if table is None:
        return None
    known = [field.name for field in fields(SmRules)]
    if not isinstance(table, dict) or any(name not in known for name in table):
        raise ProfileError(f"{where}: rules is a table of {', '.join(known)}")
    return build(SmRules, table, where, "rules.")
