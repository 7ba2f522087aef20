"""What the command line and the ini file ask for, made into what the library takes when it is first needed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from akis.card import Card
    from akis.errors import AkisError
    from akis.regress.outcome import Mode, Outcome
    from akis.regress.run import Plan
    from akis.sm.mutual_auth import DeviceKeys
    from akis.transport.base import Transport

EMULATOR = "emulator:"
_RENAMED = {
    "allow-pin-commands": "akis-allow-pin-commands",
    "reader": "akis-reader",
    "rekey": "akis-mode rekey",
    "secret": "akis-secret",
    "sm-keys": "akis-sm-keys",
}
_OPTION = re.compile(rf"--({'|'.join(_RENAMED)})\b")
_ONE_AT_A_TIME = "a real card takes one test at a time; run pytest without -n, or with -n 1"
_ELSEWHERE = re.compile(r"--(accept-puk-risk|allow-last-try)\b")


class Settings:
    """The options of one run of pytest. Nothing is read, and nothing heavy imported, before it is asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._held = ExitStack()
        self._plan: Plan | None = None

    @property
    def hardware(self) -> str | None:
        """The reader whose card may be used in the place of emulated ones."""
        name: str | None = self._config.getoption("akis_hardware")
        return name

    @property
    def reader(self) -> str:
        """Where recorded sessions are played."""
        return str(self._config.getoption("akis_reader") or self.hardware or self._config.getini("akis_reader"))

    @property
    def folders(self) -> list[Path]:
        """The directories whose traces are tests."""
        return [*self._asked_for, *self._config.getini("akis_traces")]

    def whole_folders(self) -> list[Path]:
        """Those that are played whichever files pytest was told to collect.

        The ini file speaks of complete runs, and who names a trace wants that one alone.
        """
        args = [self._absolute(arg.partition("::")[0]) for arg in self._config.args]
        named = [path for path in args if path.suffix == ".jsonl"]
        some = self._config.args_source is pytest.Config.ArgsSource.ARGS
        folders = self._asked_for if some else self.folders
        return [folder for folder in folders if not any(path.is_relative_to(folder) for path in named)]

    def check(self) -> None:
        """Raise :class:`pytest.UsageError` for what can be seen to be wrong before any test."""
        for folder in self.folders:
            if not folder.is_dir():
                raise pytest.UsageError(f"there is no directory {folder} with traces to play")
        if self.hardware is not None and self.hardware.startswith((EMULATOR, "replay:")):
            raise pytest.UsageError("--akis-hardware names a reader; --akis-reader takes emulated cards")
        list(self._serials())
        self._sources()
        if _workers(self._config) > 1 and not (self.hardware is None and self.reader.startswith(EMULATOR)):
            raise pytest.UsageError(_ONE_AT_A_TIME)

    def play(self, path: Path, reader: str | None = None, mode: Mode | None = None) -> Outcome:
        """Play the trace or log at ``path``; raises :class:`akis.errors.AkisError` for what keeps it from being tried.

        A card that is not emulated is asked for its serial number first.
        """
        from akis.regress.run import replay_file

        plan = self._whole_plan()
        plan = replace(plan, reader=reader or plan.reader, mode=mode or plan.mode)
        name = self.admitted(plan.reader or "")
        # Looked at once more on the way that is played over: the card may have been changed for another.
        return replay_file(path, replace(plan, reader=name, check=lambda way: self._admit(_on(way), name)))

    def admitted(self, reader: str) -> str:
        """The full name of ``reader``; :class:`akis.errors.PolicyRefused` unless its card is emulated or allowed."""
        if reader.startswith(EMULATOR):
            return reader
        card, name = self.open_hardware(reader)
        card.close()
        return name

    def open_hardware(self, reader: str) -> tuple[Card, str]:
        """The card in ``reader`` and the reader's full name. Only the command for its serial number was sent.

        :class:`akis.errors.PolicyRefused` where that is on no list.
        """
        from akis.connect import connect
        from akis.errors import PolicyRefused

        if getattr(self._config, "workerinput", {}).get("workercount", 1) > 1:
            raise PolicyRefused(_ONE_AT_A_TIME)
        connection = connect(reader)
        card = connection.card()
        try:
            self._admit(card, connection.name)
        except BaseException:
            card.close()
            raise
        return card, connection.name

    def _admit(self, card: Card, name: str) -> None:
        from akis.errors import PolicyRefused

        serial = card.serial()
        if serial not in self._serials():
            text = serial.hex().upper()
            raise PolicyRefused(
                f"the card in {name} has serial number {text}, which is not one that tests may use; "
                f"nothing else was sent. --akis-serial {text}, or akis_serials in the ini file, allows it"
            )

    def keys(self) -> Sequence[DeviceKeys]:
        """The device keys of recorded secure sessions that were given."""
        return self._whole_plan().keys

    def close(self) -> None:
        """Wipe secrets and keys."""
        self._plan = None
        self._held.close()

    @property
    def _asked_for(self) -> list[Path]:
        return [self._absolute(name) for name in self._config.getoption("akis_traces")]

    def _absolute(self, name: str) -> Path:
        return Path(os.path.abspath(self._config.invocation_params.dir / name))  # noqa: PTH100  links stay

    def _serials(self) -> Iterator[bytes]:
        for text in [*self._config.getoption("akis_serial"), *self._config.getini("akis_serials")]:
            try:
                yield bytes.fromhex(text)
            except ValueError:
                raise pytest.UsageError(f"a serial number is bytes in hex, not {text!r}") from None

    def _sources(self) -> dict[str, str]:
        """The source of each slot's value."""
        sources = {}
        for text in self._config.getoption("akis_secret"):
            slot, _, source = text.partition("=")
            if not slot or not source:
                raise pytest.UsageError("--akis-secret has a slot and where its value comes from, as in pin=env:NAME")
            sources[slot] = source
        return sources

    def _whole_plan(self) -> Plan:
        if self._plan is None:
            from akis.regress.run import Permissions, Plan
            from akis.sources.keys import read_keys
            from akis.sources.secrets import read_secret

            option = self._config.getoption
            secrets = {
                slot: self._held.enter_context(read_secret(source, f"slot {slot}"))
                for slot, source in self._sources().items()
            }
            keys = [self._held.enter_context(read_keys(source)).device for source in option("akis_sm_keys")]
            allowed = Permissions(pin_commands=option("akis_allow_pin_commands"))
            self._plan = Plan(self.reader, option("akis_mode"), secrets, keys, permissions=allowed)
        return self._plan


def _on(way: Transport) -> Card:
    from akis.card import Card
    from akis.profile.load import DEFAULT, load
    from akis.transport.chaining import ChainingTransport
    from akis.transport.get_response import GetResponseTransport

    return Card(ChainingTransport(GetResponseTransport(way)), load(DEFAULT))


def in_words_of_pytest(text: str) -> str:
    """A sentence of the library with the options as they are called here."""
    text = _OPTION.sub(lambda found: f"--{_RENAMED[found[1]]}", text)
    return _ELSEWHERE.sub(r"--\1 of `akis replay`", text)


def to_raise(error: AkisError) -> AkisError:
    """The error in these words, without its way through the library, which says nothing to whoever wrote the test."""
    fresh = copy(error)
    fresh.args = tuple(in_words_of_pytest(part) if isinstance(part, str) else part for part in error.args)
    return fresh


def _workers(config: pytest.Config) -> int:
    """How many processes pytest-xdist runs tests in; 1 where it is not there, or this is one of them."""
    if config.getoption("dist", "no") == "no":
        return 1
    counts = [spec.partition("*")[0] for spec in config.getoption("tx", None) or ()]
    return sum(int(count) if count.isdigit() else 1 for count in counts)
