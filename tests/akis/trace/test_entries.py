"""Bytes with masks: their text and back, filled slots, and representations that show no byte."""

from __future__ import annotations

import pytest
from hypothesis import given

from akis.errors import InvalidArgument
from akis.trace.entries import Event, Exchanged, Header, Kept, Wire
from akis.trace.redact import Mask
from tests.akis.trace.trace_lines import wire_values

VERIFY = Wire(bytes.fromhex("00200081 04 00000000"), (Mask(5, 4, "pin"),))


def test_hidden_bytes_are_stars() -> None:
    assert VERIFY.text == "0020008104********"
    assert VERIFY.hides
    assert Wire.from_text("0020008104********", ((5, 4, "pin"),)) == VERIFY


def test_a_mask_that_hides_nothing_only_names() -> None:
    challenge = Wire.from_text("0102030405060708 9000".replace(" ", ""), ((0, 8, "challenge"),))
    assert challenge.masks == (Mask(0, 8, "challenge", hidden=False),)
    assert not challenge.hides
    assert challenge.text == "01020304050607089000"


@given(wire_values())
def test_text_and_masks_make_the_same_again(wire: Wire) -> None:
    assert Wire.from_text(wire.text, tuple((mask.start, mask.length, mask.slot) for mask in wire.masks)) == wire


@pytest.mark.parametrize(
    ("text", "masks", "why"),
    [
        ("0", (), "pairs"),
        ("00 20", (), "pairs"),
        ("0x", (), "pairs"),
        ("００", (), "pairs"),
        ("0020\n", (), "pairs"),
        ("00*0*0", ((1, 2, "pin"),), "pairs"),
        ("00**", (), "lies under no mask"),
        ("00****", ((1, 1, "pin"),), "lies under no mask"),
        ("00**", ((0, 2, "pin"),), "all of its bytes or none"),
        ("0020", ((1, 0, "pin"),), "one after the other"),
        ("0020", ((1, 2, "pin"),), "one after the other"),
        ("0020", ((2, 1, "pin"),), "one after the other"),
        ("002000", ((1, 2, "pin"), (2, 1, "pin")), "one after the other"),
        ("002000", ((2, 1, "pin"), (0, 1, "pin")), "one after the other"),
    ],
)
def test_what_is_no_text_of_bytes(text: str, masks: tuple[tuple[int, int, str], ...], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        Wire.from_text(text, masks)


def test_slots_are_filled() -> None:
    assert VERIFY.filled(lambda mask: b"1234" if mask.slot == "pin" else b"") == bytes.fromhex("0020008104") + b"1234"


@pytest.mark.parametrize("value", [b"", b"123", b"12345"])
def test_a_value_of_another_length_would_move_the_rest(value: bytes) -> None:
    with pytest.raises(InvalidArgument, match="slot pin hides 4 bytes, its value has") as caught:
        VERIFY.filled(lambda mask: value)
    assert "123" not in str(caught.value)


def test_representations_show_no_bytes() -> None:
    kept = Wire(bytes.fromhex("0020008104") + b"1234", (Mask(5, 4, "pin", hidden=False),))
    assert repr(kept) == "Wire(9 bytes, pin 4)"
    assert "1234" not in repr(Exchanged(kept, kept)) + repr(Kept(Header(), (Exchanged(kept, None),)))
    assert "31323334" not in repr(Exchanged(kept, kept)).lower()
    many = Wire(bytes(40), tuple(Mask(2 * at, 1, "pin") for at in range(20)))
    assert repr(many).endswith(", pin 1, …)")


def test_a_trace_in_memory_begins_anew_each_time() -> None:
    kept = Kept(Header(title="two"), (Exchanged(VERIFY, None), Event("reset")))
    assert list(kept.entries()) == list(kept.entries()) == list(kept.kept)
