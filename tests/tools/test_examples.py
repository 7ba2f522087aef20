"""Every ``--help`` begins with examples."""

from __future__ import annotations

import pytest

from tools.commands import every_parser

PARSERS = every_parser()


@pytest.mark.parametrize("typed", PARSERS)
def test_examples_come_before_the_options(typed: str) -> None:
    parser = PARSERS[typed]
    text = parser.format_help()
    usage, heading, rest = text.partition("\n\nexamples:\n")
    assert heading
    assert usage.startswith(f"usage: {typed} ")
    assert "options:" not in usage
    examples, _, options = rest.partition("\n\n")
    assert examples.split("\n") == [f"  {line}" for line in parser.examples], "filled, or cut"
    assert options.startswith(("options:", "positional arguments:"))
    assert "example:" not in text
    assert all(typed in line for line in parser.examples)
