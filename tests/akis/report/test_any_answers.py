"""Cards that answer anything at all: errors of this library or a report that has its form, and an end to it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from akis.errors import AkisError
from akis.profile.load import load
from akis.report.as_json import as_json
from akis.report.baseline import Remembered, differences
from akis.report.gate import ALWAYS, MOST_COMMANDS
from akis.report.inspect import Inspection
from akis.report.page import page
from tests.akis.probe.test_any_answers import ANSWERS, ATRS, STRANGER, Oracle
from tests.akis.report.reported import NOON, Clock
from tests.tools.akis_process import ROOT
from tools.report_text import as_text

SCHEMA = Draft202012Validator(json.loads((ROOT / "akis/report/report-1.schema.json").read_text("utf-8")))


@settings(max_examples=150, deadline=None)
@given(atr=ATRS, answers=ANSWERS)
def test_any_answers(atr: bytes, answers: list[bytes]) -> None:
    card = Oracle(atr, answers)
    with suppress(AkisError):
        report = as_json(Inspection(card, load("akis-2"), rounds=2, clock=Clock()).run("a reader", NOON))
        SCHEMA.validate(report)
        assert "</html>" in page(report)
        assert all(line.isprintable() and len(line) <= 80 for line in "\n".join(as_text(report, 80)).split("\n"))
        assert differences(Remembered.of(report), Remembered.of(report)) == ()
    assert {(command[0], command[1]) for command in card.sent} <= {(one.cla, one.ins) for one in ALWAYS}
    assert len(card.sent) <= MOST_COMMANDS


@pytest.mark.parametrize("answer", [b"\x61\x00", b"\x61\x05", b"\x90", b""])
def test_a_card_that_never_comes_to_an_end(answer: bytes) -> None:
    card = Oracle(bytes.fromhex(STRANGER), [answer])
    with pytest.raises(AkisError):
        Inspection(card, load("akis-2"), clock=Clock()).run("a reader", NOON)
    assert len(card.sent) <= 1100
