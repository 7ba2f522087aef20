"""A card compared with an earlier report of it: what is otherwise, in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from akis.errors import InvalidArgument
from akis.report.as_json import as_json
from akis.report.baseline import Remembered, differences, read_baseline, with_baseline
from tests.akis.report.reported import Clock, Deviation, inspected, no_counter, slow


def report(card: str = "akis-2.2", *deviations: Deviation, redact: bool = False, clock: Clock | None = None) -> Any:
    return as_json(inspected(card, *deviations, clock=clock)[0], redact)


def between(before: Any, now: Any) -> tuple[str, ...]:
    return differences(Remembered.of(before), Remembered.of(now))


def test_the_same_card_again() -> None:
    assert between(report(), report()) == ()
    assert between(report("akis-1.0,last-try"), report("akis-1.0,last-try")) == ()


def test_a_try_that_was_spent() -> None:
    assert between(report(), report("akis-2.2,last-try")) == ("the PIN has 1 try left, and had 3 tries",)


def test_another_card() -> None:
    found = between(report(), report("akis-2.5"))
    assert "the serial number is 414B49530205000000000001, and was 414B49530202000000000001" in found
    assert "the version is AKİS 2.5.2, NXP, and was AKİS 2.2.8, Infineon" in found
    assert any(text.startswith("the certificate 3D00/2F10: serial ") for text in found)


def test_another_card_of_the_same_kind_where_nobody_may_know_whose_it_is() -> None:
    now = report()
    now["identity"]["serial"] = "00" * 12
    now["certificates"]["listed"][0]["holder"] = "Somebody else"
    assert len(between(report(), now)) == 2
    assert between(report(redact=True), now) == ()
    assert between(now, report(redact=True)) == ()


def test_a_counter_that_is_not_reported_any_more() -> None:
    assert between(report(), report("akis-2.2", no_counter)) == (
        "the PIN has an unknown number of tries left, and had 3 tries",
        'the verdict on "The counter of the PIN is reported" is fail, and was pass',
    )


def test_a_command_that_has_become_slow() -> None:
    quick, dull = Clock(), Clock()
    before = report("akis-2.2", slow(quick, milliseconds=20), clock=quick)
    now = report("akis-2.2", slow(dull, milliseconds=60), clock=dull)
    assert between(before, now) == ("READ BINARY, 36 bytes takes 60 ms at the median, and took 20 ms",)
    assert between(now, before) == ("READ BINARY, 36 bytes takes 20 ms at the median, and took 60 ms",)
    dull = Clock()
    assert between(before, report("akis-2.2", slow(dull, milliseconds=39), clock=dull)) == ()


def test_files_that_are_new_gone_or_otherwise() -> None:
    before, now = report(), report()
    files = {file["path"]: file for file in now["files"]["listed"]}
    files["3D00/5031"]["size"] = 40
    files["3D00/5032"]["path"] = "3D00/5033"
    assert between(before, now) == (
        "the file 3D00/5032 is gone",
        "the file 3D00/5031: size 40, was 36",
        "the file 3D00/5033 is new",
    )


def test_access_rules() -> None:
    now = report()
    now["files"]["listed"][1].update(read="always", update="PIN")
    assert between(report(), now) == ("the file 2F00: read always, was not said; update PIN, was not said",)


def test_what_only_one_of_them_has_is_no_difference() -> None:
    before, now = report(), report()
    del before["checks"][3], before["times"][0]
    assert between(before, now) == between(now, before) == ()


def test_the_report_says_what_it_was_compared_with() -> None:
    before = report()
    now = with_baseline(report("akis-2.2,blocked"), Remembered.of(before))
    assert now["baseline"] == {
        "made": before["made"],
        "differences": ["the PIN has 0 tries left, and had 3 tries"],
    }


def test_a_baseline_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text(json.dumps(report()), encoding="utf-8")
    assert read_baseline(path) == Remembered.of(report())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is no report"),
        ("{}", "it is no report"),
        ('{"schema": 1, "command": "doctor"}', "it is no report"),
        ('{"schema": 2, "command": "report"}', "it is no report"),
        ("\udcff", "it is not JSON"),
    ],
)
def test_a_file_that_is_no_report(content: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidArgument, match=f"before.json cannot be used: {why}"):
        read_baseline(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"cannot be read: No such file or directory"):
        read_baseline(tmp_path / "none.json")


@pytest.mark.parametrize("part", ["identity", "counters", "files", "certificates", "checks", "times", "made"])
@pytest.mark.parametrize("wrong", [None, 7, "text", [7], {"listed": 7}])
def test_a_damaged_report(part: str, wrong: object) -> None:
    damaged = {**report(), part: wrong}
    if part == "made" and wrong == "text":
        return
    with pytest.raises(InvalidArgument, match="it is no report of this version"):
        Remembered.of(damaged)
