"""What exchanges look like on a terminal: plain and wire, a name for every field, in 80 columns or more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.model import CardProfile
from akis.trace.annotate import Field, answer_fields, command_fields, command_name
from akis.trace.model import Exchange
from akis.trace.redact import HIDDEN, answer_text, command_text

# Eighty columns: an indent of twelve, a name such as DO'BF8101', ten bytes of hex, and what they mean.
_NAME_WIDTH, _BYTES_WIDTH = 10, 29
_SHOWN_WHOLE, _SHOWN_BEGINNING = 20, 6
_TO_CARD, _FROM_CARD = "→", "←"


class _Console(Console):
    """A console that leaves a broken pipe to whoever runs it."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Unpadded:
    """Lines without the spaces that fill up the last column, which a pipe would carry on."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self._inner, options, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            yield from line
            yield Segment.line()


# What blocks of a trace look like; a block says everything without colours too.
_HEADING = r"(?m)^[ ~!X] +\d+  .*$"
_COLOURS = (
    (_HEADING, "bold"),
    (r"(?m)^(?:! +\d+|   X) .*$", "bold red"),
    (r"(?m)^X +\d+ .*$", "bold red"),
    (r"(?m)^~ +\d+ .*$", "yellow"),
    (r"(?m)^---- .*$", "bold cyan"),
    (r"(?m)^   → ", "yellow"),
    (r"(?m)^   ← ", "magenta"),
    (r"(?m)^        +(?:[A-Z][A-Za-z0-9]*|DO'[0-9A-F]+'|data|token|serial|historical)(?= )", "dim"),
    (re.escape(HIDDEN), "red"),
)


def paint(blocks: Callable[[int], Iterable[str]]) -> None:
    """Print the blocks of a trace, made for the width of the terminal, in colours where it has them."""
    console = _Console(highlight=False, soft_wrap=True)
    for block in blocks(console.width):
        text = Text(block)
        for pattern, style in _COLOURS:
            text.highlight_regex(pattern, style)
        console.print(text)


class Screen:
    """Prints exchanges one after the other; coloured on a terminal, plain text elsewhere, ``NO_COLOR`` respected."""

    def __init__(self, profile: CardProfile) -> None:
        self._console: Console = _Console(highlight=False, soft_wrap=False)
        self._profile = profile
        self._count = 0

    @property
    def console(self) -> Console:
        """Where it prints, for whatever comes between exchanges."""
        return self._console

    def title(self, text: str) -> None:
        """The heading of it all."""
        self._console.print(Text(text, style="bold"))

    def text(self, text: str) -> None:
        """A line of prose."""
        self._console.print(Text(text))

    def act(self, text: str) -> None:
        """The heading of a part."""
        self._console.print()
        self._console.print(Text(text, style="bold cyan"))
        self._console.print(Rule(style="cyan"))

    def exchange(self, exchange: Exchange) -> None:
        """One exchange: what is said in plain, what goes over the wire, what comes back."""
        self._count += 1
        heading = Text.assemble((f"{self._count:2}  ", "dim"), (command_name(exchange.plain_command), "bold"))
        if exchange.protected:
            heading.append("  inside secure messaging", style="green")
        self._console.print()
        self._console.print(heading)
        if exchange.protected:
            self._command("plain", exchange.plain_command, dim_fields=False)
            self._command("wire", exchange.command, dim_fields=True)
            if exchange.answer is not None:
                self._answer("wire", exchange.answer, exchange.command, dim_fields=True)
        else:
            self._command("plain", exchange.command, dim_fields=False)
        if exchange.plain_answer is not None:
            self._answer("plain", exchange.plain_answer, exchange.plain_command, dim_fields=False)
        if exchange.error is not None:
            self._console.print(_Unpadded(Padding(Text(exchange.error, style="bold red"), (0, 0, 0, 4))))

    def counters(self, name: str, before: int | None, after: int | None) -> None:
        """The tries of a PIN or PUK before and after."""
        line = Text(f"    {name}: ") + _tries(before) + Text(" → ") + _tries(after) + Text(" tries left")
        self._console.print(line)

    def done(self, text: str) -> None:
        """The good end."""
        self._console.print()
        self._console.print(Text(text, style="bold green"))

    def _command(self, kind: str, command: CommandApdu, dim_fields: bool) -> None:
        raw = command_text(command.to_bytes(), self._profile)
        self._block(_TO_CARD, kind, raw, command_fields(command, self._profile), dim_fields)

    def _answer(self, kind: str, answer: ResponseApdu, command: CommandApdu, dim_fields: bool) -> None:
        raw = answer_text(answer, command)
        self._block(_FROM_CARD, kind, raw, answer_fields(answer, command, self._profile), dim_fields)

    def _block(self, arrow: str, kind: str, raw: str, fields: list[Field], dim_fields: bool) -> None:
        """The bytes in a row, and beneath them a line for each field."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=7)
        grid.add_column(overflow="fold")
        style = "yellow" if kind == "plain" else "magenta"
        grid.add_row(Text(f"{arrow} {kind}", style=style), _bytes(raw, "bold"))
        self._console.print(_Unpadded(Padding(grid, (0, 0, 0, 4))))
        table = Table.grid(padding=(0, 1))
        table.add_column(width=_NAME_WIDTH, no_wrap=True)
        table.add_column(width=_BYTES_WIDTH)
        table.add_column()
        for field in fields:
            name, value = Text(field.name, style="dim"), _bytes(_shortened(field.text), "dim" if dim_fields else "")
            table.add_row(name, value, Text(field.meaning))
        self._console.print(_Unpadded(Padding(table, (0, 0, 0, 12))))


def _shortened(text: str) -> str:
    """The beginning of a long field: all its bytes stand in the row above."""
    digits = text.split(" ")
    return text if len(digits) <= _SHOWN_WHOLE else " ".join(digits[:_SHOWN_BEGINNING]) + f" … {len(digits)} bytes"


def _bytes(text: str, style: str) -> Text:
    styled = Text(text, style=style)
    styled.highlight_words([HIDDEN], "red")
    return styled


def _tries(number: int | None) -> Text:
    if number is None:
        return Text("unknown", style="yellow")
    return Text(str(number), style="red" if number == 0 else "green")
