"""The figures: what happened, how often, how long, and what it took of the processor."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from akis.authority.http import metrics as module
from akis.authority.http.environment import FIGURES
from akis.authority.http.metrics import Metrics
from akis.unlock.holds import Holds
from akis.unlock.messages import Done, Report
from tests.akis.authority.http.served import Served, bearer, new_card, until
from tests.leaks import silent


def figures(page: str) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def asked(authority: Served) -> dict[tuple[str, ...], float]:
    answer = authority.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return figures(answer.text)


def test_requests_count_by_route_and_status(authority: Served) -> None:
    authority.http.get("/healthz")
    authority.http.get("/one-path")
    authority.http.get("/another-path")
    authority.http.request("BREW", "/healthz")
    authority.http.post("/v1/codes", headers=bearer("x"))
    found = asked(authority)
    assert found["akis_requests_total", "GET", "/healthz", "200"] == 1
    assert found["akis_requests_total", "GET", "elsewhere", "404"] == 2
    assert found["akis_requests_total", "other", "/healthz", "405"] == 1
    assert found["akis_requests_total", "POST", "/v1/codes", "401"] == 1
    assert found["akis_request_seconds_count", "/healthz"] == 2


def test_exchanges_count_by_outcome_and_while_they_go_on(authority: Served) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        exchange.receive()
        assert asked(authority)["akis_unlocks_in_progress",] == 1
        exchange.send("nonsense")
        exchange.receive()
    with authority.exchange(authority.confirmed()) as exchange:
        done = exchange.carry(new_card())
        assert isinstance(done, Done)
        exchange.send(Report(done.n, Holds.HOLDER_PIN))
    with authority.exchange("x") as exchange:
        exchange.receive()
    until(lambda: asked(authority)["akis_unlocks_in_progress",] == 0)
    found = asked(authority)
    for outcome in ("out_of_order", "done", "unlock_over"):
        assert found["akis_exchanges_total", outcome] == 1
    assert found["akis_exchange_seconds_count",] == 2


def test_the_processor_time_of_the_parts_is_within_that_of_all(authority: Served) -> None:
    authority.confirmed()
    found = asked(authority)
    parts = [found["akis_cpu_seconds_total", part] for part in ("cryptography", "storage")]
    assert all(part > 0 for part in parts)
    assert sum(parts) < found["akis_cpu_seconds_total", "process"]


def test_nobody_is_named(authority: Served) -> None:
    authority.confirmed()
    page = authority.http.get("/metrics").text
    silent(page, [*authority.secrets, "mehmet"])
    assert authority.unlock().id not in page


def test_processor_time_adds_up_from_what_was_spent_since() -> None:
    spent, clock = {"storage": 1.0}, iter([2.0, 5.0])
    made = Metrics(lambda: spent, lambda: next(clock))
    assert figures(made.page().decode())["akis_cpu_seconds_total", "process"] == 2
    spent["storage"] = 1.5
    found = figures(made.page().decode())
    assert (found["akis_cpu_seconds_total", "process"], found["akis_cpu_seconds_total", "storage"]) == (5, 1.5)


def test_what_a_dead_worker_had_going_on_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FIGURES, str(tmp_path))
    monkeypatch.setattr(module, "_is_alive", lambda process: process != 111)
    for name in ("gauge_livesum_111.db", "gauge_livesum_222.db", "counter_111.db"):
        (tmp_path / name).touch()
    Metrics(dict)
    assert {path.name for path in tmp_path.iterdir()} == {"gauge_livesum_222.db", "counter_111.db"}
