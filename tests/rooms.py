"""Reads every import of ``akis/`` and ``tools/`` and tells which ones break the order of the house.

The rooms of ``akis/``, in order: a file imports from rooms before its own and, without a cycle, from its own; rooms
joined by a comma do not know each other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

ORDER = (
    "status · errors · secret · codec · profile · commands, sm, pkcs15 · conversation · trace · transport · card"
    " · keypad · pin, files · signer, probe, doctor, report · emulator · connect, sources · regress"
    " · unlock, pytest_plugin · authority"
)
STOREY = {room: storey for storey, rooms in enumerate(ORDER.split(" · ")) for room in rooms.split(", ")}

PYSCARD = (
    "akis/transport/pcsc.py",
    "akis/transport/pcsc_codes.py",
    "akis/transport/keypad.py",
    "akis/emulator/pyscard_slot.py",
    "akis/emulator/pyscard_service.py",
)
"""The files that import pyscard: two to use readers, one to find their keypads, two to be a reader."""

SERVICE = "authority"
"""The room that runs for months with nobody looking, and therefore has a logger."""

TOOLS = "akis.tools"
"""What ``tools/`` is called once it is installed."""


@dataclass(frozen=True)
class Source:
    """One Python file, by its path in the tree and by the name it is imported under."""

    path: str
    module: str
    tree: ast.Module

    @property
    def is_tool(self) -> bool:
        return is_within(self.module, TOOLS)

    @property
    def package(self) -> str:
        """What the dots of its relative imports start from."""
        return self.module if self.path.endswith("/__init__.py") else self.module.rpartition(".")[0]


@dataclass(frozen=True)
class Import:
    """One import: of ``target``, a full dotted name, by ``source``; ``relative`` when it was written with dots."""

    source: Source
    line: int
    target: str
    relative: bool

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line} imports {self.target}"


def complaints(root: Path) -> list[str]:
    """Everything in the tree at ``root`` that breaks the order; an empty list when it is kept."""
    sources = [read(root, path) for folder in ("akis", "tools") for path in sorted((root / folder).rglob("*.py"))]
    modules = {source.module for source in sources}
    imports = [found for source in sources for found in imports_of(source, modules)]
    return [
        *homeless(sources),
        *(f"{found}: {why}" for found in imports if (why := objection(found))),
        *cycles(imports),
        *(f"{source.path}:{line} prints" for source in sources if not source.is_tool for line in prints(source.tree)),
    ]


def read(root: Path, path: Path) -> Source:
    relative = path.relative_to(root)
    parts = relative.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = f"akis.{name}" if parts[0] == "tools" else name
    return Source(relative.as_posix(), module, ast.parse(path.read_text(encoding="utf-8")))


def imports_of(source: Source, modules: set[str]) -> Iterator[Import]:
    """The imports of a file, wherever in it they stand; ``modules`` tells a submodule from a name inside a module."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield Import(source, node.lineno, alias.name, relative=False)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                origin = resolve_name("." * level + (module or ""), source.package)
                for alias in aliases:
                    full = f"{origin}.{alias.name}"
                    yield Import(source, node.lineno, full if full in modules else origin, relative=level > 0)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield Import(source, node.lineno, resolve_name(name, source.package), relative=name.startswith("."))


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def room_of(module: str) -> str:
    """``"codec"`` for ``akis.codec.apdu``; nothing for ``akis`` itself."""
    return module.split(".")[1] if "." in module else ""


def homeless(sources: Sequence[Source]) -> Iterator[str]:
    """Files in a room that the order does not name."""
    for source in sources:
        room = room_of(source.module)
        if room and not source.is_tool and room not in STOREY:
            yield f"{source.path}: the order has no room {room}"


def objection(found: Import) -> str | None:
    """Why this import is not allowed, or None when it is."""
    if is_within(found.target, "tools"):
        return f"the package is called {TOOLS}"
    if found.source.is_tool and found.relative != is_within(found.target, TOOLS):
        return "tools are relative to each other, and to nothing else"
    if is_within(found.target, "akis"):
        return None if found.source.is_tool else objection_to_room(found)
    return objection_to_stranger(found)


def objection_to_room(found: Import) -> str | None:
    if is_within(found.target, TOOLS):
        return "nothing outside tools imports them"
    if found.source.module == "akis":
        return "akis/__init__.py imports nothing of ours"
    mine, theirs = room_of(found.source.module), room_of(found.target)
    if theirs in ("", mine) or mine not in STOREY:
        return None
    if theirs not in STOREY:
        return f"the order has no room {theirs}"
    if STOREY[theirs] == STOREY[mine]:
        return f"{mine} and {theirs} do not know each other"
    return f"{theirs} comes after {mine}" if STOREY[theirs] > STOREY[mine] else None


def objection_to_stranger(found: Import) -> str | None:
    """Some packages of others are allowed in few places only, and the library has no command line."""
    source = found.source
    room = room_of(source.module)
    match found.target.partition(".")[0]:
        case "construct" if room != "codec":
            return "construct stays inside akis/codec"
        case "asn1crypto" if room != "pkcs15":
            return "asn1crypto stays inside akis/pkcs15"
        case "smartcard" if source.path not in PYSCARD:
            return f"smartcard stays inside {' and '.join(PYSCARD)}"
        case "cryptography" if not source.is_tool and not may_encrypt(room):
            return "beneath and in transport, only sm and pkcs15 import cryptography"
        case "argparse" if not source.is_tool:
            return "the library parses no arguments"
        case "logging" if not source.is_tool and room != SERVICE:
            return f"nothing but the {SERVICE} has a logger"
    return None


def may_encrypt(room: str) -> bool:
    return room in ("sm", "pkcs15") or STOREY.get(room, -1) > STOREY["transport"]


def cycles(imports: Sequence[Import]) -> Iterator[str]:
    """The first cycle of files of one room, if there is any; between rooms their order leaves no place for one."""
    graph: TopologicalSorter[str] = TopologicalSorter()
    for found in imports:
        mine, theirs = found.source.module, found.target
        if is_within(theirs, "akis") and room_of(mine) == room_of(theirs):
            graph.add(mine, theirs)
    try:
        graph.prepare()
    except CycleError as error:
        yield "a cycle of imports: " + " < ".join(error.args[1])


def prints(tree: ast.Module) -> Iterator[int]:
    """The lines that print, or hold on to what prints."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="print") | ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr"):
                yield node.lineno
