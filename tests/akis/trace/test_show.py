"""A trace as text: every byte can be read back, and everything that happened is said."""

from __future__ import annotations

import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.trace.entries import Event, Exchanged, Header, Kept, Trace, Wire
from akis.trace.redact import Mask
from akis.trace.redactor import Redactor
from akis.trace.show import Style, blocks
from tests.akis.trace.sessions_of_many_kinds import HOSTILE, SESSION, Repeated, exchanged, wire
from tests.akis.trace.trace_lines import wire_values


def text(trace: Trace, style: Style = "full", width: int = 80) -> str:
    return "\n".join(blocks(trace, style, width))


def rows(shown: str) -> list[str]:
    return shown.splitlines()


def bytes_shown(shown: str) -> list[tuple[str, str]]:
    """Arrow and bytes of each side of each exchange, read back from the rows of the text."""
    found: list[tuple[str, str]] = []
    open_row = False
    for row in rows(shown):
        if beginning := re.fullmatch(r"   ([→←])(?: (.*))?", row):
            found.append((beginning[1], (beginning[2] or "").replace(" ", "")))
            open_row = True
        elif open_row and re.fullmatch(r" {5}(?:[0-9A-F]{2}|\*\*)(?: (?:[0-9A-F]{2}|\*\*))*", row):
            arrow, digits = found[-1]
            found[-1] = arrow, digits + row.replace(" ", "")
        else:
            open_row = False
    return found


def expected(trace: Trace) -> list[tuple[str, str]]:
    exchanges = [entry for entry in trace.entries() if isinstance(entry, Exchanged)]
    sides = [(("→", seen.command), ("←", seen.answer)) for seen in exchanges]
    return [(arrow, side.text) for pair in sides for arrow, side in pair if side is not None]


@pytest.mark.parametrize("style", ["full", "wire"])
def test_every_byte_can_be_read_back(style: Style) -> None:
    assert bytes_shown(text(SESSION, style)) == expected(SESSION)


@given(wire_values(), wire_values(), st.sampled_from(["full", "wire"]))
def test_every_byte_of_anything_can_be_read_back(command: Wire, answer: Wire, style: Style) -> None:
    trace = Kept(Header(), (Exchanged(command, answer),))
    assert bytes_shown(text(trace, style)) == expected(trace)


@pytest.mark.parametrize("style", ["full", "wire", "brief"])
@pytest.mark.parametrize("width", [40, 50, 60, 63, 64, 80, 120])
def test_it_keeps_to_its_columns(style: Style, width: int) -> None:
    assert max(map(len, rows(text(SESSION, style, width)))) <= width


def test_in_few_columns_nothing_is_left_out() -> None:
    assert bytes_shown(text(SESSION, width=40)) == expected(SESSION)
    words = re.sub(r"\s+", " ", text(SESSION, width=40))
    assert "file control information" in words
    assert "DO'9B' 02 tries left" in words
    assert "VERIFY, failed, 2 tries left" in re.sub(r"\s+", " ", text(SESSION, "brief", 40))


def test_the_header_says_in_words_which_bytes_are_hidden() -> None:
    assert "Hidden .......: where they occur: pin" in text(SESSION)
    assert "Hidden" not in text(Kept(Header(secrets=True)))


def test_a_refused_pin_with_its_slot_its_counter_and_its_time() -> None:
    shown = rows(text(SESSION))
    at = shown.index("!   4  VERIFY                                          at 0.000900 s, took 40 µs")
    assert shown[at + 1 : at + 10] == [
        "   → 00 20 00 81 06 ** ** ** ** ** **",
        "        CLA          00                      plain",
        "        INS          20                      VERIFY",
        "        P1           00                      compare",
        "        P2           81                      PIN",
        "        Lc           06                      6 bytes of data",
        "        data         ** ** ** ** ** **       wrong-pin, hidden",
        "   ← 63 C2",
        "        SW           63 C2                   failed, 2 tries left",
    ]


def test_data_objects_are_a_tree() -> None:
    shown = text(SESSION)
    assert (
        "\n        DO'6F'                               file control information\n          DO'82'     38   " in shown
    )
    assert "          DO'9B'     02                      tries left" in shown


def test_slots_that_vary_are_named() -> None:
    assert "[challenge]" in text(SESSION)
    assert "        0+8 challenge\n" in text(SESSION, "wire")
    assert "        5+6 wrong-pin, hidden\n" in text(SESSION, "wire")


def test_chains_and_answers_in_pieces_hang_together() -> None:
    shown = text(SESSION)
    assert "PERFORM SECURITY OPERATION, link 1 of a chain" in shown
    assert "PERFORM SECURITY OPERATION, last link of a chain of 2" in shown
    assert "GET RESPONSE, goes on with the answer to 7" in shown
    assert "digital signature [signature]" in shown, "what GET RESPONSE fetches is the answer to what was asked"


def test_failures_stand_beside_their_command() -> None:
    shown = rows(text(SESSION))
    [at] = [number for number, row in enumerate(shown) if row.startswith("X  10  READ BINARY")]
    failure = shown.index("   X no answer, CardRemoved: the card was removed")
    assert at < failure < at + 10


def test_resets_and_removals_with_their_time() -> None:
    shown = text(SESSION)
    assert "---- card removed at 5.500001 s ----" in shown
    assert "---- card inserted at 6.000000 s ----" in shown
    assert "---- card reset at 6.000100 s ----\n  ATR, as before\n" in shown


def test_another_atr_after_a_reset_is_explained() -> None:
    shown = text(Kept(SESSION.header, (Event("reset", 5, bytes.fromhex("3B00")),)))
    assert "  ATR\n     3B 00\n        TS           3B                      direct convention" in shown


def test_the_header_says_who_when_and_which_card() -> None:
    shown = text(SESSION)
    assert "Recorded .....: 2026-02-03T04:05:06Z" in shown
    assert "Reader .......: Reader 00 00" in shown
    assert "AKİS 2.2.8, Infineon" in shown


@pytest.mark.parametrize(("flag", "word"), [("heuristic", "conclusions"), ("secrets", "not to be passed on")])
def test_what_to_beware_of_is_in_the_header(flag: str, word: str) -> None:
    # Lines are broken at words.
    assert word in " ".join(text(Kept(Header(**{flag: True}))).split())
    assert word not in " ".join(text(Kept(Header())).split())


def test_bytes_that_are_no_command_are_told_as_such() -> None:
    assert "bytes that are no command" in text(SESSION)
    assert "bytes that are no answer" in text(SESSION)


def test_brief_is_a_line_an_exchange_with_the_status_word() -> None:
    shown = rows(text(SESSION, "brief"))
    assert "!     4     0.000900    40 µs 00200081 63C2 VERIFY, failed, 2 tries left" in shown
    assert "      5     0.001300    40 µs 0C200081 9000 VERIFY (SM)" in shown
    assert len([row for row in shown if re.match(r".{1} +\d+ +\d+\.\d+", row)]) == 12


def test_the_end_counts_and_tells_of_a_last_line_that_was_cut() -> None:
    class Cut(Repeated):
        cut = True

    shown = text(Cut(1))
    assert "12 exchanges, 3 events in 6.199940 s;" in shown
    assert "1 refused (!)" in shown
    assert "cut off" in rows(shown)[-1]
    assert "cut off" not in text(SESSION)


@pytest.mark.parametrize("style", ["full", "wire", "brief"])
def test_nothing_in_a_trace_steers_the_terminal(style: Style) -> None:
    seen = Exchanged(Wire(b"\x00\xb0\x00\x00\x00", (Mask(0, 4, HOSTILE),)), Wire(b"\x90\x00"))
    shown = text(Kept(Header(reader=HOSTILE, title=HOSTILE, slots=(HOSTILE,)), (seen,)), style)
    assert all(letter.isprintable() for row in rows(shown) for letter in row)


def test_marks_over_tags_show_no_hidden_byte() -> None:
    answer = wire("6F13 8201 ****** 3D00 8407504B43532D3135 8A0105 9000", (4, 3, "holder"))
    shown = text(Kept(Header(), (exchanged("00A40400 07 504B43532D3135 00", answer),)))
    assert "        data         ** ** **                holder, hidden" in shown


@pytest.mark.slow
def test_memory_does_not_grow_with_the_trace() -> None:
    def peak(times: int) -> int:
        tracemalloc.start()
        for _ in blocks(Repeated(times)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # what is made once and kept
    # To hold 13500 exchanges more would take megabytes.
    assert peak(1000) < peak(100) + 500_000


def test_many_masks_and_many_fields_take_no_longer_than_they_are() -> None:
    masks = tuple(Mask(3 * at + 2, 1, "a", hidden=at % 2 == 0) for at in range(12_000))
    answer = Wire(bytes.fromhex("800100") * 12_000 + b"\x90\x00", masks)
    seen = Exchanged(Wire(bytes.fromhex("00A4000000")), answer)
    start = time.process_time()
    assert sum(1 for _ in blocks(Kept(Header(), (Redactor().again(seen),)), "full")) > 0
    assert time.process_time() - start < 3
