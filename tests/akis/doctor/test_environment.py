"""The environment: what is shown of it, what is not, and what stands in the way."""

from __future__ import annotations

from akis.doctor import environment
from akis.doctor.finding import Finding
from tests.akis.doctor.machines import OMNIKEY, seen


def found(running: bool = True, **environ: str) -> list[Finding]:
    return environment.findings(environ, [seen(), seen("left alone", index=None)], running)


def test_a_variable_that_may_hold_a_secret_shows_its_name_alone() -> None:
    assert environment.variables({"AKIS_PIN": "123456", "AKIS_READER": "omnikey", "HOME": "/x", "PCSCLITE_X": "1"}) == {
        "AKIS_PIN": None,
        "AKIS_READER": "omnikey",
        "PCSCLITE_X": None,
    }


def test_a_long_value_does_not_fill_the_screen() -> None:
    assert len(environment.variables({"AKIS_READER": "x" * 1000})["AKIS_READER"] or "") == 200


def test_a_reader_that_there_is() -> None:
    assert found(AKIS_READER="omni") == found(AKIS_READER="0") == found() == []


def test_a_reader_that_there_is_not() -> None:
    [finding] = found(AKIS_READER="gemalto")
    assert finding.severity == "warning"
    assert finding.message == f"AKIS_READER names the reader: there is no reader 'gemalto'; there are 0 ({OMNIKEY})"
    assert found(AKIS_READER="left alone") != []
    assert found(running=False, AKIS_READER="gemalto") == []


def test_a_card_that_is_emulated() -> None:
    [finding] = found(AKIS_READER="emulator:akis-2.5")
    assert (finding.severity, finding.message) == (
        "note",
        "AKIS_READER names emulator:akis-2.5, so akis uses no reader by itself",
    )


def test_a_library_in_between() -> None:
    [finding] = found(LIBPCSCLITE_DELEGATE="/usr/lib/libpcscspy.so")
    assert "may write PINs down" in finding.remedy
