"""Captures that are cut off, damaged, or of something else."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import dpkt
import dpkt.pcapng
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from akis.codec.gsmtap import SimKind
from akis.errors import AkisError, TraceError
from akis.trace.importers import gsmtap
from akis.trace.importers.base import Imported
from tests.akis.trace.captures import ATR, NOON, SELECT, capture, ethernet, ip4, ip6, sim


def until_trouble(path: Path) -> tuple[list[bytes], str]:
    """The commands, and the error that ended the reading."""
    found: list[bytes] = []
    try:
        for entry in gsmtap.read(path):
            found.append(entry.command)
    except TraceError as error:
        return found, str(error)
    return found, ""


def test_a_packet_that_is_no_exchange(tmp_path: Path) -> None:
    path = capture(tmp_path / "c", ip4(sim(SELECT)), ip4(sim(SELECT[:-2])))
    with pytest.raises(TraceError, match="packet 2 is no command with its answer and status word"):
        list(gsmtap.read(path))


def test_a_packet_that_was_cut_short_when_it_was_captured(tmp_path: Path) -> None:
    path = capture(tmp_path / "c", ip4(sim(SELECT)), ip4(sim(SELECT))[:-1])
    with pytest.raises(TraceError, match="packet 2 was cut short"):
        list(gsmtap.read(path))


@pytest.mark.parametrize("pcapng", [False, True], ids=["pcap", "pcapng"])
def test_of_a_capture_that_was_cut_off_what_is_there_is_read(tmp_path: Path, pcapng: bool) -> None:
    raw = capture(tmp_path / "c", *[ip4(sim(SELECT))] * 3, pcapng=pcapng).read_bytes()
    one = len(raw) - len(capture(tmp_path / "c", *[ip4(sim(SELECT))] * 2, pcapng=pcapng).read_bytes())
    for missing in range(1, one):
        (tmp_path / "c").write_bytes(raw[:-missing])
        found, trouble = until_trouble(tmp_path / "c")
        assert found == [SELECT[:-2]] * 2
        assert trouble.startswith("the capture is cut off")


def test_a_capture_of_something_else(tmp_path: Path) -> None:
    path = capture(tmp_path / "c", ip4(b"nothing"))
    assert list(gsmtap.read(path)) == []
    with pytest.raises(TraceError, match="no GSMTAP packets of a card"):
        gsmtap.header(path)


def test_what_is_no_capture(tmp_path: Path) -> None:
    for raw in (b"", b"{}", b"\xd4\xc3\xb2", b"\n\r\r\n----1234"):
        assert not gsmtap.sniff(raw)
        (tmp_path / "c").write_bytes(raw)
        with pytest.raises(TraceError, match="no capture"):
            gsmtap.header(tmp_path / "c")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "a\x00b"):
        with pytest.raises(TraceError, match="cannot be read"):
            list(gsmtap.read(path))


def sample(pcapng: bool) -> bytes:
    stream = io.BytesIO()
    made = (dpkt.pcapng if pcapng else dpkt.pcap).Writer(stream, linktype=1)
    for number, packet in enumerate((ip4(sim(ATR, SimKind.ATR)), ip6(sim(SELECT)), ip4(sim(SELECT)), ip4(b"other"))):
        made.writepkt_time(ethernet(packet), NOON + number)
    return stream.getvalue()


SAMPLES = sample(False), sample(True)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_capture_raises_nothing_but_our_errors(tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["set", "delete", "insert"])):
            case "set":
                raw[at] = data.draw(st.integers(0, 255))
            case "delete":
                del raw[at : at + data.draw(st.integers(1, 40))]
            case _:
                raw[at:at] = data.draw(st.binary(max_size=40))
        raw = raw or bytearray(1)
    (tmp_path / "c").write_bytes(raw)
    for look in (
        gsmtap.header,
        lambda path: list(gsmtap.read(path)),
        lambda path: list(Imported(path, gsmtap).entries()),
    ):
        with suppress(AkisError):
            look(tmp_path / "c")
