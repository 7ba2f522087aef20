"""Many unlocks at once, on PostgreSQL, with two workers: none is lost and none is done twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from akis.authority.bench.clients import Clients, Place
from akis.authority.bench.people import bench_card, bring_in_bench, new_pin
from akis.authority.store.migrate import migrate
from akis.authority.store.store import Store
from tests.postgres import PostgresServer
from tests.unlock.load.pairs import unlock_twice
from tests.unlock.load.serving import Service, serving, until

WORKERS = 2
PROCESSES = 4
UNLOCKS, PAIRS = 200, 50
DEAR = 10
"""So many holders have a web password that takes what it takes in earnest; those of the others are hashed cheaply, as
argon2 lets in four at a time, and hundreds would be a test of argon2."""
LINES = [
    ("sign_in", None),
    ("code", None),
    ("redeem", None),
    ("choose_card", None),
    ("second_factor", None),
    ("exchange", "begin"),
    ("exchange", "end"),
    ("report", None),
]
"""What the audit log has of an unlock."""

pytestmark = pytest.mark.slow


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    return postgres.url(postgres.create())


def bring_in(url: str, cheap: int, dear: int = 0) -> int:
    """Holders and cards; returns how many imports that were."""
    store = Store(url)
    migrate(store)
    bring_in_bench(store, range(cheap), cheap_passwords=True)
    if dear:
        bring_in_bench(store, range(cheap, cheap + dear))
    store.close()
    return 1 + bool(dear)


def check_nothing_went_wrong(service: Service) -> None:
    """No answer of the 500s, and no line that is a warning."""
    statuses = {name[3] for name in service.figures() if name[0] == "akis_requests_total"}
    assert statuses == {"200", "201"}
    assert [line for line in service.logged() if line["level"] not in ("debug", "info")] == []


def test_200_unlocks_at_once_are_each_done_once(database: str, tmp_path: Path) -> None:
    imports = bring_in(database, UNLOCKS - DEAR, DEAR)
    with serving(database, tmp_path, WORKERS) as service:
        with Clients(Place(service.url, service.outbox), PROCESSES) as clients:
            unlocked = clients.run(range(UNLOCKS), UNLOCKS).unlocks
        trail = service.trail(imports + len(LINES) * UNLOCKS)

        assert max(one.began for one in unlocked) < min(one.ended for one in unlocked)
        assert {one.number for one in unlocked} == set(range(UNLOCKS))
        assert all(one.right for one in unlocked)
        assert len({new_pin(bench_card(number)).reveal() for number in range(UNLOCKS)}) == UNLOCKS

        rows = service.unlocks()
        assert len({row.card_id for row in rows}) == len({row.holder_id for row in rows}) == len(rows) == UNLOCKS
        assert {(row.state, row.outcome, row.reported, row.exchanges) for row in rows} == {
            ("done", "done", "holder_pin", 1)
        }

        by_actor = defaultdict(list)
        for line in trail:
            assert line.outcome == "ok"
            by_actor[line.actor].append((line.event, line.details.get("step")))
        assert len(by_actor.pop("operator")) == imports
        assert by_actor == {bench_card(number).name: LINES for number in range(UNLOCKS)}

        until(lambda: service.figures()["akis_exchange_seconds_count",] == UNLOCKS)
        figures = service.figures()
        assert figures["akis_exchanges_total", "done"] == UNLOCKS
        for method, path, status in (
            ("POST", "/v1/sign-ins", "201"),
            ("POST", "/v1/codes", "201"),
            ("POST", "/v1/unlocks", "201"),
            ("PUT", "/v1/unlocks/current/card", "200"),
            ("POST", "/v1/unlocks/current/second-factor", "200"),
        ):
            assert figures["akis_requests_total", method, path, status] == UNLOCKS
        check_nothing_went_wrong(service)
        by_worker = service.exchanges_by_worker()
        assert len(by_worker) == WORKERS
        assert all(by_worker)
        assert sum(by_worker) == UNLOCKS


def test_two_unlocks_of_one_card_take_turns_for_50_cards_at_once(database: str, tmp_path: Path) -> None:
    imports = bring_in(database, PAIRS)
    with serving(database, tmp_path, WORKERS) as service:
        with Clients(Place(service.url, service.outbox), PROCESSES, unlock_twice) as clients:
            pairs = clients.run(range(PAIRS), 2 * PAIRS).unlocks
        refused = sum(pair.busy for pair in pairs)
        trail = service.trail(imports + len(LINES) * 2 * PAIRS + refused)

        assert {pair.number for pair in pairs} == set(range(PAIRS))
        assert all(pair.right for pair in pairs)
        assert all(pair.busy for pair in pairs)

        rows = service.unlocks()
        assert Counter(row.card_id for row in rows) == dict.fromkeys({row.card_id for row in rows}, 2)
        assert len(rows) == 2 * PAIRS
        assert {(row.state, row.outcome, row.reported, row.exchanges) for row in rows} == {
            ("done", "done", "holder_pin", 1)
        }

        assert Counter(line.outcome for line in trail)["card_busy"] == refused
        by_card = defaultdict(list)
        for line in trail:
            if line.event == "exchange" and line.outcome == "ok":
                by_card[line.card].append((line.details["step"], line.details["unlock"]))
        assert len(by_card) == PAIRS
        for lines in by_card.values():
            first, second = lines[0][1], lines[2][1]
            assert first != second
            assert lines == [("begin", first), ("end", first), ("begin", second), ("end", second)]

        until(lambda: service.figures()["akis_exchange_seconds_count",] == 2 * PAIRS)
        figures = service.figures()
        assert figures["akis_exchanges_total", "done"] == 2 * PAIRS
        assert figures["akis_exchanges_total", "card_busy"] == refused
        check_nothing_went_wrong(service)
