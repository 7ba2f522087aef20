"""The report that CI systems read."""

from __future__ import annotations

from xml.etree import ElementTree

from akis.errors import NoCard
from akis.regress.junit import report
from akis.regress.outcome import Deviation, Outcome
from akis.trace.compare import Difference

DIFFERENCE = Deviation(4, "VERIFY", Difference("SW", "9000 (done)", "63C2 (failed, 2 tries left)"))
OUTCOMES = [
    Outcome("good.jsonl", "passed", "masked", 7, 0.25, 0.5),
    Outcome("bad.jsonl", "differs", "masked", 4, 0.125, 0.5, (DIFFERENCE,)),
    Outcome("slow.jsonl", "slower", "strict", 4, 2.0, 0.5),
    Outcome('<&"\x00\x1b>', "error", error=NoCard("there is no card")),
]


def test_each_session_is_a_test_case() -> None:
    suite = ElementTree.fromstring(report(OUTCOMES)).find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "time")}
    assert counts == {"tests": "4", "failures": "2", "errors": "1", "time": "2.375000"}
    good, bad, slow, broken = suite.findall("testcase")
    assert list(good) == []
    assert good.get("time") == "0.250000"
    assert [child.get("type") for child in (*bad, *slow, *broken)] == ["differs", "slower", "NoCard"]
    assert bad[0].text == "exchange 4, VERIFY: SW: recorded 9000 (done), now 63C2 (failed, 2 tries left)"
    assert slow[0].get("message") == "took 2000.0 ms, recorded 500.0 ms"


def test_names_that_xml_cannot_hold() -> None:
    cases = ElementTree.fromstring(report(OUTCOMES)).findall("testsuite/testcase")
    assert cases[3].get("name") == '<&"��>'
