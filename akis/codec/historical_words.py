"""Historical bytes in words (ISO/IEC 7816-4:2005 §8.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from akis.codec.historical import (
    CAPABILITIES,
    COMPACT_TLV,
    DIR_REFERENCE,
    SERVICE_DATA,
    STATUS_FOLLOWS,
    STATUS_INDICATOR,
    CardCapabilities,
    CardServiceData,
    HistoricalBytes,
    StatusIndicator,
)

Explained = tuple[str, int, str]
"""Name, length in bytes, meaning."""

# §8.1.1.2: tag n stands for the interindustry tag 4n.
_OBJECTS = {
    0x1: "country code",
    0x2: "issuer identification number",
    SERVICE_DATA: "card service data",
    0x4: "initial access data",
    0x5: "card issuer's data",
    0x6: "pre-issuing data",
    CAPABILITIES: "card capabilities",
    STATUS_INDICATOR: "status indicator",
    0xF: "application identifier",
}
_SELECTION = {
    "df_by_full_name": "full DF name",
    "df_by_partial_name": "partial DF name",
    "df_by_path": "path",
    "df_by_file_identifier": "file identifier",
    "df_implicitly": "implicit selection",
}
_STATUS_LENGTH = 3


def explain_historical(found: HistoricalBytes) -> Iterator[Explained]:
    """The fields of historical bytes, in order, together all of them; nothing where there are none."""
    raw = found.raw
    if not raw:
        return
    if found.category == COMPACT_TLV and _adds_up(found, 1):
        yield "category", 1, "COMPACT-TLV objects follow"
        yield from _objects(found)
    elif found.category == STATUS_FOLLOWS and _adds_up(found, 1 + _STATUS_LENGTH):
        yield "category", 1, "COMPACT-TLV objects follow, then a status indicator"
        yield from _objects(found)
        yield "status", _STATUS_LENGTH, _status(found.status)
    elif found.category == DIR_REFERENCE and found.dir_reference is not None:
        yield "category", 1, "a reference to the DIR data follows"
        yield "DIR", 1, f"DIR data reference {found.dir_reference:02X}"
    else:
        yield "historical", len(raw), _of_no_known_form(found)


def _adds_up(found: HistoricalBytes, others: int) -> bool:
    """Whether the objects, besides that many ``others``, are all of the bytes."""
    return sum(1 + len(item.value) for item in found.objects) + others == len(found.raw)


def _objects(found: HistoricalBytes) -> Iterator[Explained]:
    seen: set[int] = set()
    for item in found.objects:
        name = _OBJECTS.get(item.tag, "object of the card's own")
        said = "" if item.tag in seen else _said(found, item.tag)  # the first one counts
        said = said or _as_text(item.value)
        seen.add(item.tag)
        yield f"tag {item.tag:X}", 1 + len(item.value), f"{name}: {said}" if said else name


def _said(found: HistoricalBytes, tag: int) -> str:
    if tag == SERVICE_DATA and found.service_data is not None:
        return _service_data(found.service_data)
    if tag == CAPABILITIES and found.capabilities is not None:
        return _capabilities(found.capabilities)
    if tag == STATUS_INDICATOR and found.category == COMPACT_TLV:
        return _status(found.status)
    return ""


def _service_data(data: CardServiceData) -> str:
    """Table 85."""
    ways = [
        name for name, there in (("full", data.select_by_full_name), ("partial", data.select_by_partial_name)) if there
    ]
    places = [name for name, there in (("DIR", data.objects_in_dir), ("ATR", data.objects_in_atr)) if there]
    said = [f"applications are selected by {' and '.join(ways)} DF name"] if ways else []
    said += (
        [f"data objects in EF.{' and EF.'.join(places)}, read by {data.read_by or 'a reserved way'}"] if places else []
    )
    return "; ".join([*said, "card with MF" if data.has_mf else "card without MF"])


def _capabilities(found: CardCapabilities) -> str:
    """Tables 86 to 88."""
    ways = [text for name, text in _SELECTION.items() if getattr(found.selection, name)]
    said = [f"DFs are selected by {', '.join(ways)}"] if ways else ["no way of selecting DFs"]
    if found.selection.short_ef_identifier:
        said.append("short EF identifiers")
    records = [
        text
        for text, there in (
            ("number", found.selection.record_number),
            ("identifier", found.selection.record_identifier),
        )
        if there
    ]
    if records:
        said.append(f"records by {' and '.join(records)}")
    if found.coding is not None:
        size = found.coding.data_unit
        said.append(f"data units of {size // 2 or '1/2'} byte{'' if size <= 2 else 's'}")
        said.append(f"write functions: {found.coding.write}")
        if found.coding.tlv_files:
            said.append("EFs of TLV structure")
    if found.commands is not None:
        said.append("command chaining" if found.commands.command_chaining else "no command chaining")
        said.append("extended length" if found.commands.extended_lengths else "short length only")
        if found.commands.lengths_in_ef_atr:
            said.append("lengths in EF.ATR")
        channels = found.commands.logical_channels
        said.append("1 logical channel" if channels == 1 else f"up to {channels} logical channels")
    return "; ".join(said)


def _status(status: StatusIndicator | None) -> str:
    if status is None:
        return ""
    said = [] if status.life_cycle is None else [f"life cycle {status.life_cycle.value}"]
    said += [] if status.sw is None else [f"status word {status.sw}"]
    return ", ".join(said)


def _of_no_known_form(found: HistoricalBytes) -> str:
    """Bytes that are proprietary, or not of the form that their category promises."""
    if found.category in (STATUS_FOLLOWS, DIR_REFERENCE, COMPACT_TLV):
        return f"category {found.category:02X}, but not of its form"
    text = _as_text(found.raw)
    return f"proprietary: {text}" if text else "proprietary"


def _as_text(raw: bytes) -> str:
    """The bytes in quotes, where all of them are printable."""
    return f'"{raw.decode("ascii")}"' if raw and all(0x20 <= byte < 0x7F for byte in raw) else ""
