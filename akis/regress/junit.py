"""Outcomes as a JUnit report, as CI systems read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from akis.regress.outcome import Outcome

# What XML 1.0 has no place for (§2.2), escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report(outcomes: Sequence[Outcome]) -> str:
    """The report as text: a test case a session, what differs as a failure, what stopped it as an error."""
    suite = ElementTree.Element(
        "testsuite",
        name="akis replay",
        tests=str(len(outcomes)),
        failures=str(sum(outcome.verdict in ("differs", "slower") for outcome in outcomes)),
        errors=str(sum(outcome.verdict == "error" for outcome in outcomes)),
        skipped="0",
        time=f"{sum(outcome.now for outcome in outcomes):.6f}",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite, "testcase", classname="akis.replay", name=_clean(outcome.name), time=f"{outcome.now:.6f}"
        )
        if outcome.verdict != "passed":
            tag = "error" if outcome.verdict == "error" else "failure"
            kind = type(outcome.error).__name__ if outcome.error is not None else outcome.verdict
            problem = ElementTree.SubElement(case, tag, type=kind, message=_clean(outcome.message))
            problem.text = _clean("\n".join(map(str, outcome.deviations)) or outcome.message)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
