"""The card's non-volatile memory: what survives a power cut, and when it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from akis.emulator.contents import FileEntry
from akis.emulator.personality import LENGTHS, Dialect, Personality, State
from akis.emulator.saved_files import files_from_table, files_to_table
from akis.errors import InvalidArgument, ProfileError

PIN = 0x81
PUK = 0x82
ADMINISTRATION, OPERATION, DEATH = 0xA0, 0xA5, 0xAA
_FORMAT = "akis-card"
_VERSION = 1


@dataclass(slots=True, repr=False)
class ReferenceData:
    """One PIN or PUK: its value, the tries it has and has left.

    ``state`` is "unset" (no value yet), "transport" (set by the issuer, good for one change) or "active".
    """

    value: bytes
    state: Literal["unset", "transport", "active"]
    tries: int
    left: int

    @property
    def blocked(self) -> bool:
        """Whether the counter is at zero."""
        return self.left == 0

    def __repr__(self) -> str:
        return f"ReferenceData({self.state}, {self.left} of {self.tries} left)"


class Memory:
    """PIN, PUK, life cycle and files. ``commit`` is called at each write, before the card goes on.

    A callback that raises there is a power cut: what was written before stays written. ``files`` is None as long as
    they are those of the personality; ``dialect`` says what PIN and PUK may look like.
    """

    def __init__(
        self,
        pin: ReferenceData,
        puk: ReferenceData,
        life_cycle: int = OPERATION,
        files: tuple[FileEntry, ...] | None = None,
        dialect: Dialect = "2.x",
    ) -> None:
        self.references = {PIN: pin, PUK: puk}
        self.life_cycle = life_cycle
        self.files = files
        self.dialect: Dialect = dialect
        self.on_commit: Callable[[Memory], None] | None = None

    @classmethod
    def new(cls, personality: Personality, state: State = "") -> Memory:
        """The memory of an unused card, or of one in the state ``new``, ``blocked``, ``last-try`` or ``dead``."""
        pin = ReferenceData(personality.pin.encode("ascii"), "active", personality.tries, personality.tries)
        puk = ReferenceData(personality.puk.encode("ascii"), "active", personality.tries, personality.tries)
        if not personality.application:
            if state not in ("", "dead"):
                raise InvalidArgument(f"the card {personality.name} has no PIN, so there is none that is {state}")
            pin.state = puk.state = "unset"
        phase = OPERATION if personality.life_cycle == "operation" else ADMINISTRATION
        memory = cls(pin, puk, phase, dialect=personality.dialect)
        if state == "new":
            pin.value, pin.state = b"", "unset"
        elif state == "blocked":
            pin.left = 0
        elif state == "last-try":
            pin.left = 1
        elif state == "dead":
            puk.left, memory.life_cycle = 0, DEATH
        elif state:
            raise InvalidArgument("no such card state; there are new, blocked, last-try, dead")
        return memory

    @property
    def dead(self) -> bool:
        """Whether three wrong PUKs have destroyed the card."""
        return self.life_cycle == DEATH

    def commit(self) -> None:
        """Write down what has changed so far."""
        if self.on_commit is not None:
            self.on_commit(self)

    def save(self) -> bytes:
        """The memory as bytes, PIN and PUK in it as in a card's own: keep it as secret as the card."""
        references = {
            f"{reference:02X}": {"value": data.value.hex(), "state": data.state, "tries": data.tries, "left": data.left}
            for reference, data in self.references.items()
        }
        table: dict[str, Any] = {_FORMAT: _VERSION, "life_cycle": self.life_cycle, "references": references}
        if self.dialect != "2.x":
            table["dialect"] = self.dialect
        if self.files is not None:
            table["files"] = files_to_table(self.files)
        return json.dumps(table).encode("ascii")

    @classmethod
    def restore(cls, saved: bytes) -> Memory:
        """A memory from what :meth:`save` gave; :class:`ProfileError` where it is anything else."""
        try:
            return cls._from_table(json.loads(saved))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            problem = type(error).__name__
        # Raised out here, because a JSON error holds the whole text, PIN and PUK in it.
        raise ProfileError(f"not a saved card, or a damaged one ({problem})")

    @classmethod
    def _from_table(cls, table: Any) -> Memory:
        version, life_cycle = _number(table[_FORMAT]), _number(table["life_cycle"])
        if version != _VERSION:
            raise ProfileError(f"the saved card has another format version, this library reads {_VERSION}")
        if life_cycle not in (ADMINISTRATION, OPERATION, DEATH):
            raise ValueError("no such life cycle")
        dialect = table.get("dialect", "2.x")
        lengths = zip((PIN, PUK), LENGTHS[dialect], strict=True)
        pin, puk = (cls._reference(table["references"][f"{name:02X}"], allowed) for name, allowed in lengths)
        files = files_from_table(table["files"]) if "files" in table else None
        return cls(pin, puk, life_cycle, files, dialect)

    @staticmethod
    def _reference(table: dict[str, Any], lengths: range) -> ReferenceData:
        value, state = bytes.fromhex(table["value"]), table["state"]
        tries, left = _number(table["tries"]), _number(table["left"])
        if state not in ("unset", "transport", "active") or not 0 <= left <= tries <= 15:
            raise ValueError("counter or state out of range")
        sound = not value if state == "unset" else len(value) in lengths and value.isdigit()
        if not sound:
            raise ValueError("value of another format")
        return ReferenceData(value, state, tries, left)


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError("not a number")
    return value
