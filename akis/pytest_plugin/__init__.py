"""The pytest plugin: recorded sessions as tests, and cards for the tests of others.

It is there wherever akis is installed, and does nothing, and imports nothing heavy, until an option, an entry of the
ini file or a fixture asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akis.pytest_plugin.recordings import Recordings
from akis.pytest_plugin.settings import Settings, in_words_of_pytest
from akis.pytest_plugin.traces import SETTINGS, TraceFile, is_ours, traces_in

if TYPE_CHECKING:
    from akis.card import Card
    from akis.emulator.card import EmulatedCard

_FIXTURES = frozenset(("akis_card", "akis_emulator", "akis_replay"))
_RECORDINGS: pytest.StashKey[Recordings] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    add = parser.getgroup("akis", "smart cards (akis)").addoption
    add(
        "--akis-traces", metavar="DIR", action="append", default=[],
        help="play each recorded session (*.jsonl) in DIR, as a test of its own",
    )  # fmt: skip
    add(
        "--akis-reader", metavar="R",
        help="where they are played: emulator: (the default) is the card that the trace names, "
        "emulator:NAME[,STATE][,INS=SW] another one, or a reader by part of its name",
    )  # fmt: skip
    add("--akis-mode", choices=("strict", "masked", "rekey"), help="how answers are compared, as by `akis replay`")
    add(
        "--akis-secret", metavar="SLOT=SOURCE", action="append", default=[],
        help="what goes into a hidden slot of a trace, such as pin=env:NAME; an emulated card has its own",
    )  # fmt: skip
    add(
        "--akis-sm-keys", metavar="FILE", action="append", default=[],
        help="device keys of recorded secure sessions, as for `akis replay`",
    )  # fmt: skip
    add("--akis-hardware", metavar="READER", help="use the card in READER where an emulated one would be used")
    add(
        "--akis-serial", metavar="HEX", action="append", default=[],
        help="serial number of a real card that tests may use; no other one is sent anything else",
    )  # fmt: skip
    add(
        "--akis-allow-pin-commands", action="store_true",
        help="let recorded sessions compare or change the PIN of a real card",
    )  # fmt: skip
    parser.addini("akis_traces", "directories of --akis-traces, for runs that name no files", type="paths", default=[])
    parser.addini("akis_reader", "as --akis-reader", default="emulator:")
    parser.addini("akis_serials", "as --akis-serial, one a line", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "akis_card(card): which emulated card the fixture akis_card is, such as 'akis-2.5,blocked'"
    )
    config.stash[SETTINGS] = Settings(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    if SETTINGS in config.stash:
        config.stash[SETTINGS].close()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[SETTINGS].check()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".jsonl" and is_ours(file_path, parent.config.stash[SETTINGS].folders):
        return TraceFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the traces that pytest has not come across on its way; first, so that ``-k`` and others see them too."""
    found = {item.path for item in items if isinstance(item.parent, TraceFile)}
    for folder in config.stash[SETTINGS].whole_folders():
        paths = list(traces_in(folder, session))
        if not paths:
            raise pytest.UsageError(f"there is no trace (*.jsonl) in {folder}")
        for path in paths:
            if path not in found:
                found.add(path)
                items.extend(session.genitems(TraceFile.from_parent(session, path=path)))


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """After a test that went well: was all used that it had of recordings?"""
    if _RECORDINGS in item.stash and (wrong := item.stash[_RECORDINGS].finish()):
        pytest.fail(wrong, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Where a test that uses our fixtures fails with an error of ours, the report ends in the test itself.

    ``--full-trace`` and ``--pdb`` show the way through the library all the same.
    """
    if call.excinfo is None or not _FIXTURES.intersection(getattr(item, "fixturenames", ())):
        return
    if not any(item.config.getoption(name, False) for name in ("fulltrace", "usepdb")):
        from akis.pytest_plugin.tracebacks import without_library

        call.excinfo = pytest.ExceptionInfo.from_exception(without_library(call.excinfo.value))


@pytest.fixture
def akis_emulator() -> Callable[..., EmulatedCard]:
    """Makes emulated cards: ``akis_emulator("akis-2.5,blocked")`` is an EmulatedCard.

    Written ``[NAME][,STATE][,extended][,INS=SW]…``; without anything it is an akis-2.2 with its PIN in force.
    """

    def make(card: str = "") -> EmulatedCard:
        from akis.emulator.wanted import wanted

        return wanted(card).card()

    return make


@pytest.fixture
def akis_card(request: pytest.FixtureRequest) -> Iterator[Card]:
    """A Card on a fresh emulated card, akis-2.2 with its PIN in force; closed after the test.

    ``@pytest.mark.akis_card("akis-2.5,new")`` makes it another one. With ``--akis-hardware READER`` tests without the
    marker get the card in that reader, if its serial number is allowed.
    """
    from akis.connect import connect
    from akis.errors import AkisError

    settings, marker, wrong = request.config.stash[SETTINGS], request.node.get_closest_marker("akis_card"), ""
    try:
        if marker is None and settings.hardware is not None:
            card, _ = settings.open_hardware(settings.hardware)
        else:
            card = connect(f"emulator:{_named_by(marker)}").card()
    except AkisError as error:
        wrong = str(error)
    if wrong:
        pytest.fail(in_words_of_pytest(wrong), pytrace=False)
    with card:
        yield card


@pytest.fixture
def akis_replay(request: pytest.FixtureRequest) -> Iterator[Recordings]:
    """Recorded sessions: ``akis_replay("x.jsonl")`` plays one to a card and fails where its answers are others.

    A second argument names the card (``"emulator:akis-2.5"``), ``mode=`` how to compare. Foreign logs will do as well.
    ``akis_replay.card("x.jsonl")`` is the other side: a Card that answers what was answered then, to the same commands
    in the same order, and fails the test where not all were sent. Relative names start from the test's file.
    """
    from akis.errors import AkisError

    settings, wrong = request.config.stash[SETTINGS], ""
    try:
        settings.admitted(settings.reader)
    except AkisError as error:
        wrong = str(error)
    if wrong:
        pytest.fail(in_words_of_pytest(wrong), pytrace=False)
    recordings = request.node.stash[_RECORDINGS] = Recordings(settings, request.path.parent)
    yield recordings
    recordings.close()


def _named_by(marker: pytest.Mark | None) -> str:
    if marker is None:
        return ""
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        pytest.fail("the marker akis_card names one emulated card, such as akis_card('akis-2.5,new')", pytrace=False)
    return str(marker.args[0])
