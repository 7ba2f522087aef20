"""A trace as values for JSON: header, exchanges with every field, events, and a summary. Bytes are spaced hex."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields as fields_of
from typing import Any

from akis.profile.model import CardProfile
from akis.trace.atr_fields import atr_fields
from akis.trace.entries import Event, Exchanged, Header, Trace, Wire
from akis.trace.fields import Field, spaced
from akis.trace.follow import Follower, Step, profile_of

Table = dict[str, Any]


def header_table(header: Header) -> Table:
    """What is known of the whole session, the ATR with its fields."""
    table: Table = {item.name: getattr(header, item.name) for item in fields_of(header)}
    return {**table, "slots": list(header.slots), "atr": None if header.atr is None else _atr(header.atr)}


def entry_tables(trace: Trace) -> Iterator[Table]:
    """Exchanges and events in order; exchanges are numbered from 1."""
    follower, profile = Follower(), profile_of(trace.header)
    for entry in trace.entries():
        if isinstance(entry, Exchanged):
            yield exchange_table(follower.exchange(entry), profile)
        else:
            follower.event(entry)
            yield _event(entry)


def _event(entry: Event) -> Table:
    return {"event": entry.kind, "start": entry.start, "atr": None if entry.atr is None else _atr(entry.atr)}


def exchange_table(step: Step, profile: CardProfile) -> Table:
    """One exchange with all its fields."""
    seen, answer = step.seen, step.answer
    return {
        "number": step.number,
        "name": step.name,
        "notes": list(step.notes),
        "outcome": step.outcome,
        "start": seen.start,
        "duration": seen.duration,
        "command": _wire(seen.command, step.command_fields(profile)),
        "response": None if seen.answer is None else _wire(seen.answer, step.answer_fields(profile)),
        "sw": None if answer is None else str(answer.sw),
        "meaning": None if answer is None else answer.sw.meaning(profile.status_words),
        "tries_left": None if answer is None else answer.sw.tries_left,
        "error": None if seen.failure is None else {"kind": seen.failure.kind, "message": seen.failure.message},
    }


def field_tables(fields: list[Field]) -> list[Mapping[str, str]]:
    """Fields, each with name and bytes, and meaning and slot where there are any."""
    return [_field(field) for field in fields]


def _wire(wire: Wire, fields: list[Field]) -> Table:
    masks = [{"at": mask.start, "length": mask.length, "slot": mask.slot, "hidden": mask.hidden} for mask in wire.masks]
    return {"bytes": spaced(wire.raw, wire.masks), "masks": masks, "fields": field_tables(fields)}


def _atr(raw: bytes) -> Table:
    return {"bytes": raw.hex(" ").upper(), "fields": field_tables(atr_fields(raw))}


def _field(field: Field) -> Mapping[str, str]:
    said = (("meaning", field.meaning), ("slot", field.slot))
    return {"name": field.name, "bytes": field.text, **{name: value for name, value in said if value}}
