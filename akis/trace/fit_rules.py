"""Which rules of secure messaging a recording follows: each plain command protected again must give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, get_args, get_type_hints

from akis.codec.apdu import CHAINED, CommandApdu
from akis.codec.sm_objects import COMMAND_OBJECTS
from akis.errors import CodecError, InvalidArgument, SecureMessagingError
from akis.profile.model import SmRules
from akis.sm.mutual_auth import DeviceKeys
from akis.sm.observer import Observer, SessionKeys
from akis.trace.decrypt import Listener, Opened
from akis.trace.entries import Entry, Exchanged

_NAMES = tuple(field.name for field in fields(SmRules))
_CHAIN = "chain"
_DEFAULTS = SmRules()


@dataclass(frozen=True, slots=True)
class Fit:
    """What a recording says of the rules.

    ``rules`` explains every command but ``unexplained``: of all sets that do, the one nearest to the defaults. The
    fields in ``determined`` have the same value in all of them; those in ``left_open`` have not, which does not mean
    that any combination would do. ``commands`` counts those that were opened. ``unexplained`` has the numbers of the
    first exchange whose command no set explains together with those before it; it is empty where there is none.
    """

    rules: SmRules
    determined: tuple[str, ...]
    left_open: tuple[str, ...]
    commands: int
    unexplained: tuple[int, ...] = ()


def fit(entries: Iterable[Entry], keys: Sequence[DeviceKeys] = (), session: SessionKeys | None = None) -> Fit:
    """The rules that the protected commands of a trace follow, as far as these keys open them."""
    search = _Search()
    for _ in Listener(keys, session, watch=search.see).opened(entries):
        pass
    return search.result()


class _Search:
    """The sets of rules that explain all commands so far. Chaining shows in other ways, and is kept apart."""

    def __init__(self) -> None:
        self._left = _all_rules()
        self._best = SmRules()
        self._chain: str | None = None
        self._commands = 0
        self._unexplained: tuple[int, ...] = ()

    def see(self, observer: Observer, seen: Opened) -> None:
        """A command that was opened; the observer's counter is still that of the command."""
        command = seen.command
        if command is None:
            return
        self._commands += 1
        first = seen.entries[0]
        begun_as_link = isinstance(first, Exchanged) and bool(first.command.raw[0] & CHAINED)
        whole = begun_as_link and not command.cla & CHAINED
        chain = "whole" if whole else "each" if command.cla & CHAINED else self._chain
        explaining = _explaining(observer, command, self._left, whole)
        if not explaining or (self._chain is not None and chain != self._chain):
            self._unexplained = self._unexplained or seen.numbers
        else:
            self._left, self._chain = explaining, chain
            self._best = min(self._left, key=_distance)
        # The next command may then fit at once, and nobody has to look for what is the matter with it.
        observer.rules = self._best

    def result(self) -> Fit:
        rules = self._best if self._chain is None else replace(self._best, chain=self._chain)  # type: ignore[arg-type]
        open_ = [name for name in _NAMES if len({getattr(one, name) for one in self._left}) > 1]
        left_open = tuple(open_ if self._chain is not None else [*open_, _CHAIN])
        determined = tuple(name for name in _NAMES if name not in left_open)
        return Fit(rules, determined, left_open, self._commands, self._unexplained)


def _explaining(
    observer: Observer, command: CommandApdu, candidates: Sequence[SmRules], whole_chain: bool
) -> list[SmRules]:
    """Those of the candidates under which a terminal would have sent this command."""
    try:
        objects = COMMAND_OBJECTS.parse(command.data)
    except CodecError:
        return []
    before = observer.rules
    explaining = []
    plain: dict[str, CommandApdu] = {}
    try:
        for rules in candidates:
            if len(objects.checksum) != rules.mac_length:
                continue
            observer.rules = rules
            if rules.extend not in plain:  # what the length fields outside say of those inside depends on this alone
                plain[rules.extend] = observer.plain_command(command, objects)
            if _same(observer.as_sent(plain[rules.extend], rules), command, whole_chain):
                explaining.append(rules)
    except (InvalidArgument, SecureMessagingError):
        return []
    finally:
        observer.rules = before
    return explaining


def _same(made: CommandApdu, recorded: CommandApdu, whole_chain: bool) -> bool:
    """Whether it is the command that was recorded; cutting it into a chain has changed its length fields."""
    if whole_chain:
        return made.header == recorded.header and made.data == recorded.data
    return made == recorded


def _all_rules() -> list[SmRules]:
    """Every set there is, chaining left at its default."""
    hints = get_type_hints(SmRules)
    values: dict[str, tuple[Any, ...]] = {
        name: (False, True) if hints[name] is bool else get_args(hints[name]) for name in _NAMES if name != _CHAIN
    }
    values["mac_length"] = tuple(range(4, 9))
    return [SmRules(**dict(zip(values, chosen, strict=True))) for chosen in product(*values.values())]


def _distance(rules: SmRules) -> tuple[int, tuple[bool, ...]]:
    """How far from the defaults: in how many fields, and then in which, the first of them being the likelier."""
    differs = tuple(getattr(rules, name) != getattr(_DEFAULTS, name) for name in reversed(_NAMES))
    return sum(differs), differs
