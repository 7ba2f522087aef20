"""Records the trace corpus, ``vectors/traces``: ``python -m tools.make_traces``.

Every session is played to an emulated card, with random numbers from fixed seeds and a clock that moves on the same way
each time, so the files come out byte for byte the same: where they do not, driver, card or trace do something otherwise
than before. Sessions through PC/SC (``--through-pcsc``) have the times of a real clock.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from akis.errors import AkisError

from .exit_codes import exit_code
from .tell import tell

if TYPE_CHECKING:
    from .corpus.driver import Session

_DIRECTORY = "vectors/traces"
_PORT = 35963


def main(argv: Sequence[str] | None = None) -> int:
    """Record what ``argv`` asks for, by default the arguments of this process; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_traces", description="Record the trace corpus anew.")
    parser.add_argument("directory", metavar="DIR", nargs="?", default=_DIRECTORY, help=f"default: {_DIRECTORY}")
    parser.add_argument("--real-time", action="store_true", help="times of a real clock, so that no two runs are alike")
    parser.add_argument(
        "--through-pcsc", action="store_true", help="record the sessions through PC/SC instead; pcscd has to run"
    )
    parser.add_argument(
        "--port", type=int, default=_PORT, help=f"where the virtual reader waits for its card; default: {_PORT}"
    )
    args = parser.parse_args(argv)
    directory = Path(args.directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        made = make_through_pcsc(directory, args.port) if args.through_pcsc else make(directory, args.real_time)
    except AkisError as error:
        tell(f"make_traces: {error}")
        return exit_code(error)
    except OSError as error:
        tell(f"make_traces: {directory} cannot be written: {error.strerror}")
        return exit_code(error)
    print(f"{len(made)} traces are in {directory}")
    return 0


def make(directory: Path, real_time: bool = False) -> list[Path]:
    """Record every session with an emulated card of this process; returns the files."""
    from .corpus.recording import Times, record

    made = []
    for session in sessions():
        made.append(directory / f"{session.name}.jsonl")
        times = Times(datetime.now(UTC), time.perf_counter_ns) if real_time else Times()
        record(session, made[-1], times)
    return made


def make_through_pcsc(directory: Path, port: int = _PORT) -> list[Path]:
    """Record the sessions through PC/SC, their cards in the virtual reader at ``port``; returns the files."""
    from .corpus.recording import Times
    from .corpus.through_pcsc import SESSIONS, record_through_pcsc

    made = []
    for session in SESSIONS:
        made.append(directory / f"{session.name}.jsonl")
        record_through_pcsc(session, made[-1], port, Times(datetime.now(UTC), time.perf_counter_ns))
    return made


def sessions() -> list[Session]:
    """Every session that needs no PC/SC."""
    from .corpus import authentication, issuer, pin, plain, puk, secure_messaging, trouble

    return [
        session
        for module in (pin, puk, plain, authentication, issuer, secure_messaging, trouble)
        for session in module.SESSIONS
    ]


if __name__ == "__main__":
    sys.exit(main())
