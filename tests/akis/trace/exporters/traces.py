"""Traces for tests of exporters, by hand and at random."""

from __future__ import annotations

from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu
from akis.trace.entries import Entry, Event, Exchanged, Failure, Header, Kept, Wire

HEADER = Header(
    atr=bytes.fromhex("3B9F97"), protocol="T=1", reader="Reader 00", profile="akis-2", created="2026-03-01Z"
)

# READ BINARY and the like: nothing that is hidden, so that what is written is what is read.
commands = st.builds(
    CommandApdu,
    st.just(0x00),
    st.sampled_from((0xA4, 0xB0, 0xCB, 0x84)),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=300),
    st.none() | st.integers(1, 256),
).map(lambda command: Wire(command.to_bytes()))
answers = st.builds(
    lambda data, sw: Wire(data + sw), st.binary(max_size=300), st.sampled_from((b"\x90\x00", b"\x6a\x82"))
)
durations = st.none() | st.integers(0, 10**9)
exchanges = st.builds(lambda sent, got, took: Exchanged(sent, got, None, took), commands, answers, durations)
failures = st.builds(
    lambda sent, kind, message: Exchanged(sent, None, failure=Failure(kind, message)),
    commands,
    st.sampled_from(("CardRemoved", "TransportError")),
    st.sampled_from(("", "the card was taken away: nobody knows", "a: b")),
)
events = st.builds(
    Event, st.sampled_from(("reset", "removed", "inserted")), st.none(), st.none() | st.just(b"\x3b\x00")
)
traces = st.lists(exchanges | failures | events, max_size=12).map(lambda kept: Kept(HEADER, tuple(kept)))


def heard(entries: list[Entry]) -> list[Entry]:
    """Entries without the names of their bytes."""
    return [
        Exchanged(
            Wire(entry.command.raw),
            None if entry.answer is None else Wire(entry.answer.raw),
            entry.start,
            entry.duration,
            entry.failure,
        )
        if isinstance(entry, Exchanged)
        else entry
        for entry in entries
    ]
