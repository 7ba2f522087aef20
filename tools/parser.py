"""The parser of every command and action: ``--help`` begins with examples, and no complaint repeats what was typed."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Prints ``examples``, command lines as they are typed, below what the command does and before its options."""

    examples: tuple[str, ...] = ()

    def format_help(self) -> str:
        described, formatter = self.description, self.formatter_class
        if self.examples:
            self.description = "\n".join([f"{described or ''}\n\nexamples:", *(f"  {line}" for line in self.examples)])
            if formatter is argparse.HelpFormatter:
                self.formatter_class = _ExamplesAsTheyAre
        try:
            return super().format_help()
        finally:
            self.description, self.formatter_class = described, formatter

    def error(self, message: str) -> NoReturn:
        # A word that was too many may be a PIN.
        known, separator, _ = message.partition("unrecognized arguments")
        super().error(f"{known}{separator}, see --help" if separator else message)


class _ExamplesAsTheyAre(argparse.HelpFormatter):
    """Fills the description to the width of the terminal, and leaves the lines of the examples below it alone."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        described, heading, examples = text.partition("\n\nexamples:\n")
        return super()._fill_text(described, width, indent) + heading + examples


def add_examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """How the command is called, a line each, the most common use first."""
    if isinstance(parser, Parser):
        parser.examples = lines
