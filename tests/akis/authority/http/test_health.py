"""Alive, ready, and what comes where the database or the master key is gone, or something is broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from akis.authority.http import portal
from akis.authority.http.readiness import LASTS, Readiness
from akis.unlock.kinds import Kind
from tests.akis.authority.http.served import HOLDER, Lines, Served
from tests.akis.authority.http.test_refusals import refused
from tests.leaks import silent

WORDS = "the-words-of-an-error-7531"


def test_an_authority_that_is_well(authority: Served) -> None:
    for path in ("/healthz", "/readyz"):
        answer = authority.http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def lose_database(authority: Served) -> None:
    authority.authority.store.close()
    shutil.rmtree(Path(str(authority.authority.store.engine.url.database)).parent)


def test_without_its_database_it_lives_but_is_not_ready(authority: Served, lines: Lines) -> None:
    lose_database(authority)
    assert authority.http.get("/healthz").status_code == 200
    assert "database" in refused(authority.http.get("/readyz"), Kind.NOT_READY)["detail"]
    answer = authority.http.post("/v1/sign-ins", json={"name": HOLDER.name, "password": HOLDER.password})
    assert refused(answer, Kind.NOT_READY)["retry_after"] == 5
    [ready, sign_in] = lines.said("not ready", 2)
    assert ready["part"] == "database"
    assert sign_in["why"].startswith("the database does not answer")
    silent(lines.text, [HOLDER.password])


def test_with_the_tables_of_no_version_it_is_not_ready(authority: Served) -> None:
    store = authority.authority.store
    with store.begin() as session:
        session.connection().exec_driver_sql("DROP TABLE alembic_version")
    assert "tables" in refused(authority.http.get("/readyz"), Kind.NOT_READY)["detail"]


def test_without_its_master_key_it_is_not_ready(authority: Served, lines: Lines) -> None:
    authority.authority.master.close()
    assert "master key" in refused(authority.http.get("/readyz"), Kind.NOT_READY)["detail"]
    assert lines.said("not ready")[0]["error"] == "MasterKeyError"


def test_what_was_found_out_counts_for_a_while(authority: Served, lines: Lines) -> None:
    """Anybody may ask, so asking again and again costs the database and the HSM nothing."""
    moment = 100.0
    readiness = Readiness(lambda: moment)
    assert readiness.complaint(authority.authority) is None
    lose_database(authority)
    assert readiness.complaint(authority.authority) is None
    moment += LASTS
    for _ in range(3):
        assert readiness.complaint(authority.authority) == "the database cannot be used at present"
    assert len(lines.said("not ready")) == 1


def test_while_one_finds_out_others_are_told_what_was_found_last(authority: Served) -> None:
    moment = 100.0
    readiness = Readiness(lambda: moment)
    assert readiness.complaint(authority.authority) is None
    moment += LASTS
    lose_database(authority)
    with readiness._asking:
        assert readiness.complaint(authority.authority) is None
    assert readiness.complaint(authority.authority) is not None


def test_what_nobody_foresaw_is_told_without_its_words(
    authority: Served, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(WORDS)

    monkeypatch.setattr(portal, "sign_in", broken)
    answer = authority.http.post("/v1/sign-ins", json={"name": "a", "password": "b"})
    assert (answer.status_code, answer.json()["kind"]) == (500, "not_ready")
    [line] = lines.said("broken")
    assert line["error"] == "ValueError"
    assert any("broken" in place for place in line["places"])
    assert line["request_id"] == answer.json()["request_id"]
    assert [line["status"] for line in lines.said("request")] == [500]
    silent(lines.text + answer.text, [WORDS])
