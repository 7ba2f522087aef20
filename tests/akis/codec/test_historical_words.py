"""Historical bytes in words: what each form says, and that no byte is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.historical import HistoricalBytes
from akis.codec.historical_words import explain_historical


def said(text: str) -> list[tuple[str, int, str]]:
    return list(explain_historical(HistoricalBytes.from_bytes(bytes.fromhex(text))))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", []),
        ("55454B41452056312E30", [("historical", 10, 'proprietary: "UEKAE V1.0"')]),
        ("5500", [("historical", 2, "proprietary")]),
        ("1005", [("category", 1, "a reference to the DIR data follows"), ("DIR", 1, "DIR data reference 05")]),
        ("100506", [("historical", 3, "category 10, but not of its form")]),
        ("80", [("category", 1, "COMPACT-TLV objects follow")]),
        ("8073F6", [("historical", 3, "category 80, but not of its form")]),
        ("009000", [("historical", 3, "category 00, but not of its form")]),
        (
            "00059000",
            [
                ("category", 1, "COMPACT-TLV objects follow, then a status indicator"),
                ("status", 3, "life cycle operational, activated, status word 9000"),
            ],
        ),
    ],
)
def test_forms(text: str, fields: list[tuple[str, int, str]]) -> None:
    assert said(text) == fields


@pytest.mark.parametrize(
    ("text", "name", "meaning"),
    [
        ("80121792", "tag 1", "country code"),
        ("80524142", "tag 5", "card issuer's data: \"AB\""),
        ("80F3A00001", "tag F", "application identifier"),
        ("8092AB00", "tag 9", "object of the card's own"),
        ("8031B8", "tag 3", "card service data: applications are selected by full DF name; data objects in EF.DIR and "
         "EF.ATR, read by READ BINARY; card with MF"),
        ("803101", "tag 3", "card service data: card without MF"),
        ("803126", "tag 3", "card service data: data objects in EF.DIR, read by a reserved way; card with MF"),
        ("807100", "tag 7", "card capabilities: no way of selecting DFs"),
        ("807108", "tag 7", "card capabilities: DFs are selected by implicit selection"),
        ("8081FF", "tag 8", "status indicator: life cycle proprietary"),
        ("80829000", "tag 8", "status indicator: status word 9000"),
        ("8083 01 9000", "tag 8", "status indicator: life cycle creation, status word 9000"),
    ],
)  # fmt: skip
def test_objects(text: str, name: str, meaning: str) -> None:
    found = {field: words for field, _, words in said(text)}
    assert found[name] == meaning


def test_capabilities_of_all_kinds() -> None:
    (_, (_, _, words)) = said("8073 0784D5")
    assert words == (
        "card capabilities: no way of selecting DFs; short EF identifiers; records by number and identifier; "
        "data units of 8 bytes; write functions: one-time; EFs of TLV structure; command chaining; extended length; "
        "up to 6 logical channels"
    )


def test_of_two_objects_with_one_tag_the_first_counts() -> None:
    assert [words for _, _, words in said("80 8105 8101")][1:] == [
        "status indicator: life cycle operational, activated",
        "status indicator",
    ]


@given(st.binary(max_size=15))
def test_no_byte_is_left_out(raw: bytes) -> None:
    assert sum(length for _, length, _ in explain_historical(HistoricalBytes.from_bytes(raw))) == len(raw)
