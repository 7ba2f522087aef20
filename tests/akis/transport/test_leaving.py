"""Which commands leave a card as the next program may find it."""

from __future__ import annotations

import pytest

from akis.transport.leaving import only_looks


@pytest.mark.parametrize(
    "command",
    ["00A4040C02", "00B0000000", "00B1000000", "00B2010400", "00CA010600", "00CB3FFF00", "0084000008", "00C00000"],
)
def test_looking(command):
    assert only_looks(bytes.fromhex(command))


@pytest.mark.parametrize("ins", sorted(set(range(0x100)) - {0xA4, 0xB0, 0xB1, 0xB2, 0xCA, 0xCB, 0x84, 0xC0}))
def test_everything_else_may_open_something(ins):
    assert not only_looks(bytes((0x00, ins, 0x00, 0x00)))


@pytest.mark.parametrize("cla", [0x04, 0x0C, 0x10, 0x40, 0x80, 0xFF])
def test_in_another_class_it_may_be_another_command(cla):
    assert not only_looks(bytes((cla, 0xA4, 0x00, 0x00)))


def test_what_is_no_command():
    assert not only_looks(b"\x00\xa4")
