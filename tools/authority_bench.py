"""``akis authority bench``: how many unlocks the service does on this machine, and what they take."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from .authority_options import DATABASE, describe
from .tell import tell

if TYPE_CHECKING:
    from akis.authority.bench.figures import Latency
    from akis.authority.bench.measure import Measured

_HELP = """\
Starts an authority with invented holders, lets emulated clients in processes of
their own unlock emulated cards, and tells how fast that went and what took the
processor's time. Everything is on this machine, clients and database as well,
and spoken without TLS. Nothing stays behind."""
_PARTS = {
    "cryptography": "keys of cards, secure messaging, HMACs",
    "storage": "database, as far as it is in the authority's processes",
    "http": "HTTP, WebSocket, JSON, log lines",
    "passwords": "argon2, by what one password takes",
    "rest": "threads and all else",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    describe(parser, _HELP, "akis authority bench --unlocks 500 --at-once 50 --workers 2")
    parser.add_argument("--unlocks", type=int, default=200, metavar="N", help="how many are measured; default: 200")
    parser.add_argument("--at-once", type=int, default=20, metavar="N", help="how many go on at once; default: 20")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer; default: 1")
    empty = DATABASE.partition("; default")[0]
    parser.add_argument(
        "--database", metavar="URL", help=f"an empty database: {empty}; default: SQLite in a temporary file"
    )
    parser.add_argument(
        "--cheap-passwords", action="store_true", help="hash passwords with as little work as can be, to see the rest"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure, and print what came out."""
    from akis.authority.bench.measure import Wanted, measure

    wanted = Wanted(args.unlocks, args.at_once, args.workers, args.database, args.cheap_passwords)
    measured = measure(wanted, told=lambda what: tell(f"{what[0].upper()}{what[1:]} …"))
    print(json.dumps(_as_json(measured), indent=2) if args.json else "\n".join(_table(measured)))
    return 0


def _as_json(measured: Measured) -> dict[str, object]:
    wanted = measured.wanted
    return {
        "schema": 1,
        "machine": asdict(measured.machine),
        "unlocks": wanted.unlocks,
        "at_once": wanted.at_once,
        "workers": wanted.workers,
        "cheap_passwords": wanted.cheap_passwords,
        "warm_up": wanted.warm_up,
        "client_processes": measured.processes,
        "seconds": measured.lasted,
        "unlocks_per_second": measured.rate,
        "unlocks_per_cpu_second": measured.rate_per_core,
        "latency": {"exchange": asdict(measured.exchange), "whole": asdict(measured.whole)},
        "cpu_seconds": {**measured.cpu, "all": sum(measured.cpu.values())},
        "shares": dict(measured.shares),
        "cpu_seconds_per_password": measured.password_cpu,
        "clients_cpu_seconds": measured.clients_cpu,
        "database_cpu_seconds": measured.database_cpu,
    }


def _table(measured: Measured) -> Iterator[str]:
    wanted, machine = measured.wanted, measured.machine
    passwords = "as cheap as can be" if wanted.cheap_passwords else f"{measured.password_cpu * 1000:.0f} ms of CPU each"
    yield f"{machine.cores} cores of {machine.processor}, {machine.system}"
    yield f"Python {machine.python}, {machine.database}, workers: {wanted.workers}, passwords: {passwords}"
    yield f"{wanted.unlocks} unlocks, {wanted.at_once} at once, after {wanted.warm_up} to warm up"
    yield ""
    yield f"{'unlocks a second':28}{measured.rate:10.1f}"
    yield f"{'… of a core for itself':28}{measured.rate_per_core:10.1f}"
    yield ""
    yield f"{'seconds':28}{'median':>10}{'95 %':>10}{'99 %':>10}"
    yield _latency("exchange with the card", measured.exchange)
    yield _latency("from signing in to the end", measured.whole)
    yield ""
    yield f"{'CPU of the authority':28}{'ms each':>10}{'share':>10}"
    for part, seconds in measured.cpu.items():
        share = measured.shares[part]
        yield f"{part:28}{seconds / wanted.unlocks * 1000:10.1f}{share:10.0%}  {_PARTS[part]}"
    yield f"{'all':28}{sum(measured.cpu.values()) / wanted.unlocks * 1000:10.1f}"
    yield ""
    if measured.database_cpu is not None:
        yield f"{'PostgreSQL itself':28}{measured.database_cpu / wanted.unlocks * 1000:10.1f}  not among the above"
    where = f"{measured.processes} process{'es' if measured.processes > 1 else ''}"
    yield f"{'the clients':28}{measured.clients_cpu / wanted.unlocks * 1000:10.1f}  in {where} on the same cores"


def _latency(name: str, latency: Latency) -> str:
    return f"{name:28}{latency.median:10.3f}{latency.p95:10.3f}{latency.p99:10.3f}"
