"""The page: whole in itself, nothing in it acts, and everything of the trace is in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from akis.errors import TraceError
from akis.trace.entries import Entry, Event, Exchanged, Failure, Header, Kept, Trace, Wire
from akis.trace.html import pages
from akis.trace.redact import Mask
from tests.akis.trace.sessions_of_many_kinds import HOSTILE, SESSION, Repeated, exchanged

VOID = {"meta", "input", "link", "br", "img"}


class Page(HTMLParser):
    """The elements of a page, and the text inside each kind of them."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.source = "".join(pages(trace))
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "elements are nested"

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data

    def of(self, kind: str) -> list[tuple[str, dict[str, str | None]]]:
        """The elements of this class."""
        return [(tag, names) for tag, names in self.elements if kind in (names.get("class") or "").split()]


def test_it_is_well_formed() -> None:
    page = Page(SESSION)
    assert page.open == []
    assert page.source.startswith("<!DOCTYPE html>")
    assert page.source.rstrip().endswith("</html>")


def test_every_byte_is_in_it() -> None:
    sides = [side for seen in SESSION.kept if isinstance(seen, Exchanged) for side in (seen.command, seen.answer)]
    shown = [text.replace(" ", "") for text in Page(SESSION).texts["pre"]]
    assert [text for text in shown if text != SESSION.header.atr.hex().upper()] == [  # type: ignore[union-attr]
        side.text for side in sides if side is not None
    ]


def test_every_exchange_unfolds_without_a_script() -> None:
    page = Page(SESSION)
    # One for each exchange, for the ATR of the header and for that of the reset.
    assert page.source.count("<details>") == page.source.count("<summary>") == 12 + 2


def test_it_loads_nothing_and_may_not() -> None:
    page = Page(SESSION)
    assert {tag for tag, _ in page.elements}.isdisjoint({"link", "img", "iframe", "object", "base", "a"})
    assert all(names.keys().isdisjoint({"src", "href", "action", "srcset"}) for _, names in page.elements)
    assert not re.search(r"url\(|@import|https?:", page.source)
    [policy] = [names["content"] for _, names in page.elements if names.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_only_its_own_script_may_run() -> None:
    page = Page(SESSION)
    [script] = page.texts["script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page.source
    assert not any(name.startswith("on") for _, names in page.elements for name in names)


def test_nothing_of_a_trace_becomes_markup() -> None:
    seen = Exchanged(
        Wire(bytes.fromhex("00A4040004") + b"<b>x", (Mask(5, 1, HOSTILE, hidden=False),)),
        None,
        failure=Failure(HOSTILE, HOSTILE),
    )
    header = Header(b"<i>", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, False, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    trace = Kept(replace(header, slots=(HOSTILE,)), (seen, Event("reset", None, b"<u>")))
    page = Page(trace)
    assert len(page.texts["script"]) == 1
    assert {"b", "i", "u"} & {tag for tag, _ in page.elements} <= {"b"}
    assert "<script>alert" not in page.source
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source


def test_what_went_wrong_has_a_word_and_a_sign_besides_its_colour() -> None:
    page = Page(SESSION)
    entries = [names["class"] for tag, names in page.elements if tag == "li"]
    assert entries.count("refused") == 1
    assert entries.count("warning") == 1
    assert entries.count("failed") == 2
    assert entries.count("event") == 3
    signs = [(names["aria-label"], names["role"]) for _, names in page.of("sign") if "aria-label" in names]
    assert ("refused", "img") in signs
    assert "no answer, CardRemoved: the card was removed" in page.source
    assert "card removed at 5.500001 s" in page.source


def test_the_time_axis_is_to_scale() -> None:
    read = "left:40.322%;width:48.387%"  # 2.5 s to 5.5 s of 6.20004 s
    assert read in Page(SESSION).source
    assert "no time axis" not in Page(SESSION).source


@pytest.mark.parametrize("entries", [(), (exchanged("00B0000000", "9000"),), (exchanged("00B0000000", "9000", 0, 0),)])
def test_without_times_there_is_no_axis(entries: tuple[Entry, ...]) -> None:
    assert "no time axis" in Page(Kept(Header(), entries)).source


def test_only_slots_that_occur_are_named() -> None:
    slots = replace(SESSION.header, slots=("pin", "puk", "wrong-pin"))
    assert "<dt>Hidden</dt><dd>wrong-pin</dd>" in Page(Kept(slots, SESSION.kept)).source
    assert "<dt>Hidden</dt>" not in Page(Kept(slots, SESSION.kept[:3])).source


def test_the_legend_is_there_where_something_happened() -> None:
    assert "resets and removals" in Page(SESSION).source
    assert "resets and removals" not in Page(Kept(SESSION.header, SESSION.kept[:3])).source


def test_it_has_the_session_time_of_the_other_views() -> None:
    source = Page(SESSION).source
    assert "<span><b>6.199940 s</b></span>" in source
    assert "3 events in 6.199940 s" in source


def test_both_schemes_and_narrow_screens_are_thought_of() -> None:
    source = Page(SESSION).source
    assert "prefers-color-scheme: dark" in source
    assert "max-width: 40rem" in source
    assert 'name="viewport"' in source


def test_masked_bytes_carry_their_slot_and_do_not_show() -> None:
    source = Page(SESSION).source
    assert "** ** ** ** ** **" in source
    assert "wrong-pin, hidden" in source
    assert "[challenge]" in source


def test_the_page_comes_in_pieces() -> None:
    sizes = [len(piece) for piece in pages(Repeated(50))]
    assert len(sizes) > 50 * 15
    assert max(sizes) < 20_000


def test_a_damaged_trace_is_an_error() -> None:
    class Damaged(Repeated):
        def entries(self) -> Iterator[Entry]:
            yield from SESSION.kept
            raise TraceError("damaged", 17)

    with pytest.raises(TraceError, match="line 17"):
        "".join(pages(Damaged(1)))


def test_a_cut_trace_says_so() -> None:
    class Cut(Repeated):
        cut = True

    assert "is cut off in the middle" in Page(Cut(1)).source
