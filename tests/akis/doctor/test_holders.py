"""Who may have the card."""

from __future__ import annotations

import pytest

from akis.doctor.finding import Program
from akis.doctor.holders import named, others
from akis.doctor.machine import Machine
from tests.another_program import AnotherProgram


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ([], ""),
        ([Program(7, "browser")], "browser (pid 7)"),
        ([Program(7, "browser"), Program()], "one of browser (pid 7), a program of another user"),
    ],
)
def test_in_words(programs: list[Program], said: str) -> None:
    assert named(programs) == said


def test_another_program(another_program: AnotherProgram) -> None:
    another_program.connect("no such reader")
    found = others()
    assert found is not None
    assert another_program.pid in [program.pid for program in found]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_a_system_that_does_not_tell(platform: str) -> None:
    assert others(Machine(platform)) is None
