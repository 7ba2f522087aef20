"""What is said of readers and their cards, by what PC/SC says of them."""

from __future__ import annotations

import threading

import pytest

from akis.doctor import readers
from akis.doctor.finding import Finding, Program
from akis.doctor.patience import Silent, within
from akis.errors import CardMute, NoCard, ServiceForbidden, SharingViolation, TransportError
from akis.transport.readers import Reader
from tests.akis.doctor.machines import ATR, OMNIKEY, a_reader

PROGRAMS = [Program(4711, "scdaemon"), Program(4712, "firefox")]


def failing(failure: Exception) -> readers.Connect:
    def connect(_: str) -> None:
        raise failure

    return connect


def look(*listed: Reader, connect: readers.Connect = lambda _: None, ignore: str = "") -> list[readers.Looked]:
    return readers.look(listed, {"AKIS_IGNORE_READERS": ignore}, connect)


def only(found: list[Finding]) -> Finding:
    [finding] = found
    return finding


def test_a_card_that_can_be_reached() -> None:
    [one] = look(a_reader())
    assert (one.reader.card, one.reader.reachable, one.failure) == ("AKİS 2.2.8, Infineon", True, None)
    assert readers.findings([one], []) == []


def test_a_card_of_another_kind_is_worth_a_note() -> None:
    finding = only(readers.findings(look(a_reader(atr=bytes.fromhex("3B80800101"))), []))
    assert (finding.severity, finding.remedy) == ("note", "ask it what it is, at no risk: akis probe")


def test_an_answer_to_reset_that_is_none() -> None:
    [one] = look(a_reader(atr=b"\x55"))
    assert one.reader.card is None


def test_no_card_anywhere() -> None:
    finding = only(readers.findings(look(a_reader("empty"), a_reader("empty", index=1)), []))
    assert (finding.severity, finding.message) == ("problem", "there is no card in any of the 2 readers")


def test_a_card_that_is_taken_out_meanwhile() -> None:
    [one] = look(a_reader(), connect=failing(NoCard("there is no card")))
    assert one.reader.reachable is None


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (CardMute("mute"), f"the card in {OMNIKEY} does not answer"),
        (
            SharingViolation("held"),
            f"another program has the card in {OMNIKEY} for itself: one of scdaemon (pid 4711), ",
        ),
        (Silent("busy"), f"another program keeps the card in {OMNIKEY} busy with a transaction: one of scdaemon"),
        (ServiceForbidden("no"), f"polkit does not let this user use the card in {OMNIKEY}"),
        (TransportError("PC/SC failed; try again"), "PC/SC failed"),
    ],
)
def test_a_card_out_of_reach(failure: TransportError, message: str) -> None:
    """That of polkit is not produced for real: pcscd of Debian 12 is built without it."""
    looked = look(a_reader(), connect=failing(failure))
    finding = only(readers.findings(looked, PROGRAMS))
    assert (finding.severity, looked[0].reader.reachable) == ("problem", False)
    assert finding.message.startswith(message)


def test_one_that_a_program_has_for_itself_is_not_tried() -> None:
    def never(_: str) -> None:
        raise AssertionError

    [one] = look(a_reader("card, in use exclusively"), connect=never)
    assert isinstance(one.failure, SharingViolation)


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        (None, "this system does not say which"),
        ([], "which one does not show"),
        ([Program(1, "x")], "x (pid 1)"),
        ([Program()], "a program of another user"),
    ],
)
def test_who_it_is(programs: list[Program] | None, said: str) -> None:
    finding = only(readers.findings(look(a_reader("card, in use exclusively")), programs))
    assert finding.message.endswith(f": {said}")


def test_it_is_a_warning_where_another_card_can_be_reached() -> None:
    looked = look(a_reader("card, in use exclusively"), a_reader(name="second", index=1))
    assert only(readers.findings(looked, [])).severity == "warning"


def test_readers_that_are_left_alone_have_no_number() -> None:
    looked = look(a_reader(), a_reader(name="second", index=1), ignore="omnikey")
    assert [one.reader.index for one in looked] == [None, 0]
    assert only(readers.findings(looked, [])).message == f"AKIS_IGNORE_READERS leaves out {OMNIKEY}"


def test_all_readers_are_left_alone() -> None:
    found = readers.findings(look(a_reader(), ignore="omni"), [])
    assert [(finding.area, finding.severity) for finding in found] == [("readers", "note"), ("environment", "problem")]


def test_a_reader_that_is_not_available() -> None:
    looked = look(a_reader("unavailable", None), a_reader(name="second", index=1))
    assert only(readers.findings(looked, [])).remedy == "unplug it, then plug it in again"


class TestPatience:
    def test_has_an_end(self) -> None:
        forever = threading.Event()
        with pytest.raises(Silent):
            within(0.01, forever.wait)
        forever.set()

    def test_what_comes_in_time(self) -> None:
        assert within(5, lambda: ATR) == ATR
        with pytest.raises(NoCard):
            within(5, lambda: failing(NoCard("none"))(""))
