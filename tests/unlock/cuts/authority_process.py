"""``akis authority serve`` in a process of its own, which is killed and started again on the same database and port."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict
from pathlib import Path

from akis.authority.demo.data import MASTER_KEY
from akis.authority.keys.file import new_master_key_file
from tests.unlock.cuts.issuer import Issuer
from tests.unlock.cuts.processes import Akis


class AuthorityProcess:
    """The service of ``issuer``, its files in ``folder``."""

    def __init__(self, issuer: Issuer, folder: Path) -> None:
        self._folder = folder
        key, config = folder / "master.key", folder / "authority.toml"
        new_master_key_file(key, lambda _: MASTER_KEY)
        rules = "".join(f"{name} = {value}\n" for name, value in asdict(issuer.authority.rules).items())
        outbox = f'sms = "outbox:{folder / "sms.jsonl"}"'
        config.write_text(f'database = "{issuer.database}"\nmaster_key = "{key}"\n{outbox}\n[rules]\n{rules}')
        self._config = config
        self._port = 0
        self._process: Akis | None = None
        self.url = ""

    def __enter__(self) -> AuthorityProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.__exit__()

    def start(self) -> None:
        """Start it, on the port of the last time; returns once it listens."""
        arguments = "authority", "serve", "--json", "--config", str(self._config), "--port", str(self._port)
        self._process = Akis(self._folder / "process", *arguments)
        self._process.__enter__()
        self.url = json.loads(self._process.first_line())["url"]
        self._port = int(self.url.rpartition(":")[2])

    def end(self, number: signal.Signals) -> int:
        """Send it a signal and return its exit code once it has ended."""
        assert self._process is not None
        self._process.kill(number)
        ended = self._process.wait()
        self._process.__exit__()
        self._process = None
        assert "Traceback" not in ended.err, ended.err
        return ended.code

    def again(self, number: signal.Signals) -> None:
        """End it by a signal and start it again."""
        self.end(number)
        self.start()
