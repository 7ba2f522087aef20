"""The page: whole in itself, nothing in it acts, every part of the report is in it, and no more than the report."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from akis.report import charts
from akis.report.as_json import as_json
from akis.report.baseline import Remembered, with_baseline
from akis.report.page import page
from tests.akis.report.reported import CARDS, inspected, no_counter

VOID = {"meta", "rect", "line", "circle"}
HOSTILE = '</style></td><script>alert("x")</script>\x1b[31m'


class Page(HTMLParser):
    """The elements of a page and all its text; every element that is opened is closed."""

    def __init__(self, report: Any) -> None:
        super().__init__()
        self.source = page(report)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def count(self, tag: str, name: str) -> int:
        return sum(found == tag and name in (attrs.get("class") or "").split() for found, attrs in self.elements)


def report(card: str = "akis-2.2", redact: bool = False) -> Any:
    return as_json(inspected(card)[0], redact)


@pytest.mark.parametrize("card", CARDS)
def test_it_is_whole_in_itself(card: str) -> None:
    found = Page(report(card))
    assert not {tag for tag, _ in found.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not [attrs for _, attrs in found.elements if {"src", "href", "onclick"} & set(attrs)]
    assert "http:" not in found.source.replace("http-equiv", "")
    assert "url(" not in found.source
    policy = next(attrs["content"] for tag, attrs in found.elements if attrs.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"


def test_light_and_dark_and_narrow() -> None:
    source = page(report())
    assert "prefers-color-scheme: dark" in source
    assert '<meta name="color-scheme" content="light dark">' in source
    assert '<meta name="viewport" content="width=device-width' in source
    used = set(re.findall(r"var\(--(\w+)\)", source)) - {"own"}
    light, dark = re.findall(r":root \{(.*?)\}", source, re.DOTALL)
    assert used == set(re.findall(r"--(\w+):", light)) == set(re.findall(r"--(\w+):", dark))


def test_every_part_of_the_report_is_in_it() -> None:
    values = report("akis-2.5,last-try")
    found = Page(values)
    for text in (
        values["reader"],
        values["identity"]["atr"],
        values["identity"]["serial"],
        *(check[part] for check in values["checks"] for part in ("title", "clause", "verdict")),
        *(sent["command"] for check in values["checks"] for sent in check["sent"]),
        *(one["name"] for one in values["times"]),
        *(file["path"].rpartition("/")[2] for file in values["files"]["listed"]),
        *(one[part] for one in values["certificates"]["listed"] for part in ("holder", "serial", "validity_in_words")),
        "1 of 3",
    ):
        assert text in found.text, text
    assert found.count("svg", "distribution") == len(values["times"])
    assert found.count("svg", "validity") == 2
    assert (found.count("circle", "left"), found.count("circle", "spent")) == (4, 2)


def test_what_is_wrong_and_what_has_changed_comes_first() -> None:
    now = as_json(inspected("akis-2.2", no_counter)[0])
    text = Page(with_baseline(now, Remembered.of(report()))).text
    assert text.index("What is wrong") < text.index("The counter of the PIN is not reported") < text.index("Identity")
    assert text.index("Changed since 2026-03-04 12:00:00 UTC") < text.index(
        "The PIN has an unknown number of tries left"
    )
    assert "No check failed." in Page(report()).text
    assert "Nothing is otherwise" in Page(with_baseline(report(), Remembered.of(report()))).text


def test_a_redacted_report_says_not_whose_card_it_is() -> None:
    whole, redacted = report(), Page(report(redact=True))
    hidden = [whole["identity"]["serial"]]
    hidden += [one[part] for one in whole["certificates"]["listed"] for part in ("holder", "serial", "label")]
    assert all(text not in redacted.source for text in hidden)
    assert redacted.text.count("left out") == 1 + 2 * 2


def test_text_of_others_does_nothing() -> None:
    values = report()
    values["reader"] = values["identity"]["version"] = values["identity"]["life_cycle"] = HOSTILE
    values["files"]["listed"][0]["name"] = values["certificates"]["listed"][0]["label"] = HOSTILE
    values["certificates"]["listed"][0]["validity_in_words"] = values["times"][0]["name"] = HOSTILE
    values["checks"][0]["observed"] = values["certificates"]["notes"] = [HOSTILE]
    values["checks"][0]["observed"] = HOSTILE
    found = Page(values)
    assert "script" not in {tag for tag, _ in found.elements}
    assert "\x1b" not in found.source
    assert found.text.count('alert("x")') >= 7


def test_a_card_of_which_little_is_known() -> None:
    values = report("blank")
    values.update(times=[], counters=[])
    values["files"]["listed"] = []
    text = Page(values).text
    assert "No command could be timed." in text
    assert text.count("None was found.") == 2


def test_the_time_axis() -> None:
    axis = charts.LogAxis.of([{"distribution": [{"from": 0, "to": 1, "count": 1}]}])
    assert axis.ticks == [1, 10]
    axis = charts.LogAxis.of([{"distribution": [{"from": 200, "to": 250}, {"from": 25_000, "to": 30_000}]}])
    assert axis.ticks == [100, 1000, 10_000, 100_000]
    assert [axis.at(time) for time in (0, 100, 1000, 100_000)] == [0, 0, pytest.approx(100 / 3), 100]


def test_a_certificate_that_has_ended() -> None:
    drawn = charts.validity(
        datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC), "expired"
    )
    assert 'class="outside" x="1.00"' in drawn
    assert 'class="now" x1="99.00"' in drawn
